import { addTime, allTime, type ClassedTime, noTime } from './time-class.js'

/** Parts of one ideal cycle time. */
export interface Made {
  /** All that came out, good and bad (PQ). */
  produced: number
  /** Rejected for good (SQ), those of a warm-up among them. */
  scrapped: number
  /** Of the scrapped, those made while the machine warmed up after a stop or a setup. */
  warmUp: number
  /** To be worked on again (RQ): not good at first pass. */
  reworked: number
}

/**
 * What figures are made from: times and counts, and no ratios. Tallies add up over time, machines and products, and
 * the sum of the tallies of all parts is the tally of the whole, exactly: milliseconds and parts are whole numbers.
 */
export interface Tally {
  readonly time: ClassedTime
  /** By ideal cycle time, ms: products of one machine, and machines of one line, may differ. */
  readonly made: Map<number, Made>
  /** Parts that came out where nobody had planned to produce, or rejects alone that a counter told then; they count in no ratio. */
  overtimeParts: number
}

export const emptyTally = (): Tally => ({ time: noTime(), made: new Map(), overtimeParts: 0 })

/** Adds `from` to `to`. */
export function addTally(to: Tally, from: Tally): void {
  addTime(to.time, from.time)
  for (const [idealMs, made] of from.made) addMade(to, idealMs, made)
  to.overtimeParts += from.overtimeParts
}

export function sumTallies(tallies: Iterable<Tally>): Tally {
  const sum = emptyTally()
  for (const tally of tallies) addTally(sum, tally)
  return sum
}

export function addMade(tally: Tally, idealMs: number, made: Readonly<Made>): void {
  const sum = tally.made.get(idealMs)
  if (sum === undefined) {
    tally.made.set(idealMs, { ...made })
    return
  }
  sum.produced += made.produced
  sum.scrapped += made.scrapped
  sum.warmUp += made.warmUp
  sum.reworked += made.reworked
}

/** Everything between two instants, ms. */
export const calendarTime = ({ time }: Tally): number => allTime(time)

/** What was made by ideal cycle time, in its order, so that a sum of fractions does not depend on which part came first. */
export function inCycleOrder({ made }: Tally): Iterable<readonly [idealMs: number, made: Readonly<Made>]> {
  return made.size < 2 ? made : [...made].sort(([a], [b]) => a - b)
}
