import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Plant } from '../../schema/plant.js'
import type { Entry, StateChange } from '../../schema/records.js'
import { kpisOf } from '../../workers/kpi/kpi.js'
import { type MachineCell, rollUp } from '../../workers/kpi/roll-up.js'
import { sumTallies, type Tally } from '../../workers/kpi/tally.js'
import { createPool, type WorkerPool } from '../../workers/pool.js'
import { openStore, type Store } from '../store/store.js'
import { KpiBook } from './kpi-book.js'
import { recordSettled } from './kpi-keeper.js'

// A database is started here; on a busy machine that takes a while.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })

const minute = 60_000
/** Six in the morning of a Monday in Berlin. */
const six = Date.UTC(2026, 2, 23, 5)

let folder: string
let store: Store
let pool: WorkerPool

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gemba-kpis-'))
  pool = createPool({ maxThreads: 1 })
  store = await openStore({ dataDir: folder, logger: pino({ level: 'silent' }), wall: Date, pool })
})
afterAll(async () => {
  await store?.close()
  await pool?.close()
  rmSync(folder, { recursive: true, force: true })
})

function plantOf(machines: readonly string[]): Plant {
  const line = {
    id: 'line-1',
    name: 'Line 1',
    kind: 'machining',
    machines: machines.map(id => ({
      id,
      name: id,
      type: 'mill',
      source: 's',
      feeds: [],
      idealCycleTime: 30,
      signals: [],
    })),
  }
  return {
    name: 'p',
    enterprise: 'e',
    sites: [
      {
        id: 'here',
        name: 'Here',
        timeZone: 'Europe/Berlin',
        areas: [{ id: 'hall', name: 'Hall', lines: [line] }],
      },
    ],
    sources: [],
    machineTypes: [],
    shifts: [
      {
        id: 'early',
        name: 'Early',
        site: 'here',
        start: '06:00',
        end: '14:00',
        days: [1, 2, 3, 4, 5],
        breaks: [{ start: '09:00', end: '09:30' }],
      },
      { id: 'late', name: 'Late', site: 'here', start: '14:00', end: '22:00', days: [1, 2, 3, 4, 5] },
    ],
    products: [],
    customers: [],
    crews: [],
    stateMaps: {},
  }
}

const change = (machine: string, time: number, state: string, reason = 'none'): StateChange => ({
  machine,
  time,
  state,
  mode: 'Production',
  reason,
  sourceState: state.toLowerCase(),
  observed: true,
})

let total = 0
const parts = (machine: string, time: number, by: number, counter = 'processed'): Entry => {
  total += by
  return {
    source: 's',
    rows: { production_events: [{ machine, ts: time, counter, parts: by, total, cause: 'count' }] },
  }
}

/** A book with a clock of its own over the common store; what it is told goes into both, as in the engine. */
function ground(machines: readonly string[], start = six) {
  let now = start
  const clock = { now: () => now }
  let computed = 0
  const open = () =>
    new KpiBook({ plant: plantOf(machines), store, pool, clock, wall: { now: () => ++computed } })
  const tell = (book: KpiBook, entry: Entry): void => {
    store.append(entry)
    book.take(entry)
  }
  return {
    open,
    tell,
    goTo: (book: KpiBook, time: number) => {
      now = time
      book.advance()
    },
    settle: async (book: KpiBook) => {
      await book.reread()
      recordSettled(book, entry => tell(book, entry))
      await store.flush()
    },
  }
}

const whole = (cells: Iterable<MachineCell>): Tally => {
  const tally = sumTallies([...cells].map(cell => cell.tally))
  return { ...tally, made: new Map([...tally.made].sort()) }
}

/** A morning with a breakdown, a minor stop, a wait for parts, scrap, and a break. */
const morning = (machine: string): Entry[] => [
  { source: 's', stateChanges: [change(machine, six, 'Execute')] },
  parts(machine, six + 50 * minute, 90),
  { source: 's', stateChanges: [change(machine, six + 60 * minute, 'Aborted')] },
  { source: 's', stateChanges: [change(machine, six + 80 * minute, 'Execute')] },
  parts(machine, six + 100 * minute, 30),
  parts(machine, six + 100 * minute, 4, 'defective'),
  { source: 's', stateChanges: [change(machine, six + 110 * minute, 'Held')] },
  { source: 's', stateChanges: [change(machine, six + 113 * minute, 'Execute')] },
  { source: 's', stateChanges: [change(machine, six + 150 * minute, 'Suspended', 'starved')] },
  { source: 's', stateChanges: [change(machine, six + 160 * minute, 'Execute')] },
]

describe('the book of figures', () => {
  it('says the same of the present shift live, after a restart, and by plain SQL over the database', async () => {
    const { open, tell, goTo, settle } = ground(['live-1'])
    const book = open()
    await book.start()
    for (const entry of morning('live-1')) tell(book, entry)
    const now = six + 200 * minute
    goTo(book, now)
    const live = await book.cells(['live-1'], six, now)
    const { ratios } = kpisOf(whole(live))
    // By hand: 200 min, 20 of them break; 20 down, 3 stopped, 10 starved; 120 parts of 30 s, 4 of them bad.
    expect(whole(live).time).toMatchObject({
      production: (200 - 20 - 20 - 3 - 10) * minute,
      breakdown: 20 * minute,
      minorStop: 3 * minute,
      starved: 10 * minute,
      planned: 0,
      overtime: 20 * minute,
    })
    expect(ratios.oee).toBeCloseTo((116 * 30) / (180 * 60), 12)

    await settle(book)
    const again = open()
    await again.start()
    goTo(again, now)
    expect(whole(await again.cells(['live-1'], six, now))).toEqual(whole(live))
    const written = await store.query<{ n: number }>(
      "SELECT toUInt32(count()) AS n FROM gemba.oee_hourly WHERE machine = 'live-1' AND production > 0",
    )
    expect(written[0]!.n).toBeGreaterThan(1)

    const bySql = await store.query<{ name: string; seconds: number }>(
      `SELECT if(state = 'Execute', 'production', source_state) AS name,
        sum(dateDiff('millisecond', greatest(start, {from:DateTime64(3)}), least(ifNull(end, {to:DateTime64(3)}), {to:DateTime64(3)}))) / 1000 AS seconds
      FROM gemba.state_intervals WHERE machine = 'live-1' AND start < {to:DateTime64(3)} GROUP BY name`,
      { from: sqlTime(six), to: sqlTime(now) },
    )
    const sql = Object.fromEntries(bySql.map(({ name, seconds }) => [name, seconds]))
    expect(sql).toEqual({ production: 147 * 60 + 20 * 60, aborted: 1_200, held: 180, suspended: 600 })
  })

  it('answers for any stretch of time with the sum of its parts, whether written, live or cut within an hour', async () => {
    const { open, tell, goTo, settle } = ground(['cut-1', 'cut-2'])
    const book = open()
    await book.start()
    for (const machine of ['cut-1', 'cut-2']) for (const entry of morning(machine)) tell(book, entry)
    const now = six + 290 * minute
    goTo(book, now)
    await settle(book)
    const all = whole(await book.cells(['cut-1', 'cut-2'], six, now))
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: six, max: now }), { maxLength: 3 }), async cuts => {
        const bounds = [six, ...cuts, now].sort((a, b) => a - b)
        const pieces = await Promise.all(
          bounds.slice(1).map((to, place) => book.cells(['cut-1', 'cut-2'], bounds[place]!, to)),
        )
        expect(whole(pieces.flat())).toEqual(all)
      }),
      { numRuns: process.env.GEMBA_SOAK ? 200 : 12 },
    )
    const byMachine = rollUp(await book.cells(['cut-1', 'cut-2'], six, now), ({ machine }) => machine)
    expect(sumTallies(byMachine.values()).time).toEqual(all.time)
  })

  it('works out anew what a late change touches, and writes those hours again', async () => {
    const { open, tell, goTo, settle } = ground(['late-1'])
    const book = open()
    await book.start()
    for (const entry of morning('late-1')) tell(book, entry)
    const now = six + 290 * minute
    goTo(book, now)
    await settle(book)
    const before = whole(await book.cells(['late-1'], six, now))
    // Four hours late: it had stood still for ten minutes more.
    tell(book, { source: 's', stateChanges: [change('late-1', six + 50 * minute, 'Aborted')] })
    await settle(book)
    await settle(book)
    const after = whole(await book.cells(['late-1'], six, now))
    expect(after.time.breakdown - before.time.breakdown).toBe(10 * minute)
    expect(before.time.production - after.time.production).toBe(10 * minute)
    const again = open()
    await again.start()
    goTo(again, now)
    expect(whole(await again.cells(['late-1'], six, now))).toEqual(after)
  })
})

const sqlTime = (time: number): string => new Date(time).toISOString().replace('T', ' ').replace('Z', '')
