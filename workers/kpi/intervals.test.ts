import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Calendar } from '../../schema/calendar.js'
import { propertyRuns } from '../../twins/proof/runs.js'
import { eventOf, inOrder, partition } from './intervals.js'
import { kpisOf } from './kpi.js'
import { Ledger, type LedgerSetup } from './ledger.js'
import type { LedgerEvent } from './ledger-event.js'
import { waterfallOf } from './losses.js'
import { addTally, calendarTime, emptyTally, sumTallies, type Tally } from './tally.js'
import { aDay, eventsOf, minute, testSetup } from './test-day.js'

const from = aDay
const to = aDay + 24 * 60 * minute

/** The tally of a window, from all events. */
function tallyOf(setup: LedgerSetup, events: readonly LedgerEvent[], window = { from, to }): Tally {
  const ordered = inOrder(events)
  const ledger = new Ledger({ ...setup, window }, Math.min(from, ordered[0]?.time ?? from))
  for (const event of ordered) ledger.take(event)
  ledger.advance(Math.max(window.to, ledger.head))
  return sumTallies(ledger.cells().map(({ tally }) => tally))
}

const plain = (tally: Tally) => ({ ...tally, made: [...tally.made].sort(([a], [b]) => a - b) })

describe('the partition of a machine’s time', () => {
  it('has no gap and no overlap, whatever comes late, twice, out of order or not at all', () => {
    fc.assert(
      fc.property(eventsOf({ from: from - 60 * minute, to: to + 60 * minute }), events => {
        const intervals = partition(testSetup(), events, from, to)
        expect(intervals[0]?.from).toBe(from)
        expect(intervals.at(-1)?.to).toBe(to)
        for (const [place, interval] of intervals.entries()) {
          expect(interval.from).toBeLessThan(interval.to)
          if (place > 0) expect(interval.from).toBe(intervals[place - 1]!.to)
        }
      }),
      { numRuns: propertyRuns },
    )
  })

  it('is the same in whatever order and however often the events come', () => {
    const shuffled = eventsOf({ from, to, isDistinct: true }).chain(events =>
      fc.tuple(
        fc.constant(events),
        fc.shuffledSubarray(events, { minLength: events.length, maxLength: events.length }),
        fc.subarray(events.filter(({ made }) => made === undefined)),
      ),
    )
    fc.assert(
      fc.property(shuffled, ([events, mixed, again]) => {
        const once = partition(testSetup(), events, from, to)
        expect(partition(testSetup(), [...mixed, ...again], from, to)).toEqual(once)
      }),
      { numRuns: propertyRuns },
    )
  })

  it('says what held at its beginning, and takes a stop for as long as it lasted, not as long as it is shown', () => {
    const events: LedgerEvent[] = [
      {
        time: from - 10 * minute,
        state: 'Aborted',
        reason: 'none',
        sourceState: 'fault',
        mode: 'Production',
      },
      { time: from + 2 * minute, state: 'Execute', reason: 'none', sourceState: 'running' },
    ]
    const [first] = partition(testSetup({ isAlwaysBusy: true }), events, from, from + minute)
    expect(first).toMatchObject({ from, to: from + minute, sourceState: 'fault', timeClass: 'breakdown' })
  })

  it('carries a mode that was told alone, and a state that was', () => {
    const change = { machine: 'm', reason: 'none', sourceState: '', observed: true }
    const events = [
      eventOf({ ...change, time: from, state: 'Execute', mode: '' }),
      eventOf({ ...change, time: from + 1, state: '', mode: 'Manual' }),
    ]
    const classes = partition(testSetup({ isAlwaysBusy: true }), events, from, from + 2)
    expect(classes.map(({ state, mode, timeClass }) => [state, mode, timeClass])).toEqual([
      ['Execute', '', 'production'],
      ['Execute', 'Manual', 'setup'],
    ])
  })
})

describe('a tally', () => {
  it('is the sum of those of its parts, wherever the time is cut', () => {
    const cut = fc.tuple(
      eventsOf({ from: from - 60 * minute, to }),
      fc.array(fc.integer({ min: from, max: to })),
    )
    fc.assert(
      fc.property(cut, ([events, cuts]) => {
        const bounds = [from, ...cuts, to].sort((a, b) => a - b)
        const sum = emptyTally()
        for (const [place, begin] of bounds.slice(0, -1).entries())
          addTally(sum, tallyOf(testSetup(), events, { from: begin, to: bounds[place + 1]! }))
        expect(plain(sum)).toEqual(plain(tallyOf(testSetup(), events)))
      }),
      { numRuns: propertyRuns },
    )
  })

  it('does not change when a state is said again in its middle, and covers all of the time', () => {
    const repeated = fc.tuple(eventsOf({ from, to }), fc.array(fc.integer({ min: from, max: to - 1 })))
    fc.assert(
      fc.property(repeated, ([events, times]) => {
        const ordered = inOrder(events)
        const repeats = times.flatMap((time): LedgerEvent[] => {
          const held = ordered.findLast(event => event.time <= time && event.state !== undefined)
          if (held === undefined) return []
          const { state, reason, sourceState } = held
          return [{ time, state: state!, reason: reason!, sourceState: sourceState! }]
        })
        const tally = tallyOf(testSetup(), [...ordered, ...repeats])
        expect(plain(tally)).toEqual(plain(tallyOf(testSetup(), events)))
        expect(calendarTime(tally)).toBe(to - from)
      }),
      { numRuns: propertyRuns },
    )
  })

  it('gives times that obey ISO 22400-2, and losses that add up to the last millisecond', () => {
    fc.assert(
      fc.property(eventsOf({ from, to }), events => {
        const tally = tallyOf(testSetup(), events)
        const fall = waterfallOf(tally)
        const { losses } = fall
        expect(fall.calendar - fall.unscheduled - fall.planned - fall.unknown - fall.overtime).toBe(
          fall.plannedBusy,
        )
        expect(fall.plannedBusy - losses.breakdowns - losses.setup - losses.minorStops).toBe(fall.running)
        expect(fall.running - losses.reducedSpeed).toBe(fall.netRunning)
        expect(fall.netRunning - losses.processDefects - losses.startUpRejects).toBe(fall.fullyProductive)
        const { ratios } = kpisOf(tally)
        const { availability, effectiveness, qualityRatio, oee } = ratios
        if (availability !== null && effectiveness !== null && qualityRatio !== null)
          expect(oee).toBeCloseTo(availability * effectiveness * qualityRatio, 10)
      }),
      { numRuns: propertyRuns },
    )
  })
})

describe('a ledger', () => {
  it('gives the same to the last digit, advanced each second or each event', () => {
    const walks = fc.tuple(eventsOf({ from, to }), fc.array(fc.integer({ min: from, max: to })), fc.nat(50))
    fc.assert(
      fc.property(walks, ([events, looks, copyAt]) => {
        const ordered = inOrder(events)
        const end = Math.max(to, ordered.at(-1)?.time ?? to)
        const straight = new Ledger(testSetup(), from)
        for (const event of ordered) straight.take(event)
        straight.advance(end)

        let watched = new Ledger(testSetup(), from)
        const steps = [
          ...ordered.map(event => ({ time: event.time, event })),
          ...looks.map(time => ({ time, event: undefined })),
        ].sort((a, b) => a.time - b.time)
        for (const [place, { time, event }] of steps.entries()) {
          if (event === undefined) watched.advance(time)
          else watched.take(event)
          watched.cells()
          if (place === copyAt) watched = watched.copy()
        }
        watched.advance(end)
        const shown = (ledger: Ledger) =>
          ledger
            .cells()
            .map(cell => ({ ...cell, tally: plain(cell.tally) }))
            .filter(({ tally }) => calendarTime({ ...tally, made: new Map() }) > 0 || tally.made.length > 0)
        expect(shown(watched)).toEqual(shown(straight))
      }),
      { numRuns: propertyRuns },
    )
  })

  it('refuses an ideal cycle of zero and time that runs backwards', () => {
    const calendar = new Calendar({ timeZone: 'UTC', shifts: [] })
    expect(() => new Ledger({ ...testSetup(), calendar, idealMs: () => 0 }, 0)).toThrow(
      /ideal cycle time is 0 ms; it must be greater than 0/,
    )
    const ledger = new Ledger(testSetup(), from)
    expect(() => ledger.advance(from - 1)).toThrow(/begin anew from an earlier time/)
  })
})
