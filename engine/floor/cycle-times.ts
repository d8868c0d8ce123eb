import type { CountedBy } from '../../twins/machine/counter.js'

/** Parts, or readings of the counter, that make the present cycle time; and those it takes to know one at all. */
const remembered = 8
const enough = 3

interface Gap {
  readonly parts: number
  /** Ms. */
  readonly elapsed: number
}

/** The cycle of one machine: when it counted last, Unix ms (null since a stop), and the gaps before. */
export interface Cycle {
  countedAt: number | null
  gaps: readonly Gap[]
}

/**
 * The present cycle time of machines: the mean of the last parts that were made without a stop in between. Over several,
 * because a counter that is polled tells of a part up to a poll too late.
 */
export class CycleTimes {
  readonly #cycles = new Map<string, Cycle>()

  /** The machine counted `parts`; `time` in Unix ms. */
  counted(machine: string, parts: number, cause: CountedBy, time: number): void {
    const cycle = this.#cycles.get(machine) ?? { countedAt: null, gaps: [] }
    this.#cycles.set(machine, cycle)
    const { countedAt } = cycle
    cycle.countedAt = time
    // After a reset nobody knows when the first of its parts was begun.
    if (countedAt === null || parts <= 0 || cause === 'reset') return
    cycle.gaps = [...cycle.gaps, { parts, elapsed: time - countedAt }].slice(-remembered)
  }

  /** The machine stands, or nobody knows: what passes until its next part is no cycle. */
  interrupted(machine: string): void {
    const cycle = this.#cycles.get(machine)
    if (cycle !== undefined) cycle.countedAt = null
  }

  remember(machine: string): Cycle | undefined {
    return this.#cycles.get(machine)
  }

  recall(machine: string, cycle: Cycle | undefined): void {
    if (cycle === undefined) this.#cycles.delete(machine)
    else this.#cycles.set(machine, { ...cycle })
  }

  /** Seconds per part at present; null = not known. */
  of(machine: string): number | null {
    const { gaps } = this.#cycles.get(machine) ?? { gaps: [] }
    if (gaps.length < enough) return null
    const parts = gaps.reduce((sum, gap) => sum + gap.parts, 0)
    const elapsed = gaps.reduce((sum, gap) => sum + gap.elapsed, 0)
    return elapsed / parts / 1000
  }
}
