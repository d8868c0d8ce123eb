import type { SuspendReason } from '../../schema/packml.js'
import type { Signal } from '../../schema/plant.js'

export type Interlock = Exclude<SuspendReason, 'none'>

export type InterlockMemory = readonly (readonly [interlock: Interlock, isOn: boolean])[]

/** Stands in for a counter where it is on record that a machine's waits have to be looked at anew (cause `late`). */
export const lateWaits = 'waits'

/** Which of its machine's interlocks a signal tells (PackTags Status.EquipmentInterlock.Blocked and .Starved). */
export function interlockOf({ role, quantity }: Signal): Interlock | undefined {
  return role === 'status' && (quantity === 'blocked' || quantity === 'starved') ? quantity : undefined
}

/** What the interlock tags of machines say now: why each would wait (TR88.00.02). */
export class Interlocks {
  readonly #on: Readonly<Record<Interlock, Set<number>>> = { blocked: new Set(), starved: new Set() }

  tell(machine: number, interlock: Interlock, isOn: boolean): void {
    if (isOn) this.#on[interlock].add(machine)
    else this.#on[interlock].delete(machine)
  }

  /** A machine that is both waits for what follows: with room behind it, it would still have a part to give. */
  reasonOf(machine: number): SuspendReason {
    if (this.#on.blocked.has(machine)) return 'blocked'
    return this.#on.starved.has(machine) ? 'starved' : 'none'
  }

  remember(machine: number): InterlockMemory {
    const { blocked, starved } = this.#on
    return [
      ['blocked', blocked.has(machine)],
      ['starved', starved.has(machine)],
    ]
  }

  /** Nobody hears the machine: what its tags said before may be true no more. */
  forget(machine: number): void {
    this.#on.blocked.delete(machine)
    this.#on.starved.delete(machine)
  }
}
