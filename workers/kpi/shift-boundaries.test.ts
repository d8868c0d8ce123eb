import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Calendar } from '../../schema/calendar.js'
import { propertyRuns } from '../../twins/proof/runs.js'
import { inOrder } from './intervals.js'
import { Ledger, type LedgerSetup } from './ledger.js'
import { rollUp } from './roll-up.js'
import { calendarTime, emptyTally, sumTallies } from './tally.js'
import { eventsOf } from './test-day.js'

const hour = 3_600_000
const shift = { site: 's', days: [1, 2, 3, 4, 5, 6, 7] }
const shifts = [
  { ...shift, id: 'early', name: 'Early', start: '06:00', end: '14:00' },
  { ...shift, id: 'late', name: 'Late', start: '14:00', end: '22:00' },
  { ...shift, id: 'night', name: 'Night', start: '22:00', end: '06:00' },
]

/** The night in which the clock changes, from six in the evening; a shift of 7 hours, and one of 9. */
const nights = [
  { name: 'summer time', from: Date.UTC(2026, 2, 28, 17), night: 'night@2026-03-28', hours: 7 },
  { name: 'winter time', from: Date.UTC(2026, 9, 24, 16), night: 'night@2026-10-24', hours: 9 },
]

it.each(nights)(
  'over the change to $name shifts and hours add up to the whole, and the night has $hours hours',
  ({ from, night, hours }) => {
    const to = from + 24 * hour
    const setup: LedgerSetup = {
      calendar: new Calendar({ timeZone: 'Europe/Berlin', shifts }),
      idealMs: () => 30_000,
      breakdownFromMs: 300_000,
      warmUpMs: 600_000,
    }
    fc.assert(
      fc.property(eventsOf({ from, to: to - 1_000 }), events => {
        const ledger = new Ledger(setup, from)
        for (const event of inOrder(events)) ledger.take(event)
        ledger.advance(to)
        const cells = ledger.cells().map(cell => ({ ...cell, machine: 'm' }))
        const whole = sumTallies(cells.map(({ tally }) => tally))
        const byShift = rollUp(cells, cell => cell.shift)
        const byHour = rollUp(cells, cell => String(cell.hour))
        for (const groups of [byShift, byHour]) expect(sumTallies(groups.values())).toEqual(whole)
        expect(calendarTime(whole)).toBe(24 * hour)
        expect(calendarTime(byShift.get(night) ?? emptyTally())).toBe(hours * hour)
        for (const tally of byHour.values()) expect(calendarTime(tally)).toBeLessThanOrEqual(hour)
      }),
      { numRuns: propertyRuns },
    )
  },
)
