import type { CounterName } from '../../twins/machine/machine.events.js'
import { lateWaits } from './interlocks.js'
import type { Turn } from './turn.js'

/** What a counter showed, too late for its machine's twin. */
interface LateCount {
  /** Id. */
  readonly machine: string
  readonly counter: CounterName
  /** What it showed, and when, Unix ms. */
  readonly value: number
  readonly time: number
}

/**
 * What signals of machines told too late for their twins, in one turn: that goes on record, for whoever can look up what
 * was told around it. Each reading of a counter does, also where it stood still: those that do not were read in time.
 */
export class LateTold {
  readonly #turn: Turn
  /** By index of the signal. */
  readonly #values = new Map<number, number>()
  /** Machines of which states and interlocks came out of order, and of when, Unix ms. */
  readonly #waits = new Map<string, { readonly from: number; readonly to: number }>()

  constructor(turn: Turn) {
    this.#turn = turn
  }

  /** Whether a signal says something else than it said late in this turn; remembers it. */
  isNew(signal: number, value: number): boolean {
    if (this.#values.get(signal) === value) return false
    this.#values.set(signal, value)
    return true
  }

  /** A counter was read. */
  counted({ machine, counter, value: total, time: ts }: LateCount): void {
    this.#turn.addRow('production_events', { machine, ts, counter, parts: 0, total, cause: 'late' })
  }

  /**
   * A state came after something that interlocks told of a later time, or what interlocks tell is older than the state:
   * why the machine waited around then is for whoever can look up all that was told.
   */
  waited(machine: string, time: number): void {
    const known = this.#waits.get(machine)
    const span = { from: Math.min(time, known?.from ?? time), to: Math.max(time, known?.to ?? time) }
    this.#waits.set(machine, span)
  }

  /** The turn is over. */
  settle(): void {
    this.#values.clear()
    for (const [machine, { from, to }] of this.#waits) {
      const row = { machine, counter: lateWaits, parts: 0, total: 0, cause: 'late' }
      for (const ts of new Set([from, to])) this.#turn.addRow('production_events', { ...row, ts })
    }
    this.#waits.clear()
  }
}
