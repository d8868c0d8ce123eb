import type { SampleBatch } from '../../schema/sample-batch.js'

/** A clock that is further behind, for so long, is worth a word, ms; a buffer that is handed over catches up sooner. */
const worthTellingMs = 60_000
const heldMs = 15_000
/** What differs by no more is of one offset, ms. */
const reachMs = 10_000
/** Late values that are so far apart tell how fast the clock goes that they were told by, ms. */
const shortestMs = 2_000

interface Told {
  readonly sourceTime: number
  readonly received: number
}

/**
 * Which signals a source has something newer to say of than what is shown, though it bears an older time: its clock was
 * set back. Values out of a buffer are late, too, but come faster than they were measured; by a clock that was set back
 * they come just as they were told, or as late as the whole source is known to be.
 */
export class TimeBack {
  /** Of each signal whose last value was late: the first of those values that say how fast they come. */
  readonly #late = new Map<number, Told>()
  #since = 0
  #offset: number | undefined
  #isHeld = false

  /** How far the source has been behind for some time, ms; undefined where it is not. */
  get behindMs(): number | undefined {
    return this.#isHeld ? 0 - this.#offset! : undefined
  }

  /**
   * Hears a batch before the floor does. `newest`: the newest source time of each signal until now; `offset`: how much
   * the source's clock is ahead, as far as it is known, ms; `now`: when it came. Returns the signals (by index) that are outdated by it.
   */
  hear(
    batch: SampleBatch,
    newest: Float64Array,
    offset: number | undefined,
    now: number,
  ): ReadonlySet<number> {
    const { count, signal, sourceTime, receiveTime } = batch
    const outdated = new Set<number>()
    for (let i = 0; i < count; i++) {
      const index = signal[i]!
      const told = { sourceTime: sourceTime[i]!, received: receiveTime[i]! }
      if (told.sourceTime >= newest[index]!) {
        if (this.#late.size > 0) this.#late.delete(index)
        if (outdated.size > 0) outdated.delete(index)
      } else if (this.#isNews(index, told)) outdated.add(index)
    }
    if (this.#judge(offset, now))
      for (const [index, told] of this.#late) if (this.#isAsFarBehind(told)) outdated.add(index)
    return outdated
  }

  /** Takes the offset as it is known at `now`. Returns whether the source is found to be behind just now. */
  #judge(offset: number | undefined, now: number): boolean {
    if (offset === undefined || offset > -worthTellingMs) {
      this.#offset = undefined
      this.#isHeld = false
      return false
    }
    if (this.#offset === undefined || Math.abs(offset - this.#offset) > reachMs) {
      this.#offset = offset
      this.#since = now
      this.#isHeld = false
    }
    if (this.#isHeld || now - this.#since < heldMs) return false
    this.#isHeld = true
    return true
  }

  #isNews(index: number, told: Told): boolean {
    const before = this.#late.get(index)
    const apart = told.received - (before?.received ?? Number.NaN)
    if (before === undefined || apart >= shortestMs) this.#late.set(index, told)
    if (this.#isHeld && this.#isAsFarBehind(told)) return true
    if (before === undefined || !(apart >= shortestMs)) return false
    const differs = Math.abs(told.sourceTime - before.sourceTime - apart)
    return differs <= Math.min(apart / 4, reachMs)
  }

  #isAsFarBehind({ sourceTime, received }: Told): boolean {
    return Math.abs(received - sourceTime + this.#offset!) <= reachMs
  }
}
