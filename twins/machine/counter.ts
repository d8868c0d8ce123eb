/** A part counter of the machine, fed by the source's cumulative counter. */
export interface Counter {
  /** Parts since this twin first read the counter; never goes down. */
  readonly count: number
  /** What the source's counter showed last; null = never read. */
  readonly reading: number | null
  /** When, Unix ms; older readings are late. 0 = not read since the source's link began. */
  readonly time: number
}

export const freshCounter: Counter = { count: 0, reading: null, time: 0 }

/** Share of its width by which a counter may have come round between two readings. */
const rolloverShare = 1 / 8

/** Where an increment comes from: counted on, rolled over, set back to nothing, or more than can have been made. */
export type CountedBy = 'count' | 'rollover' | 'reset' | 'leap'

interface Increment {
  readonly by: number
  readonly cause: CountedBy
}

/**
 * How many parts lie between two readings of a cumulative counter. A smaller reading is a rollover if the counter has
 * a width and came round by less than an eighth of it: readings are seconds apart, and a counter that is set back to
 * nothing from farther below its width must make no part up. Else, below half of the last one, it is a reset: the parts since are
 * what it shows now; from half on somebody corrected the counter, which makes no part. A gap between readings is
 * counted once. The first reading only says where the counter stands. Of more than `most` parts none was made: somebody
 * set the counter, or it rolled over where nobody said so; counting goes on from where it stands. When the link has begun
 * anew (`isAnew`) a smaller reading of which nobody says how many can have been made is of another counter, which began
 * elsewhere.
 */
export function increment(
  last: number | null,
  reading: number,
  width: number,
  isAnew = false,
  most?: number,
): Increment {
  if (last === null) return { by: 0, cause: 'count' }
  const { by, cause } =
    reading >= last ? { by: reading - last, cause: 'count' as const } : back(last, reading, width)
  if (isAnew && reading < last && most === undefined) return { by: 0, cause: 'count' }
  return by <= (most ?? Number.POSITIVE_INFINITY) ? { by, cause } : { by: 0, cause: 'leap' }
}

/** What a smaller reading tells of. */
function back(last: number, reading: number, width: number): Increment {
  const around = reading + width - last
  if (around >= 0 && around < width * rolloverShare) return { by: around, cause: 'rollover' }
  return reading < last / 2 ? { by: reading, cause: 'reset' } : { by: 0, cause: 'count' }
}

/** The counter after a reading. */
export function read(counter: Counter, reading: number, time: number, width: number, most?: number): Counter {
  return { count: counter.count + added(counter, reading, width, most).by, reading, time }
}

/** What a reading adds to a counter. */
export function added(
  counter: Counter,
  reading: number,
  width: number,
  most?: number,
): ReturnType<typeof increment> {
  return increment(counter.reading, reading, width, counter.time === freshCounter.time, most)
}
