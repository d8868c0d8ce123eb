import type { CalendarException, Shift } from './plant.js'

const dayMinutes = 24 * 60
const weekMinutes = 7 * dayMinutes

/** Minutes from midnight of a time of day `HH:MM`. */
export function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number)
  return hours * 60 + minutes
}

/**
 * The first two shifts of one site that share a minute of the week; undefined where none do. Such a minute would
 * count in two shifts, so that no figure by shift could be right.
 */
export function findOverlap(shifts: readonly Shift[]): readonly [Shift, Shift] | undefined {
  const spans = shifts.flatMap(shift =>
    shift.days.map(day => {
      const from = (day - 1) * dayMinutes + minutesOf(shift.start)
      const length = (minutesOf(shift.end) - minutesOf(shift.start) + dayMinutes) % dayMinutes || dayMinutes
      return { shift, from, to: from + length }
    }),
  )
  // A week begins anew: Sunday's night shift reaches into Monday.
  const ofTwoWeeks = [
    ...spans,
    ...spans.map(({ shift, from, to }) => ({ shift, from: from + weekMinutes, to: to + weekMinutes })),
  ]
  const latest = new Map<string, { readonly shift: Shift; readonly to: number }>()
  for (const span of ofTwoWeeks.sort((a, b) => a.from - b.from)) {
    const before = latest.get(span.shift.site)
    if (before !== undefined && span.from < before.to) return [before.shift, span.shift]
    latest.set(span.shift.site, span)
  }
  return undefined
}

const dayMs = dayMinutes * 60_000

/**
 * The first two shifts that share a minute because of an exception: two of its day, or one with another of the day before
 * or after. `shifts` and `exceptions` are those of the site; of two exceptions in a row the later one says it.
 */
export function findExceptionOverlap(
  exception: CalendarException,
  shifts: readonly Shift[],
  exceptions: readonly CalendarException[],
): readonly [Shift, Shift] | undefined {
  const spansOn = (offset: number) => {
    const day = new Date(Date.parse(exception.date) + offset * dayMs)
    const date = day.toISOString().slice(0, 10)
    const special = exceptions.find(each => each.date === date)
    const weekday = ((day.getUTCDay() + 6) % 7) + 1
    // Of the day after an exception that one tells.
    if (offset > 0 && special !== undefined) return []
    return shifts
      .filter(({ id, days }) =>
        special === undefined ? days.includes(weekday) : special.shifts.includes(id),
      )
      .map(shift => {
        const from = offset * dayMinutes + minutesOf(shift.start)
        const length = (minutesOf(shift.end) - minutesOf(shift.start) + dayMinutes) % dayMinutes || dayMinutes
        return { shift, from, to: from + length }
      })
  }
  const spans = [-1, 0, 1].flatMap(spansOn).sort((a, b) => a.from - b.from)
  for (const [place, span] of spans.entries()) {
    const before = spans.slice(0, place).find(({ to }) => span.from < to)
    if (before !== undefined) return [before.shift, span.shift]
  }
  return undefined
}
