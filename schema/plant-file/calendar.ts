import type { CalendarException, PlannedStop, Shift, TimeOfDaySpan } from '../plant.js'
import { findExceptionOverlap, findOverlap, minutesOf } from '../shift-overlap.js'
import type { DeclaredIds } from './declared-ids.js'
import { calendarExceptionEntry, plannedStopEntry } from './plan-entries.js'
import type { PlantPath } from './problem.js'
import type { Report } from './report.js'

/** Days and hours that differ from the weekly plan. */
export interface CalendarSections {
  readonly calendarExceptions?: unknown
  readonly plannedStops?: unknown
}

export function readCalendar(
  sections: CalendarSections,
  places: {
    readonly sites: DeclaredIds
    readonly shifts: DeclaredIds
    readonly sound: readonly Shift[]
    readonly stoppable: ReadonlySet<string>
  },
  report: Report,
): { calendarExceptions?: CalendarException[]; plannedStops?: PlannedStop[] } {
  const siteOfShift = new Map(places.sound.map(({ id, site }) => [id, site]))
  const paths = new Map<CalendarException, PlantPath>()
  const exceptions = report
    .list(sections.calendarExceptions, ['calendarExceptions'])
    .flatMap(([value, path]): CalendarException[] => {
      const exception = report.read(calendarExceptionEntry, value, path)
      if (exception === undefined) return []
      places.sites.refer(exception.site, [...path, 'site'])
      for (const [place, shift] of exception.shifts.entries()) {
        if (!places.shifts.refer(shift, [...path, 'shifts', place])) continue
        const site = siteOfShift.get(shift)
        if (site === undefined || site === exception.site) continue
        const message = `the shift "${shift}" is of "${site}", not of "${exception.site}"`
        report.add([...path, 'shifts', place], shift, message, 'name a shift of the same site')
      }
      paths.set(exception, path)
      return [exception]
    })
  checkExceptions(exceptions, places.sound, paths, report)
  const stops = report
    .list(sections.plannedStops, ['plannedStops'])
    .flatMap(([value, path]): PlannedStop[] => {
      const stop = report.read(plannedStopEntry, value, path)
      if (stop === undefined) return []
      if (!places.stoppable.has(stop.for)) {
        const fix = report.suggest(stop.for, places.stoppable, 'use the id of a site, a line or a machine')
        report.add([...path, 'for'], stop.for, `there is no site, line or machine "${stop.for}"`, fix)
      }
      if (stop.to <= stop.from) {
        const message = `the planned stop ends at ${stop.to}, before it begins`
        report.add([...path, 'to'], stop.to, message, 'write a time after the one at "from"')
      }
      return [stop]
    })
  return {
    ...(exceptions.length > 0 && { calendarExceptions: exceptions }),
    ...(stops.length > 0 && { plannedStops: stops }),
  }
}

/** Says where a day has two exceptions, and where the shifts of one overlap with each other or with their neighbours. */
function checkExceptions(
  exceptions: readonly CalendarException[],
  shifts: readonly Shift[],
  paths: ReadonlyMap<CalendarException, PlantPath>,
  report: Report,
): void {
  for (const [place, exception] of exceptions.entries()) {
    const { site, date } = exception
    const path = paths.get(exception)!
    const first = exceptions.slice(0, place).find(each => each.site === site && each.date === date)
    if (first !== undefined) {
      const message = `"${site}" has an exception for ${date} already, in line ${report.lineOf(paths.get(first)!)}`
      report.add([...path, 'date'], date, message, 'write one with all shifts of the day')
      continue
    }
    const overlap = findExceptionOverlap(
      exception,
      shifts.filter(shift => shift.site === site),
      exceptions.filter(each => each.site === site),
    )
    if (overlap === undefined) continue
    const [a, b] = overlap.map(({ id, start, end }) => `"${id}" (${start} to ${end})`)
    const message = `around ${date} the shifts ${a} and ${b} overlap`
    report.add([...path, 'shifts'], exception.shifts, message, 'leave one of them out')
  }
}

/** Says where a shift's pauses lie outside of it, and where two shifts of a site overlap. */
export function checkShifts(
  shifts: readonly Shift[],
  paths: ReadonlyMap<Shift, PlantPath>,
  report: Report,
): void {
  for (const shift of shifts) {
    const pauses = shift.breaks ?? []
    for (const [place, pause] of pauses.entries()) {
      const other = pauses.slice(0, place).find(each => sharesMinute(each, pause))
      if (other !== undefined) {
        const message = `the break from ${pause.start} to ${pause.end} overlaps with that from ${other.start} to ${other.end}`
        const path = [...(paths.get(shift) ?? []), 'breaks', place]
        report.add(path, pause, message, 'end one where the other begins')
      }
      if (isWithin(pause, shift)) continue
      const message = `the break from ${pause.start} to ${pause.end} is not within the shift, ${shift.start} to ${shift.end}`
      report.add(
        [...(paths.get(shift) ?? []), 'breaks', place],
        pause,
        message,
        'move it into the shift, or leave it out',
      )
    }
  }
  for (const shift of shifts) {
    if (!isAllBreak(shift)) continue
    const message = `the breaks take up the whole shift, ${shift.start} to ${shift.end}, so that nobody works in it`
    report.add(
      [...(paths.get(shift) ?? []), 'breaks'],
      shift.breaks,
      message,
      'shorten them, or leave the shift out',
    )
  }
  const overlap = findOverlap(shifts)
  if (overlap === undefined) return
  const [first, second] = overlap
  const message = `the shift overlaps with "${first.id}" (${first.start} to ${first.end})`
  report.add([...(paths.get(second) ?? []), 'start'], second.start, message, 'end one where the other begins')
}

const day = 24 * 60

const minutesFrom = (start: string, time: string): number => (minutesOf(time) - minutesOf(start) + day) % day

/** Whether one of two pauses begins within the other, be it over midnight. */
const sharesMinute = (a: TimeOfDaySpan, b: TimeOfDaySpan): boolean =>
  minutesFrom(a.start, b.start) < minutesFrom(a.start, a.end) ||
  minutesFrom(b.start, a.start) < minutesFrom(b.start, b.end)

function isWithin(pause: TimeOfDaySpan, shift: TimeOfDaySpan): boolean {
  const after = (time: string): number => minutesFrom(shift.start, time)
  const length = after(shift.end) || day
  return after(pause.start) < after(pause.end) && after(pause.end) <= length
}

/** Whether its breaks, none of which overlap, are as long as the shift. */
function isAllBreak(shift: Shift): boolean {
  const lengths = (shift.breaks ?? [])
    .filter(pause => isWithin(pause, shift))
    .map(pause => minutesFrom(pause.start, pause.end))
  return lengths.reduce((sum, length) => sum + length, 0) >= (minutesFrom(shift.start, shift.end) || day)
}
