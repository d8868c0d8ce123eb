import { Temporal } from 'temporal-polyfill'
import type { CalendarException, PlannedStop, Plant, Shift, TimeOfDaySpan } from './plant.js'
import { findOverlap, minutesOf } from './shift-overlap.js'

/** What is planned for a stretch of time: work in a shift, a pause within it, a planned stop, or nothing. */
export type Plan = 'busy' | 'pause' | 'stop' | 'none'

/** A stretch of time in which the calendar says one thing. Unix ms UTC. */
export interface CalendarSpan {
  readonly from: number
  readonly to: number
  readonly plan: Plan
  /** The shift with the day on which it begins, `early@2026-03-29`; empty where there is none. */
  readonly shift: string
  /** Begin of the hour of the site's clock. */
  readonly hour: number
}

export interface CalendarParts {
  /** IANA time zone of the site. */
  readonly timeZone: string
  /** Of the site. None at all = always busy. */
  readonly shifts: readonly Shift[]
  readonly exceptions?: readonly CalendarException[]
  /** Those of the machine, its line or its site. */
  readonly stops?: readonly PlannedStop[]
}

/** What no calendar can be made from, and what would be right. */
class CalendarError extends Error {
  readonly code: 'overlapping-shifts' | 'bad-calendar'

  constructor(code: CalendarError['code'], message: string) {
    super(message)
    this.name = 'CalendarError'
    this.code = code
  }
}

/** What the plant says of when a site works, and of the stops of `places`: the ids of the site, a line, a machine. */
export function calendarPartsOf(
  plant: Pick<Plant, 'shifts' | 'calendarExceptions' | 'plannedStops'>,
  site: { readonly id: string; readonly timeZone: string },
  places: readonly string[],
): CalendarParts {
  return {
    timeZone: site.timeZone,
    shifts: plant.shifts.filter(shift => shift.site === site.id),
    exceptions: plant.calendarExceptions?.filter(exception => exception.site === site.id) ?? [],
    stops: plant.plannedStops?.filter(stop => places.includes(stop.for)) ?? [],
  }
}

const hourMs = 3_600_000
const dayMs = 24 * hourMs

/**
 * When a machine is planned to be busy. Shifts are given in local time, so that a shift over a change to summer time
 * is an hour shorter, and over the change back an hour longer; a time that the change leaves out is the moment after
 * it, one that comes twice is the first (RFC 5545, 3.3.5). Throws CalendarError `overlapping-shifts` and `bad-calendar`.
 */
export class Calendar {
  readonly #parts: CalendarParts
  readonly #days = new Map<number, readonly CalendarSpan[]>()
  readonly #stops: readonly { readonly from: number; readonly to: number }[]

  constructor(parts: CalendarParts) {
    this.#parts = parts
    checkOverlaps(parts.shifts)
    this.#stops = (parts.stops ?? []).map(stop => {
      const from = instantOf(stop.from, parts.timeZone)
      const to = instantOf(stop.to, parts.timeZone)
      if (!(from < to)) {
        const message = `The planned stop from ${stop.from} to ${stop.to} ends before it begins; swap the two.`
        throw new CalendarError('bad-calendar', message)
      }
      return { from, to }
    })
  }

  /** What is planned at `time`, and from when to when the calendar says nothing else. */
  at(time: number): CalendarSpan {
    const spans = this.#day(Math.floor(time / dayMs))
    let low = 0
    let high = spans.length - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (time < spans[middle]!.to) high = middle
      else low = middle + 1
    }
    return spans[low]!
  }

  /** The stretches between two instants, cut at both. */
  *between(from: number, to: number): Generator<CalendarSpan> {
    for (let at = from; at < to; ) {
      const span = this.at(at)
      const end = Math.min(span.to, to)
      yield { ...span, from: at, to: end }
      at = end
    }
  }

  /** A day of UTC at a time, made once. */
  #day(number: number): readonly CalendarSpan[] {
    let spans = this.#days.get(number)
    if (spans === undefined) {
      spans = this.#make(number * dayMs, (number + 1) * dayMs)
      this.#days.set(number, spans)
    }
    return spans
  }

  #make(from: number, to: number): CalendarSpan[] {
    const shifts = this.#shiftsBetween(from, to)
    const cuts = new Set([from])
    const cut = (time: number): void => {
      if (time > from && time < to) cuts.add(time)
    }
    const hours = localHours(from, to, this.#parts.timeZone)
    for (const hour of hours) cut(hour)
    for (const span of [...shifts, ...shifts.flatMap(({ pauses }) => pauses), ...this.#stops]) {
      cut(span.from)
      cut(span.to)
    }
    const times = [...cuts].sort((a, b) => a - b)
    return times.map((start, place) => {
      const shift = shifts.find(each => each.from <= start && start < each.to)
      const contains = (span: { from: number; to: number }): boolean => span.from <= start && start < span.to
      let plan: Plan = shift === undefined && this.#parts.shifts.length > 0 ? 'none' : 'busy'
      if (plan === 'busy' && shift?.pauses.some(contains)) plan = 'pause'
      if (plan === 'busy' && this.#stops.some(contains)) plan = 'stop'
      return {
        from: start,
        to: times[place + 1] ?? to,
        plan,
        shift: shift?.id ?? '',
        hour: hours.findLast(hour => hour <= start)!,
      }
    })
  }

  /** The shifts that touch a stretch of time; one that began on the day before may reach into it. */
  #shiftsBetween(from: number, to: number) {
    const { timeZone, shifts, exceptions = [] } = this.#parts
    const first = dateOf(from, timeZone).subtract({ days: 2 })
    const last = dateOf(to, timeZone)
    const found: { id: string; from: number; to: number; pauses: { from: number; to: number }[] }[] = []
    for (let date = first; Temporal.PlainDate.compare(date, last) <= 0; date = date.add({ days: 1 })) {
      const exception = exceptions.find(each => each.date === date.toString())
      for (const shift of shifts) {
        const isOn =
          exception === undefined ? shift.days.includes(date.dayOfWeek) : exception.shifts.includes(shift.id)
        if (!isOn) continue
        const span = spanOn(date, shift, timeZone)
        if (span.to <= from || span.from >= to) continue
        const pauses = (shift.breaks ?? []).map(pause => pauseOf(date, shift, pause, timeZone))
        found.push({ id: `${shift.id}@${date}`, ...span, pauses })
      }
    }
    return found
  }
}

function spanOn(date: Temporal.PlainDate, { start, end }: TimeOfDaySpan, timeZone: string) {
  const endDate = minutesOf(end) <= minutesOf(start) ? date.add({ days: 1 }) : date
  return { from: timeOn(date, start, timeZone), to: timeOn(endDate, end, timeZone) }
}

/**
 * A pause of a shift over midnight may lie on its second day. It lasts as long as its times say: where its begin comes
 * twice, that reading of it counts; one that the change leaves out is as much after it, and the end follows. Where the
 * change falls within, the clock decides.
 */
function pauseOf(date: Temporal.PlainDate, shift: TimeOfDaySpan, pause: TimeOfDaySpan, timeZone: string) {
  const isNextDay = minutesOf(pause.start) < minutesOf(shift.start)
  const day = isNextDay ? date.add({ days: 1 }) : date
  const span = spanOn(day, pause, timeZone)
  const lengthMs = ((minutesOf(pause.end) - minutesOf(pause.start) + 1_440) % 1_440) * 60_000
  const isLeftOut = !zoned(span.from, timeZone).toPlainTime().equals(Temporal.PlainTime.from(pause.start))
  if (isLeftOut) return { from: span.from, to: span.from + lengthMs }
  const again = timeOn(day, pause.start, timeZone, 'later')
  return { ...span, from: span.to - again === lengthMs ? again : span.from }
}

function timeOn(
  date: Temporal.PlainDate,
  time: string,
  timeZone: string,
  disambiguation: 'compatible' | 'later' = 'compatible',
): number {
  const local = date.toPlainDateTime(Temporal.PlainTime.from(time))
  return local.toZonedDateTime(timeZone, { disambiguation }).epochMilliseconds
}

const zoned = (time: number, timeZone: string): Temporal.ZonedDateTime =>
  Temporal.Instant.fromEpochMilliseconds(time).toZonedDateTimeISO(timeZone)

/** The day of a site's own calendar. */
export const dateOf = (time: number, timeZone: string): Temporal.PlainDate =>
  zoned(time, timeZone).toPlainDate()

/** The hour of the day of a site's own clock, 0 to 23. */
export const hourOfDay = (time: number, timeZone: string): number => zoned(time, timeZone).hour

const offsetOf = (time: number, timeZone: string): number => zoned(time, timeZone).offsetNanoseconds / 1e6

const floorHour = (time: number, offset: number): number =>
  Math.floor((time + offset) / hourMs) * hourMs - offset

/** Where an hour of the local clock begins: not on UTC's hour everywhere, and a change of the clock begins one too. */
function startOfHour(time: number, timeZone: string): number {
  const start = floorHour(time, offsetOf(time, timeZone))
  // A clock that was moved by half an hour within it.
  return offsetOf(start, timeZone) === offsetOf(time, timeZone) ? start : changeBefore(start, time, timeZone)
}

/** Where hours of the local clock begin, that in which `from` lies first. */
function localHours(from: number, to: number, timeZone: string): number[] {
  const offset = offsetOf(from, timeZone)
  const hours = [startOfHour(from, timeZone)]
  if (offset === offsetOf(to, timeZone)) {
    for (let hour = floorHour(from, offset) + hourMs; hour < to; hour += hourMs) hours.push(hour)
    return hours
  }
  // Clocks change on a quarter of an hour.
  for (let time = from + hourMs / 4; time < to; time += hourMs / 4) {
    if (startOfHour(time, timeZone) === time) hours.push(time)
  }
  return hours
}

/** The quarter of an hour between two instants at which the clock was moved. */
function changeBefore(from: number, to: number, timeZone: string): number {
  const before = offsetOf(from, timeZone)
  let time = from
  while (time <= to && offsetOf(time, timeZone) === before) time += hourMs / 4
  return Math.min(time, to)
}

/** A local date and time `YYYY-MM-DDTHH:MM` as Unix ms. Throws where it is none. */
export function instantOf(text: string, timeZone: string): number {
  try {
    return Temporal.PlainDateTime.from(text).toZonedDateTime(timeZone).epochMilliseconds
  } catch (cause) {
    const message = `"${text}" is not a date and time such as 2026-03-29T06:00 (${String(cause)}).`
    throw new CalendarError('bad-calendar', message)
  }
}

/** A minute that belongs to two shifts belongs to nobody: no figure by shift could be right. */
function checkOverlaps(shifts: readonly Shift[]): void {
  const overlap = findOverlap(shifts)
  if (overlap === undefined) return
  const [a, b] = overlap.map(({ id, start, end }) => `${id} (${start}–${end})`)
  throw new CalendarError(
    'overlapping-shifts',
    `The shifts ${a} and ${b} overlap; end one where the other begins.`,
  )
}
