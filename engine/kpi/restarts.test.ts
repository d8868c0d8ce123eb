import fc from 'fast-check'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { Entry } from '../../schema/records.js'
import type { MachineCell } from '../../workers/kpi/roll-up.js'
import { calendarTime, sumTallies } from '../../workers/kpi/tally.js'
import { KpiBook } from './kpi-book.js'
import { change, KpiGround, minute, morning, parts, six } from './test-ground.js'

// A database is started here; on a busy machine that takes a while.
const isSoak = process.env.GEMBA_SOAK !== undefined
vi.setConfig({ testTimeout: isSoak ? 3_600_000 : 120_000 })

let common: KpiGround
beforeAll(async () => {
  common = await KpiGround.open()
})
afterAll(() => common?.close())

const day = 24 * 60 * minute
/** Older than a week are the first hours. */
const [begin, now] = [six - 2 * day, six + 8 * day]

const states = (machine: string, ...told: readonly [time: number, state: string][]): Entry => ({
  source: 's',
  stateChanges: told.map(([time, state]) => change(machine, time, state)),
})

const entered = (machine: string, ts: number, quantity: number, counted: boolean): Entry => {
  const row = { machine, ts, id: `${machine} ${ts}`, kind: 'scrap', quantity, counted }
  const said = { category: '', reason: '', product: '', order: '', operator: 'Ada', comment: '' }
  return { source: 'operators', rows: { scrap_events: [{ ...row, ...said }] } }
}

/** All that a book says of a machine up to now, hour by hour. */
async function figures(book: KpiBook, machine: string, from = begin) {
  const cells = await book.cells([machine], from, now)
  const unheard = book.unheard([machine], from, now).ms
  expect(calendarTime(sumTallies(cells.map(({ tally }) => tally))) + unheard).toBe(now - from)
  return { unheard, hours: cells.map(plain).sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)) }
}

const plain = ({ hour, shift, product, order, tally }: Omit<MachineCell, 'machine'>) => ({
  ...{ hour, shift, product, order, time: tally.time },
  made: [...tally.made],
  overtime: tally.overtimeParts,
})
const keyOf = ({ hour, shift }: { readonly hour: number; readonly shift: string }): string =>
  `${hour} ${shift}`

it('reads back all of a machine of which no hour is written, however old it is, and writes it down with its parts', async () => {
  const { open, tell, goTo, settle } = common.floor(['old-1'])
  const book = open()
  await book.start()
  goTo(book, now)
  for (const entry of morning('old-1')) tell(book, entry)
  const before = await figures(book, 'old-1')
  expect(before.hours.flatMap(({ made }) => made.map(([, { produced }]) => produced))).toEqual([90, 30])
  // Killed before a minute is over.
  const next = open()
  await next.start()
  expect(next.isRecomputing(['old-1'], now)).toBe(false)
  expect(await figures(next, 'old-1')).toEqual(before)
  await settle(next)
  expect(await figures(next, 'old-1')).toEqual(before)
  const last = open()
  await last.start()
  expect(await figures(last, 'old-1')).toEqual(before)
  const [written] = await common.store.query<{ produced: number }>(
    "SELECT sum(produced) AS produced FROM gemba.fact_oee WHERE machine = 'old-1'",
  )
  expect(written).toEqual({ produced: 120 })
})

it('reads back what was told just before an engine ended of the time before the first hour that is written', async () => {
  const { open, tell, goTo, settle } = common.floor(['before-1'])
  const book = open()
  await book.start()
  goTo(book, now)
  tell(book, states('before-1', [now - 2 * day, 'Execute']))
  goTo(book, now)
  await settle(book)
  // A day and a half of it, no parts among it.
  const early = now - 4 * day
  tell(book, states('before-1', [early, 'Execute'], [early + 600 * minute, 'Aborted']))
  const next = open()
  await next.start()
  const after = await figures(next, 'before-1')
  expect(after.unheard).toBe(early - begin)
  await settle(book)
  expect(await figures(book, 'before-1')).toEqual(after)
})

it('begins a machine’s time again where an entry of the wrong year put it, and counts what was entered', async () => {
  const { open, tell, goTo } = common.floor(['year-1'])
  const book = open()
  await book.start()
  goTo(book, now)
  const wrong = now - 365 * day
  tell(book, states('year-1', [now - day, 'Execute']))
  tell(book, parts('year-1', now - day + minute, 50))
  tell(book, entered('year-1', wrong, 2, false))
  await book.reread()
  const before = await figures(book, 'year-1', wrong - day)
  expect(before.hours[0]).toMatchObject({ made: [[30_000, { scrapped: 2 }]] })
  const next = open()
  await next.start()
  expect(await figures(next, 'year-1', wrong - day)).toEqual(before)
})

it('begins no machine’s time with an entry that only says why its counter has counted rejects, after a start as before it', async () => {
  const { open, tell, goTo, settle } = common.floor(['why-1'])
  const book = open()
  await book.start()
  goTo(book, now)
  for (const entry of morning('why-1')) tell(book, entry)
  tell(book, entered('why-1', six - day, 2, true))
  await settle(book)
  const before = await figures(book, 'why-1')
  expect(before.unheard).toBe(2 * day)
  const next = open()
  await next.start()
  expect(await figures(next, 'why-1')).toEqual(before)
})

it('works out again what a kill cut off while hours were being written anew', async () => {
  const { open, tell, goTo, settle, settlePartly } = common.floor(['cut-off'])
  const book = open()
  await book.start()
  tell(book, states('cut-off', [begin, 'Execute'], [now - day, 'Idle']))
  goTo(book, now)
  await settle(book)
  // It stood for days: its stops are written first, then its hours, of which some are.
  tell(book, states('cut-off', [begin + 300 * minute, 'Aborted'], [now - 2 * day, 'Execute']))
  await book.reread()
  const right = await figures(book, 'cut-off')
  const written = await settlePartly(book, 4)
  expect(written).toBe(60)
  const next = open()
  await next.start()
  expect(await figures(next, 'cut-off')).toEqual(right)
})

it('looks at late readings of counters that came just before an engine ended, be it a week ago', async () => {
  const { plant, clock, open, tell, goTo, settle } = common.floor(['week-1'])
  const book = open()
  await book.start()
  for (const entry of morning('week-1')) tell(book, entry)
  goTo(book, now)
  await settle(book)
  const late = { machine: 'week-1', ts: six, counter: 'processed', parts: 0, total: 3, cause: 'late' }
  tell(book, { source: 's', rows: { production_events: [late] } })
  const wall = { now: () => Date.now() + 7 * day }
  const next = new KpiBook({ plant, store: common.store, clock, wall })
  await next.start()
  expect(next.isRecomputing(['week-1'], now)).toBe(true)
})

/** In minutes. */
const at = fc.integer({ min: 1, max: 10 * 24 * 60 - 1 })
const told = fc.oneof(
  fc.record({ at, state: fc.constantFrom('Execute', 'Aborted', 'Idle', 'Undefined') }),
  fc.record({ at, made: fc.integer({ min: 1, max: 9 }) }),
  fc.record({ at, rejected: fc.integer({ min: 1, max: 9 }), counted: fc.boolean() }),
)
/** What an engine does between two things that it is told: nothing, it writes down, or is killed, perhaps after so many pieces of that. */
const doing = fc.oneof(fc.constantFrom('nothing', 'settle', 'kill'), fc.nat(16))
const lives = fc.array(fc.tuple(told, doing), { minLength: 1, maxLength: 8 })

let livesSoFar = 0

it('says the same after whatever was told in any order over ten days, with kills between, as one that heard it in order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(at, { minLength: 8, maxLength: 8 }), lives, async (times, life) => {
      const place = ++livesSoFar
      const [machine, other] = [`life-${place}`, `order-${place}`]
      const { open, tell, goTo, settle, settlePartly } = common.floor([machine, other])
      const entries = life.map(([what, after], which) => {
        const time = begin + times[which]! * minute
        const entryOf = (of: string): Entry =>
          'state' in what
            ? states(of, [time, what.state])
            : 'made' in what
              ? parts(of, time, what.made)
              : entered(of, time, what.rejected, what.counted)
        return { time, entryOf, after }
      })
      let book = open()
      await book.start()
      goTo(book, now)
      for (const { entryOf, after } of entries) {
        tell(book, entryOf(machine))
        goTo(book, now)
        if (after === 'settle') await settle(book)
        if (typeof after === 'number') await settlePartly(book, after)
        if (after === 'kill' || typeof after === 'number') {
          book = open()
          await book.start()
        }
      }
      await settle(book)
      const last = open()
      await last.start()
      for (const { entryOf } of entries.toSorted((a, b) => a.time - b.time)) tell(last, entryOf(other))
      await last.reread()
      const right = await figures(last, other)
      expect(await figures(book, machine)).toEqual(right)
      expect(await figures(last, machine)).toEqual(right)
    }),
    { numRuns: isSoak ? 300 : 5 },
  )
})
