import type { Calendar } from '../../schema/calendar.js'
import type { Stop } from './stops.js'

/** How much of a stop lies in a stretch of time, ms of planned busy time: a stop over its border counts in part. */
export function busyWithin(
  stop: Pick<Stop, 'from' | 'to' | 'busyMs'>,
  calendar: Pick<Calendar, 'between'>,
  from: number,
  to: number,
): number {
  if (stop.from >= from && stop.to <= to) return stop.busyMs
  let busyMs = 0
  for (const span of calendar.between(Math.max(from, stop.from), Math.min(to, stop.to)))
    if (span.plan === 'busy') busyMs += span.to - span.from
  return busyMs
}
