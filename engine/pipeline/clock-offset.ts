/** What is told within so long, ms, is one witness, so that a burst (a buffer that is handed over) has one voice. */
const momentMs = 1_000
/** Witnesses remembered: the last minute of a source that speaks each second. */
const mostMoments = 60
/** Delays are of one clock where they differ by no more, ms. */
const reachMs = 10_000
/** So many moments must agree before anything is known of a clock. */
const fewestToKnow = 3
/** A clock was set where so many moments in a row say so, for so long, ms; a buffer is handed over sooner. */
const fewestToMove = 5
const shortestToMoveMs = 30_000
/** Signals that have a voice in one moment. */
const mostVoices = 64

interface Moment {
  readonly at: number
  /** The least delay of the signals of this moment that agree with most of them, ms. */
  readonly delay: number
}

/**
 * How much the clock of a source is ahead of ours. A sample is never early, so the least distance between the time it
 * bears and its receipt is the delay of the quickest one less what the clock is ahead. What one sample says counts for
 * nothing: a time can be wrong, and a value can have waited in a buffer. What counts is what most signals of a moment
 * say, and several moments agree on.
 */
export class ClockOffset {
  /** The source time that each signal (by index) told last: what is told again says nothing of the clock. */
  readonly #last = new Map<number, number>()
  /** The least delay of each signal in the moment that is not over. */
  readonly #voices = new Map<number, number>()
  #beganAt = Number.NEGATIVE_INFINITY
  #moments: Moment[] = []
  #delay: number | undefined

  /** ms; undefined before several moments agree. */
  get ms(): number | undefined {
    return this.#delay === undefined ? undefined : 0 - this.#delay
  }

  /** One sample; times in Unix ms. */
  hear(signal: number, sourceTime: number, receiveTime: number): void {
    if (!Number.isFinite(sourceTime)) return
    if (receiveTime - this.#beganAt >= momentMs || receiveTime < this.#beganAt) {
      this.#close()
      this.#beganAt = receiveTime
    }
    const last = this.#last.get(signal)
    this.#last.set(signal, sourceTime)
    // The first of a signal may be as old as it likes, and one that is not newer was told before; but none is early.
    if ((last === undefined || sourceTime <= last) && sourceTime <= receiveTime) return
    const delay = receiveTime - sourceTime
    const least = this.#voices.get(signal)
    if (least === undefined ? this.#voices.size < mostVoices : delay < least) this.#voices.set(signal, delay)
  }

  /** The moment is over: its witness is heard. */
  #close(): void {
    if (this.#voices.size === 0) return
    const delays = [...this.#voices.values()]
    this.#voices.clear()
    const middle = median(delays)
    const delay = delays.reduce(
      (least, one) => (middle - one <= reachMs && one < least ? one : least),
      middle,
    )
    this.#moments.push({ at: this.#beganAt, delay })
    if (this.#moments.length > mostMoments) this.#moments.shift()
    this.#judge()
  }

  #judge(): void {
    const agree = (delay: number) => this.#moments.filter(one => Math.abs(one.delay - delay) <= reachMs)
    if (this.#delay === undefined) {
      const alike = agree(median(this.#moments.map(({ delay }) => delay)))
      if (alike.length >= fewestToKnow && alike.length * 2 > this.#moments.length)
        this.#delay = secondLeast(alike)
      return
    }
    const alike = agree(this.#delay)
    if (alike.length >= 2) this.#delay = secondLeast(alike)
    const lastAlike = this.#moments.findLastIndex(({ delay }) => Math.abs(delay - this.#delay!) <= reachMs)
    const others = this.#moments.slice(lastAlike + 1)
    if (others.length < fewestToMove || others.at(-1)!.at - others[0]!.at < shortestToMoveMs) return
    const middle = median(others.map(({ delay }) => delay))
    if (!others.every(({ delay }) => Math.abs(delay - middle) <= reachMs)) return
    this.#moments = others
    this.#delay = secondLeast(others)
  }
}

/** The upper one of two: of two that disagree the one that is not ahead is believed. */
function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]!
}

/** The least may be the one that is wrong. */
function secondLeast(moments: readonly Moment[]): number {
  return moments.map(({ delay }) => delay).sort((a, b) => a - b)[1]!
}
