/** How far what is on the screen can be trusted, for a person. */
export type Freshness = 'live' | 'delayed' | 'stale' | 'lost' | 'resync'

/** Ages from which a level holds, ms; see SPEC.md, S25. */
export const freshnessLimits = { delayed: 1_500, stale: 5_000, lost: 15_000 } as const

/** The offset is the best of this many seconds. */
const windowSeconds = 60

/**
 * The age of the data by the server's own clock, whatever the client's says. Times are milliseconds of a client clock
 * that does not jump (`performance.timeOrigin + performance.now()`).
 *
 * A frame that waited in the network arrives late, never early: so the least delayed frame of the last minute tells
 * how far the clocks are apart, and what a later frame is late by is age, not skew.
 */
export class FrameAge {
  #receivedAt = Number.NaN
  #wallTime = Number.NaN
  readonly #offsets = new Float64Array(windowSeconds).fill(Number.NEGATIVE_INFINITY)
  readonly #seconds = new Float64Array(windowSeconds).fill(Number.NaN)

  /** A frame that left at `wallTime` of the server has arrived at `now` of the client. */
  arrived(wallTime: number, now: number): void {
    this.#receivedAt = now
    this.#wallTime = wallTime
    const second = Math.floor(now / 1_000)
    const place = second % windowSeconds
    const offset = wallTime - now
    if (this.#seconds[place] !== second || offset > this.#offsets[place]!) this.#offsets[place] = offset
    this.#seconds[place] = second
  }

  /** A new connection measures anew. */
  restart(): void {
    this.#offsets.fill(Number.NEGATIVE_INFINITY)
  }

  /** Server's wall time less the client's, ms; 0 before the first frame. */
  offset(now: number): number {
    const oldest = Math.floor(now / 1_000) - windowSeconds
    let best = Number.NEGATIVE_INFINITY
    for (let i = 0; i < windowSeconds; i++) {
      if (this.#seconds[i]! > oldest) best = Math.max(best, this.#offsets[i]!)
    }
    return Number.isFinite(best) ? best : this.#lastOffset()
  }

  /** Age of the newest frame, ms; infinite before the first. */
  age(now: number): number {
    if (Number.isNaN(this.#receivedAt)) return Number.POSITIVE_INFINITY
    return Math.max(now - this.#receivedAt, now + this.offset(now) - this.#wallTime)
  }

  #lastOffset(): number {
    return Number.isNaN(this.#receivedAt) ? 0 : this.#wallTime - this.#receivedAt
  }
}

export function freshnessOf(age: number): Exclude<Freshness, 'resync'> {
  if (age >= freshnessLimits.lost) return 'lost'
  if (age >= freshnessLimits.stale) return 'stale'
  return age >= freshnessLimits.delayed ? 'delayed' : 'live'
}
