import type { PackmlState, SuspendReason } from '../../schema/packml.js'
import { type Interlock, type InterlockMemory, Interlocks } from './interlocks.js'
import type { Observation } from './machine-observer.js'
import type { MachineTwins } from './machine-twins.js'
import type { Turn } from './turn.js'

export interface WaitMemory {
  readonly interlocks: InterlockMemory
  /** The word for its state said why it waits. */
  readonly saidReason: boolean
}

const isWaiting = (state: PackmlState): boolean =>
  state === 'Suspending' || state === 'Suspended' || state === 'Unsuspending'

/** Why machines wait: the word for the state says it, or else the interlocks do, which know nothing of the past. */
export class WaitReasons {
  readonly #machines: MachineTwins
  readonly #turn: Turn
  readonly #interlocks = new Interlocks()
  /** Machines whose word for the state said why they wait. */
  readonly #saidReason = new Set<number>()

  constructor(machines: MachineTwins, turn: Turn) {
    this.#machines = machines
    this.#turn = turn
  }

  /** With the state that the machine was observed in. */
  reasonOf(machine: number, { state, reason }: Observation, isLate: boolean): SuspendReason {
    if (state === undefined || isLate) return reason
    if (reason === 'none') this.#saidReason.delete(machine)
    else this.#saidReason.add(machine)
    return reason === 'none' && isWaiting(state) ? this.#interlocks.reasonOf(machine) : reason
  }

  /** An interlock says something; while the machine waits, that is why. `at`: source time, Unix ms. */
  tell(machine: number, interlock: Interlock, isOn: boolean, at: number): void {
    this.#interlocks.tell(machine, interlock, isOn)
    const before = this.#machines.shown(machine)
    if (before === undefined || this.#saidReason.has(machine)) return
    const reason = this.#interlocks.reasonOf(machine)
    const { state, context } = before
    if (!isWaiting(state) || context.reason === reason) return
    // Tags of one controller may come in any order: the state that the reason belongs to may be the later one.
    const time = Math.max(at, context.stateTime)
    const { newest, sourceState } = context
    this.#machines.send(machine, { type: 'INTERLOCK', reason, time: Math.max(time, newest ?? time) })
    const id = this.#machines.idOf(machine)
    this.#turn.add('stateChanges', {
      machine: id,
      time,
      state,
      mode: '',
      reason,
      sourceState,
      observed: true,
    })
  }

  /** Nobody hears the machine. */
  forget(machine: number): void {
    this.#interlocks.forget(machine)
  }

  remember(machine: number): WaitMemory {
    return { interlocks: this.#interlocks.remember(machine), saidReason: this.#saidReason.has(machine) }
  }

  recall(machine: number, { interlocks, saidReason }: WaitMemory): void {
    for (const [interlock, isOn] of interlocks) this.#interlocks.tell(machine, interlock, isOn)
    if (saidReason) this.#saidReason.add(machine)
    else this.#saidReason.delete(machine)
  }
}
