import type { Mode } from '../../schema/machine-config.js'
import type { MachineContext } from '../../twins/machine/machine.context.js'
import type { TwinSystem } from '../twin-system/twin-system.js'
import type { RegisteredMachine } from './floor.js'
import type { Turn } from './turn.js'
import { machineAddress } from './twin-kinds.js'

export interface ModeHoldsParts {
  readonly twins: TwinSystem
  readonly turn: Turn
}

export interface Hold {
  /** Unix ms. */
  readonly since: number
  /** The mode to go back to: what the source said last, or the mode of before where it has said nothing since. */
  after: Mode
  /** Of what the source said last, Unix ms. */
  said: number
}

/**
 * Keeps machines in Maintenance while they are worked on that do not tell of it themselves: real ones without a signal
 * for their mode, and simulated ones. A simulation knows nothing of the work and repeats the mode of its own; that is
 * held back, and told when the work ends.
 */
export class ModeHolds {
  readonly #parts: ModeHoldsParts
  /** By machine. */
  readonly #holds = new Map<string, Hold>()

  constructor(parts: ModeHoldsParts) {
    this.#parts = parts
  }

  /** Puts the machine into Maintenance and keeps it there, where PackML lets the mode change; `at`: Unix ms. */
  hold({ machine }: RegisteredMachine, at: number): void {
    if (this.has(machine.id)) return
    const { mode: before } = this.#contextOf(machine.id)
    const time = this.#timeOf(machine.id, at)
    if (before !== 'Maintenance') {
      this.#parts.twins.send(machineAddress(machine.id), { type: 'SET_MODE', mode: 'Maintenance', time })
      if (this.#contextOf(machine.id).mode !== 'Maintenance') return
      this.#record(machine.id, 'Maintenance', time)
    }
    this.#holds.set(machine.id, { since: time, after: before, said: time })
  }

  remember(machine: string): Hold | undefined {
    return this.#holds.get(machine)
  }

  recall(machine: string, hold: Hold | undefined): void {
    if (hold === undefined) this.#holds.delete(machine)
    else this.#holds.set(machine, { ...hold })
  }

  /** A machine that a snapshot brings back in Maintenance. The mode of before is lost; its source will say it again. */
  resume({ machine }: RegisteredMachine): void {
    if (this.#contextOf(machine.id).mode !== 'Maintenance') return
    this.#holds.set(machine.id, { since: 0, after: 'Production', said: 0 })
  }

  has(machine: string): boolean {
    return this.#holds.has(machine)
  }

  /** Whether the machine was kept at `time`; what a source tells late may be of before. */
  covers(machine: string, time: number): boolean {
    const hold = this.#holds.get(machine)
    return hold !== undefined && time >= hold.since
  }

  /** Takes what the source says of the mode. Whether it has to wait for the end of the work. */
  holdsBack(machine: string, mode: Mode, time: number): boolean {
    const hold = this.#holds.get(machine)
    if (hold === undefined) return false
    if (time >= hold.said) {
      hold.after = mode
      hold.said = time
    }
    return true
  }

  /** The work is over: the mode is again the source's, in whatever state the machine is by now. */
  release({ machine }: RegisteredMachine, at: number): void {
    const hold = this.#holds.get(machine.id)
    if (hold === undefined) return
    this.#holds.delete(machine.id)
    if (hold.after === 'Maintenance') return
    const time = this.#timeOf(machine.id, at)
    this.#parts.twins.send(machineAddress(machine.id), { type: 'MODE_OBSERVED', mode: hold.after, time })
    this.#record(machine.id, hold.after, time)
  }

  #contextOf(machine: string): MachineContext {
    const twin = this.#parts.twins.get(machineAddress(machine))!
    return (twin.snapshot as unknown as { context: MachineContext }).context
  }

  /** A twin takes no mode of before what it knows already. */
  #timeOf(machine: string, at: number): number {
    const { newest, modeTime } = this.#contextOf(machine)
    return Math.max(at, newest ?? at, modeTime)
  }

  #record(machine: string, mode: Mode, time: number): void {
    const change = { machine, time, state: '', mode, reason: '', sourceState: '' } as const
    this.#parts.turn.add('stateChanges', { ...change, observed: false })
  }
}
