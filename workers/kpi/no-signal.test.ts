import { expect, it } from 'vitest'
import { partition } from './intervals.js'
import { kpisOf } from './kpi.js'
import { Ledger } from './ledger.js'
import { sumTallies } from './tally.js'
import { aDay, minute, testSetup } from './test-day.js'

const at = (hour: number): number => aDay + hour * 60 * minute

it('no signal is a class of its own in a shift, and gives way to not scheduled and to breaks outside of it', () => {
  // Early shift from 6 with a break from 9 to 9:30, late shift to 22.
  const events = [
    { time: at(4), state: 'Execute', reason: 'none' },
    { time: at(5), state: 'Undefined', reason: 'none' },
    { time: at(21), state: 'Execute', reason: 'none' },
    { time: at(21.5), state: 'Undefined', reason: 'none' },
  ]
  const intervals = partition(testSetup(), events, at(4), at(24))
  expect(intervals.map(({ from, timeClass }) => [(from - aDay) / 60 / minute, timeClass])).toEqual([
    [4, 'overtime'],
    [5, 'unscheduled'],
    [6, 'unknown'],
    [9, 'planned'],
    [9.5, 'unknown'],
    [14, 'unknown'],
    [21, 'production'],
    [21.5, 'unknown'],
    [22, 'unscheduled'],
  ])
  const ledger = new Ledger(testSetup(), at(4))
  for (const event of events) ledger.take(event)
  ledger.advance(at(24))
  const tally = sumTallies(ledger.cells().map(cell => cell.tally))
  expect(tally.time).toMatchObject({ unknown: 15 * 60 * minute, breakdown: 0, minorStop: 0 })
  expect(kpisOf(tally)).toMatchObject({ ratios: { availability: 1 }, flags: ['timeUnknown', 'overtime'] })
  expect(kpisOf(tally, { unknownTime: 'loss' }).ratios.availability).toBeCloseTo(0.5 / 15.5, 12)
})
