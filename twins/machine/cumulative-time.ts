import type { Mode } from '../../schema/machine-config.js'
import type { PackmlState } from '../../schema/packml.js'

/** Milliseconds in each state of each mode (PackTag Admin.StateCumulativeTime[mode, state]). */
export type CumulativeTimes = Readonly<Partial<Record<Mode, Readonly<Partial<Record<PackmlState, number>>>>>>

/** The part of a machine twin that keeps time. */
export interface TimeBook {
  readonly state: PackmlState
  readonly mode: Mode
  /** Newest time of any event, Unix ms; null = none since the clock began. */
  readonly newest: number | null
  /** Everything up to here is booked, Unix ms; null = the clock has not begun. */
  readonly bookedTo: number | null
  readonly times: CumulativeTimes
}

/** When something happened for the book: never before what it has already seen. */
export function bookTime(book: TimeBook, time: number): number {
  return book.newest === null ? time : Math.max(book.newest, time)
}

/** Sees the time of an event that leaves state and mode as they are. */
export function see(from: TimeBook, time: number): Pick<TimeBook, 'newest' | 'bookedTo'> {
  const at = bookTime(from, time)
  return { newest: at, bookedTo: from.bookedTo ?? at }
}

/**
 * Books what has passed until `time` to the present state and mode. Time is booked once: what a late event says of
 * time already booked is history's business, so that the times always add up to the time elapsed, to the millisecond.
 */
export function book(from: TimeBook, time: number): Pick<TimeBook, 'newest' | 'bookedTo' | 'times'> {
  const at = bookTime(from, time)
  const { mode, state, times } = from
  const passed = from.bookedTo === null ? 0 : at - from.bookedTo
  if (passed === 0) return { newest: at, bookedTo: at, times }
  const ofMode = times[mode]
  const booked = { ...ofMode, [state]: (ofMode?.[state] ?? 0) + passed }
  return { newest: at, bookedTo: at, times: { ...times, [mode]: booked } }
}

/** The times with the present stretch up to `at` (the newest event unless given) added. */
export function cumulativeTimes(from: TimeBook, at: number | null = from.newest): CumulativeTimes {
  return at === null ? from.times : book(from, at).times
}

/** Milliseconds in a mode (PackTag Admin.ModeCumulativeTime[mode]). */
export function modeTime(times: CumulativeTimes, mode: Mode): number {
  return Object.values(times[mode] ?? {}).reduce((sum, time) => sum + time, 0)
}

/** Milliseconds in all modes and states together. */
export function totalTime(times: CumulativeTimes): number {
  return (Object.keys(times) as Mode[]).reduce((sum, mode) => sum + modeTime(times, mode), 0)
}
