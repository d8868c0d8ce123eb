import type { CalendarException, PlannedStop, Shift, TimeOfDaySpan } from '../plant.js'
import { findOverlap, minutesOf } from '../shift-overlap.js'
import type { DeclaredIds } from './declared-ids.js'
import { calendarExceptionEntry, plannedStopEntry } from './entries.js'
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
    readonly stoppable: ReadonlySet<string>
  },
  report: Report,
): { calendarExceptions?: CalendarException[]; plannedStops?: PlannedStop[] } {
  const exceptions = report
    .list(sections.calendarExceptions, ['calendarExceptions'])
    .flatMap(([value, path]): CalendarException[] => {
      const exception = report.read(calendarExceptionEntry, value, path)
      if (exception === undefined) return []
      places.sites.refer(exception.site, [...path, 'site'])
      for (const [place, shift] of exception.shifts.entries())
        places.shifts.refer(shift, [...path, 'shifts', place])
      return [exception]
    })
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

/** Says where a shift's pauses lie outside of it, and where two shifts of a site overlap. */
export function checkShifts(
  shifts: readonly Shift[],
  paths: ReadonlyMap<Shift, PlantPath>,
  report: Report,
): void {
  for (const shift of shifts) {
    for (const [place, pause] of (shift.breaks ?? []).entries()) {
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
  const overlap = findOverlap(shifts)
  if (overlap === undefined) return
  const [first, second] = overlap
  const message = `the shift overlaps with "${first.id}" (${first.start} to ${first.end})`
  report.add([...(paths.get(second) ?? []), 'start'], second.start, message, 'end one where the other begins')
}

const day = 24 * 60

function isWithin(pause: TimeOfDaySpan, shift: TimeOfDaySpan): boolean {
  const start = minutesOf(shift.start)
  const after = (time: string): number => (minutesOf(time) - start + day) % day
  const length = after(shift.end) || day
  return after(pause.start) < after(pause.end) && after(pause.end) <= length
}
