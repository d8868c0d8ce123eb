import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { propertyRuns } from '../../twins/proof/runs.js'
import type { Cell } from './cell.js'
import { inOrder } from './intervals.js'
import { Ledger } from './ledger.js'
import type { LedgerEvent } from './ledger-event.js'
import { LiveLedger } from './live-ledger.js'
import { calendarTime, sumTallies } from './tally.js'
import { aDay, eventsOf, minute, testSetup } from './test-day.js'

const from = aDay + 5 * 60 * minute
const to = from + 10 * 60 * minute

/** Cells by what they are for, without those that nothing is in. */
function shown(cells: readonly Cell[]) {
  return cells
    .filter(({ tally }) => calendarTime(tally) > 0 || tally.made.size > 0 || tally.overtimeParts > 0)
    .map(cell => ({ ...cell, tally: { ...cell.tally, made: [...cell.tally.made] } }))
    .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
}

function fromHistory(events: readonly LedgerEvent[], now: number): Cell[] {
  const ledger = new Ledger(testSetup(), from)
  for (const event of inOrder(events)) ledger.take(event)
  ledger.advance(Math.max(now, ledger.head))
  return ledger.cells()
}

/** Events in the order in which they come in: each up to ten minutes after its time. */
const arrivals = eventsOf({ from, to }).chain(events =>
  fc
    .array(fc.integer({ min: 0, max: 10 * minute }), { minLength: events.length, maxLength: events.length })
    .map(delays =>
      events
        .map((event, place) => ({ event, arrival: event.time + delays[place]! }))
        .sort((a, b) => a.arrival - b.arrival),
    ),
)

describe('a live ledger', () => {
  it('shows what one would from history, to the last digit, at any moment, however late its events come', () => {
    fc.assert(
      fc.property(
        arrivals,
        fc.array(fc.integer({ min: from, max: to }), { maxLength: 5 }),
        (coming, looks) => {
          const live = new LiveLedger(testSetup(), from)
          const seen: LedgerEvent[] = []
          const earlier: { readonly cells: readonly Cell[]; readonly as: unknown }[] = []
          const steps = [
            ...coming.map(({ event, arrival }) => ({ now: arrival, event })),
            // Twice in a row, too: the second goes on from the first.
            ...looks.flatMap(now => [now, now + minute / 2].map(at => ({ now: at, event: undefined }))),
            { now: to + 11 * minute, event: undefined },
          ].sort((a, b) => a.now - b.now)
          for (const { now, event } of steps) {
            live.advance(now)
            if (event === undefined) {
              const anew = shown(fromHistory(seen, now))
              const isFirstHalf = ({ hour }: Cell) => hour < (from + to) / 2
              const sum = live.tally(now, isFirstHalf)
              const cells = live.cells(now)
              expect(shown(cells)).toEqual(anew)
              const wanted = cells.filter(isFirstHalf).map(({ tally }) => tally)
              expect(sum).toEqual(wanted.length === 0 ? undefined : sumTallies(wanted))
              earlier.push({ cells, as: anew })
              continue
            }
            seen.push(event)
            expect(live.take(event)).toBe(true)
          }
          // What was shown is not changed by what came after it.
          for (const { cells, as } of earlier) expect(shown(cells)).toEqual(as)
        },
      ),
      { numRuns: propertyRuns },
    )
  })

  it('shows what was before a moment that has passed, as one from history would that counts nothing after it', () => {
    fc.assert(
      fc.property(arrivals, fc.integer({ min: 0, max: 40 * minute }), (coming, ago) => {
        const live = new LiveLedger(testSetup(), from)
        for (const { event, arrival } of coming) {
          live.advance(arrival)
          live.take(event)
        }
        const now = Math.max(to, ...coming.map(({ arrival }) => arrival))
        live.advance(now)
        const until = now - ago
        const cells = live.cellsUntil(until, now)
        expect(cells === undefined).toBe(until < live.settledUpTo)
        if (cells === undefined) return
        const window = { from: Number.NEGATIVE_INFINITY, to: until }
        const ledger = new Ledger({ ...testSetup(), window }, from)
        for (const event of inOrder(coming.map(({ event }) => event))) ledger.take(event)
        ledger.advance(Math.max(now, ledger.head))
        expect(shown(cells)).toEqual(shown(ledger.cells()))
      }),
      { numRuns: propertyRuns },
    )
  })

  it('gives hours away only when nothing can change them but what is too late', () => {
    fc.assert(
      fc.property(arrivals, coming => {
        const live = new LiveLedger(testSetup(), from)
        const given = new Map<string, unknown>()
        for (const { event, arrival } of coming) {
          live.advance(arrival)
          live.take(event)
          for (const cell of shown(live.settledCells())) {
            const key = `${cell.hour} ${cell.shift} ${cell.product} ${cell.order}`
            given.set(key, given.get(key) ?? cell)
          }
        }
        const last = shown(
          fromHistory(
            coming.map(({ event }) => event),
            to + 20 * minute,
          ),
        )
        for (const cell of given.values()) expect(last).toContainEqual(cell)
      }),
      { numRuns: propertyRuns },
    )
  })

  it('refuses what is older than it remembers', () => {
    const live = new LiveLedger(testSetup(), from)
    live.advance(from + 60 * minute)
    expect(live.take({ time: from + minute, state: 'Held' })).toBe(false)
    expect(live.take({ time: from + 50 * minute, state: 'Held' })).toBe(true)
  })
})
