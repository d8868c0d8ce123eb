import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { propertyRuns } from '../../twins/proof/runs.js'
import { inOrder } from './intervals.js'
import { Ledger } from './ledger.js'
import type { LedgerEvent } from './ledger-event.js'
import { LiveLedger } from './live-ledger.js'
import { type Stop, StopCollector } from './stops.js'
import { sumTallies } from './tally.js'
import { aDay, minute, testSetup } from './test-day.js'

/** Six in the morning, when the early shift begins. */
const six = aDay + 6 * 60 * minute
const at = (minutes: number, said: Omit<LedgerEvent, 'time'>): LedgerEvent => ({
  time: six + minutes * minute,
  ...said,
})
const seen = (minutes: number, state: string, reason = 'none'): LedgerEvent =>
  at(minutes, { state, reason, sourceState: '', mode: 'Production' })
const told = (from: number, to: number, downtimeReason: string): LedgerEvent[] => [
  at(from, { downtimeReason }),
  at(to, { isReasonVoid: true }),
]

function shown(events: readonly LedgerEvent[], minutes: number) {
  const stops: Stop[] = []
  const collector = new StopCollector(stop => stops.push(stop))
  const ledger = new Ledger(testSetup(), six, interval => collector.take(interval))
  for (const event of inOrder(events)) ledger.take(event)
  ledger.advance(six + minutes * minute)
  ledger.close()
  collector.close()
  const { time } = sumTallies(ledger.cells().map(({ tally }) => tally))
  return { time, stops: short(stops) }
}
const short = (stops: readonly Stop[]) =>
  stops.map(({ from, to, kind, downtimeReason }) => [
    (from - six) / minute,
    (to - six) / minute,
    kind,
    downtimeReason,
  ])

describe('a reason that somebody told', () => {
  it('holds for its stop and not for the want of parts that follows', () => {
    const events = [
      seen(0, 'Aborted'),
      ...told(0, 10, 'mechanical/bearing'),
      seen(10, 'Suspended', 'starved'),
      seen(30, 'Execute'),
    ]
    const { time, stops } = shown(events, 60)
    expect(stops).toEqual([
      [0, 10, 'breakdown', 'mechanical/bearing'],
      [10, 30, 'starved', ''],
    ])
    expect(time).toMatchObject({ breakdown: 10 * minute, starved: 20 * minute })
  })

  it('holds for its stop and not for the idle time that follows', () => {
    const events = [seen(0, 'Held'), ...told(0, 10, 'tooling/break'), seen(10, 'Idle'), seen(40, 'Execute')]
    expect(shown(events, 60).stops).toEqual([
      [0, 10, 'breakdown', 'tooling/break'],
      [10, 40, 'idle', ''],
    ])
  })

  it('holds on the way back to work, in the repair, and over a break', () => {
    const events = [
      seen(170, 'Aborted'),
      at(170, { downtimeReason: 'changeover/set-up' }),
      at(180, { mode: 'Maintenance' }),
      at(220, { mode: 'Production', state: 'Resetting' }),
      seen(225, 'Execute'),
    ]
    const own = shown(events, 240).stops.filter(([, , kind]) => kind === 'setup')
    expect(own).toEqual([[170, 225, 'setup', 'changeover/set-up']])
  })

  it('is not voided by the end of the stop before it, in whatever order the two were told', () => {
    const states = [seen(0, 'Aborted'), seen(10, 'Suspended', 'starved'), seen(30, 'Execute')]
    const first = told(0, 10, 'mechanical/bearing')
    const second = told(10, 30, 'material/shortage')
    const expected = [
      [0, 10, 'breakdown', 'mechanical/bearing'],
      [10, 30, 'starved', 'material/shortage'],
    ]
    expect(shown([...states, ...first, ...second], 60).stops).toEqual(expected)
    expect(shown([...states, ...second, ...first], 60).stops).toEqual(expected)
    const live = new LiveLedger(testSetup(), six)
    for (const event of [...states, ...second, ...first]) live.take(event)
    expect(short(live.recentStops(six + 60 * minute))).toEqual(expected)
  })

  it('of one part makes two stops of one breakdown, each with its own', () => {
    const events = [
      seen(0, 'Aborted'),
      ...told(0, 10, 'mechanical/bearing'),
      ...told(4, 10, 'electrical/drive'),
      seen(10, 'Execute'),
    ]
    expect(shown(events, 60).stops).toEqual([
      [0, 4, 'breakdown', 'mechanical/bearing'],
      [4, 10, 'breakdown', 'electrical/drive'],
    ])
  })
})

it('a stop that is split as often as one likes, and put together again, changes no figure', () => {
  const minuteOf = fc.integer({ min: 1, max: 599 })
  const reasons = fc.constantFrom('mechanical/bearing', 'electrical/drive', 'tooling/break')
  fc.assert(
    fc.property(minuteOf, minuteOf, fc.array(fc.tuple(fc.nat(), reasons), { maxLength: 6 }), (a, b, cuts) => {
      const [from, to] = [Math.min(a, b), Math.max(a, b) + 1]
      const events = [seen(0, 'Execute'), seen(from, 'Aborted'), seen(to, 'Execute')]
      const pieces = cuts.map(([cut, reason]) => [from + (cut % (to - from)), reason] as const)
      const split = [...events, ...pieces.flatMap(([cut, reason]) => told(cut, to, reason))]
      const { time } = shown(events, 600)
      expect(shown(split, 600).time).toEqual(time)
      // The same of all of it, said of each of its parts.
      const starts = [...new Set([from, ...pieces.map(([cut]) => cut)])]
      const joined = [...split, ...starts.flatMap(start => told(start, to, 'mechanical/bearing'))]
      const whole = [...events, ...told(from, to, 'mechanical/bearing')]
      expect(shown(joined, 600)).toEqual(shown(whole, 600))
    }),
    { numRuns: propertyRuns },
  )
})

it('a pause of the calendar only interrupts a stop: its two sides are one breakdown', () => {
  // The break is from 09:00 to 09:30: four minutes before it and two after are six.
  const { stops, time } = shown([seen(0, 'Execute'), seen(176, 'Aborted'), seen(212, 'Execute')], 240)
  expect(stops).toEqual([[176, 212, 'breakdown', '']])
  expect(time).toMatchObject({ breakdown: 6 * minute, minorStop: 0, planned: 30 * minute })
})
