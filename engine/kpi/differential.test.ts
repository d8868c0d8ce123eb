import fc from 'fast-check'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { Entry } from '../../schema/records.js'
import { kpisOf } from '../../workers/kpi/kpi.js'
import { sumTallies } from '../../workers/kpi/tally.js'
import { change, KpiGround, minute, six } from './test-ground.js'

// A database is started here; on a busy machine that takes a while.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 60_000 })

let common: KpiGround
beforeAll(async () => {
  common = await KpiGround.open()
})
afterAll(() => common?.close())

const numRuns = process.env.GEMBA_SOAK ? 500 : 8
/** Six to four in the afternoon, with the break from nine to half past: minutes from six. */
const end = 600
const busy = [
  [0, 180],
  [210, end],
] as const

/** At 0 each machine is heard of for the first time. */
const second = fc.integer({ min: 1, max: end * 60 - 1 })
const state = fc.constantFrom(
  ...(['Execute', 'Aborted', 'Held', 'Stopped', 'Idle', 'Complete', 'Undefined'] as const).map(
    name => [name, 'none'] as const,
  ),
  ['Suspended', 'starved'] as const,
  ['Suspended', 'blocked'] as const,
  ['Suspended', 'none'] as const,
)
/** Changes of state at times of their own, some told twice, and counts; in any order of arrival. */
const floors = fc
  .record({
    changes: fc.uniqueArray(fc.tuple(second, state), { selector: ([at]) => at, minLength: 1, maxLength: 60 }),
    counts: fc.uniqueArray(fc.tuple(second, fc.integer({ min: 0, max: 9 }), fc.boolean()), {
      selector: ([at]) => at,
      maxLength: 30,
    }),
    again: fc.array(fc.nat(59), { maxLength: 10 }),
  })
  .chain(({ changes, counts, again }) => {
    const twice = again.flatMap(place => changes.slice(place, place + 1))
    const told = [
      { at: 0, name: 'Execute', reason: 'none' } as const,
      ...[...changes, ...twice].map(([at, [name, reason]]) => ({ at, name, reason })),
      ...counts.map(([at, by, isBad], place) => ({ at, by, isBad, total: place + 1 })),
    ]
    return fc.shuffledSubarray(told, { minLength: told.length, maxLength: told.length })
  })

type Told = typeof floors extends fc.Arbitrary<(infer T)[]> ? T : never

const entryOf = (machine: string, told: Told): Entry => {
  const time = six + told.at * 1_000
  if ('name' in told) return { source: 's', stateChanges: [change(machine, time, told.name, told.reason)] }
  const counter = told.isBad ? 'defective' : 'processed'
  const row = { machine, ts: time, counter, parts: told.by, total: told.total, cause: 'count' }
  return { source: 's', rows: { production_events: [row] } }
}

/**
 * The same in plain SQL, by nothing that the ledger uses but the two tables: intervals from one change to the next, cut
 * at the break; own stops in a row are one, and its length says what it was.
 */
const sql = `
  WITH
    changes AS (
      SELECT ts AS at, any(state) AS state, any(reason) AS reason
      FROM gemba.state_changes WHERE machine = {machine:String} GROUP BY ts
    ),
    intervals AS (
      SELECT toInt64(toUnixTimestamp64Milli(at)) AS begin, state, reason,
        toInt64(leadInFrame(toUnixTimestamp64Milli(at), 1, {to:Int64}) OVER (
          ORDER BY at ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)) AS finish
      FROM changes
    ),
    pieces AS (
      SELECT begin, multiIf(state = 'Execute', 'production', state IN ('Idle', 'Complete'), 'idle',
          state = 'Undefined', 'unknown', state = 'Suspended' AND reason != 'none', reason, 'own') AS what,
        greatest(0, least(finish, span[2]) - greatest(begin, span[1])) AS ms
      FROM intervals ARRAY JOIN {busy:Array(Array(Int64))} AS span
    ),
    -- A break within a stop does not end it, even where the stop ends within the break.
    marked AS (
      SELECT *, what != 'own' OR lagInFrame(what, 1, '') OVER (
        ORDER BY begin ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) != 'own' AS is_new
      FROM (SELECT begin, any(what) AS what, sum(ms) AS ms FROM pieces GROUP BY begin)
    ),
    stops AS (
      SELECT any(what) AS what, sum(ms) AS ms
      FROM (SELECT *, sum(is_new) OVER (ORDER BY begin) AS island FROM marked) GROUP BY island
    ),
    made AS (
      SELECT counter, sum(e.parts) AS parts FROM gemba.production_events AS e
      WHERE machine = {machine:String}
        AND arrayExists(span -> toUnixTimestamp64Milli(ts) >= span[1] AND toUnixTimestamp64Milli(ts) < span[2],
          {busy:Array(Array(Int64))})
      GROUP BY counter
    )
  SELECT
    toFloat64(sumIf(ms, what = 'production')) AS production,
    toFloat64(sumIf(ms, what = 'own' AND ms >= 300000)) AS breakdown,
    toFloat64(sumIf(ms, what = 'own' AND ms < 300000)) AS minorStop,
    toFloat64(sumIf(ms, what = 'starved')) AS starved,
    toFloat64(sumIf(ms, what = 'blocked')) AS blocked,
    toFloat64(sumIf(ms, what = 'idle')) AS idle,
    toFloat64(sumIf(ms, what = 'unknown')) AS unknown,
    (SELECT sum(parts) FROM made WHERE counter = 'processed') AS produced,
    (SELECT sum(parts) FROM made WHERE counter = 'defective') AS scrapped,
    if(production = 0, NULL, 30000 * produced / production) AS effectiveness,
    production + breakdown + minorStop + starved + blocked + idle AS pbt,
    if(pbt = 0, NULL, 30000 * (produced - scrapped) / pbt) AS oee
  FROM stops`

let machines = 0

it('figures of any floor are those of plain SQL over the tables, whatever came late, twice or out of order', async () => {
  await fc.assert(
    fc.asyncProperty(floors, async told => {
      const machine = `diff-${++machines}`
      const { open, tell, goTo, settle } = common.floor([machine])
      const book = open()
      await book.start()
      // Half of it in the morning, half when the day is nearly over: much of it comes hours late.
      const half = Math.floor(told.length / 2)
      goTo(book, six + 60 * minute)
      const early = told.filter(({ at }, place) => place < half && at < 60 * 60)
      for (const each of early) tell(book, entryOf(machine, each))
      goTo(book, six + (end - 1) * minute)
      for (const each of told) if (!early.includes(each)) tell(book, entryOf(machine, each))
      goTo(book, six + end * minute)
      await settle(book)

      const spans = busy.map(([from, to]) => [six + from * minute, six + to * minute])
      const [bySql] = await common.store.query<Record<string, number | null>>(sql, {
        machine,
        to: six + end * minute,
        busy: spans,
      })
      const tally = sumTallies((await book.cells([machine], six, six + end * minute)).map(cell => cell.tally))
      const { production, breakdown, minorStop, starved, blocked, idle, unknown } = tally.time
      const times = { production, breakdown, minorStop, starved, blocked, idle, unknown }
      const [made = { produced: 0, scrapped: 0 }] = tally.made.values()
      const { ratios } = kpisOf(tally)
      const { produced, scrapped } = made
      expect({ ...times, produced, scrapped }).toEqual({
        ...Object.fromEntries(Object.keys(times).map(name => [name, bySql![name]])),
        produced: bySql!.produced ?? 0,
        scrapped: bySql!.scrapped ?? 0,
      })
      const close = (value: number | null | undefined) =>
        value === null || value === undefined ? null : expect.closeTo(value, 9)
      expect(ratios).toMatchObject({ oee: close(bySql!.oee), effectiveness: close(bySql!.effectiveness) })
    }),
    { numRuns },
  )
})
