import type { SampleBatch } from '../../schema/sample-batch.js'

/** So many periods without anything new are let pass, and no less than so long, ms: as long as a signal's own silence is. */
const missedPeriods = 3
const shortestMs = 1_500

export interface StandstillOptions {
  /** Periods of the signals by index, ms; 0 = reported on change. */
  readonly periods: ReadonlyMap<number, number>
  /** How often the document is asked for, ms. */
  readonly pollMs: number
  /** What the plant file says instead, ms; 0 = for ever. */
  readonly silenceMs?: number | undefined
}

/**
 * Watches whether a document that says the times of its values goes on. One that says the same values of the same times
 * again and again is that of a service whose data have stopped, though it answers: what it says is of then.
 */
export class Standstill {
  readonly #options: StandstillOptions
  #last: SampleBatch | undefined
  #since = 0
  /** How long it may stand, ms; infinite where nothing of it is reported again and again. */
  patienceMs = Number.POSITIVE_INFINITY

  constructor(options: StandstillOptions) {
    this.#options = options
  }

  /** Signals (by index) reported again and again that this answer tells nothing new of, and has not for too long. */
  take(batch: SampleBatch, isTimed: boolean, now: number): readonly number[] {
    if (!isTimed || this.#last === undefined || !isSame(this.#last, batch)) {
      this.#last = isTimed ? batch : undefined
      this.#since = now
      return []
    }
    const { periods, pollMs, silenceMs } = this.#options
    const periodic = [...new Set(batch.signal)].filter(index => (periods.get(index) ?? 0) > 0)
    const quickest = Math.min(...periodic.map(index => periods.get(index)!))
    const usual = Math.max(shortestMs, missedPeriods * Math.max(quickest, pollMs))
    this.patienceMs = silenceMs === undefined ? usual : silenceMs || Number.POSITIVE_INFINITY
    return now - this.#since > this.patienceMs ? periodic : []
  }
}

function isSame(a: SampleBatch, b: SampleBatch): boolean {
  if (a.count !== b.count) return false
  for (let i = 0; i < a.count; i++) {
    const isAlike =
      a.signal[i] === b.signal[i] &&
      a.sourceTime[i] === b.sourceTime[i] &&
      a.quality[i] === b.quality[i] &&
      Object.is(a.value[i], b.value[i])
    if (!isAlike) return false
  }
  return true
}
