/** A buffer is ahead of its own pace by more; what comes in batches is not, ms. */
const longestBatchMs = 60_000
/** Readings that came over so long a time tell how fast their clock goes, ms. */
const shortestMs = 2_000
/** Two arrivals are of one clock if their times differ as their receipts do, give or take this, ms. */
const reachMs = 1_000
/** Whose clock was set back tells more before long, ms. */
const nextMs = 60_000

interface Instant {
  /** What its source says, Unix ms. */
  readonly told: number
  /** Receipt, Unix ms. */
  readonly received: number
}

/**
 * How readings of a counter arrived that are older than the first that its twin counted, from the last arrival of those
 * behind them to the next.
 */
export interface Arrival {
  /** The first of them went on from the newest of those behind them that had arrived. */
  readonly goesOn: boolean
  /** From the first to the last of them, by their times and by their receipts, ms. */
  readonly span: Instant
  /** The last that arrived of them. */
  readonly last: Instant
  /** The first that arrived after them, behind them; undefined so far. */
  readonly next: Instant | undefined
}

/**
 * Whether the clock of a counter's source was set back: then what the counter tells now bears times from before, and goes
 * on from what it told. Of a counter that began anew meanwhile readings go on only by chance, and what was kept for so
 * long comes faster than it was read, or else the next arrival bears the time of another clock. Undefined: too early to
 * say, but no longer than for a minute.
 */
export function isSetBack({ goesOn, span, last, next }: Arrival, now: number): boolean | undefined {
  if (!goesOn) return false
  const ahead = span.told - span.received
  if (ahead > longestBatchMs) return false
  if (span.received >= shortestMs && Math.abs(ahead) <= span.received / 4) return true
  if (next === undefined) return now - last.received >= nextMs ? false : undefined
  const received = next.received - last.received
  return Math.abs(next.told - last.told - received) <= Math.max(reachMs, received / 4)
}
