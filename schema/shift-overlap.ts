import type { Shift } from './plant.js'

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
