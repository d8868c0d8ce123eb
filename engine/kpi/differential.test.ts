import fc from 'fast-check'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { Entry } from '../../schema/records.js'
import { kpisOf } from '../../workers/kpi/kpi.js'
import { rollUp } from '../../workers/kpi/roll-up.js'
import { sumTallies } from '../../workers/kpi/tally.js'
import { DowntimeRegister } from './downtime-register.js'
import type { KpiBook } from './kpi-book.js'
import { findScope } from './scope.js'
import { change, KpiGround, minute, six } from './test-ground.js'

// A database is started here; on a busy machine that takes a while.
const isSoak = process.env.GEMBA_SOAK !== undefined
vi.setConfig({ testTimeout: isSoak ? 3_600_000 : 300_000 })

let common: KpiGround
beforeAll(async () => {
  common = await KpiGround.open()
})
afterAll(() => common?.close())

const numRuns = isSoak ? 500 : 5
/** Six to four in the afternoon, with the break from nine to half past: minutes from six. */
const end = 600
const busy = [
  [0, 180],
  [210, 460],
  [460, end],
] as const
/** When the early shift ends: not on the hour. */
const handover = 460
const shifts = [
  {
    id: 'early',
    name: 'Early',
    site: 'here',
    start: '06:00',
    end: '13:40',
    days: [1, 2, 3, 4, 5],
    breaks: [{ start: '09:00', end: '09:30' }],
  },
  { id: 'late', name: 'Late', site: 'here', start: '13:40', end: '22:00', days: [1, 2, 3, 4, 5] },
]

/** At 0 each machine is heard of for the first time. */
const second = fc.integer({ min: 1, max: end * 60 - 1 })
const state = fc.constantFrom(
  ...(['Execute', 'Aborted', 'Held', 'Stopped', 'Idle', 'Complete', 'Undefined'] as const).map(
    name => [name, 'none'] as const,
  ),
  ['Suspended', 'starved'] as const,
  ['Suspended', 'blocked'] as const,
  ['Suspended', 'none'] as const,
  ['Suspending', 'none'] as const,
  ['Unsuspending', 'none'] as const,
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
 * The same in plain SQL, by nothing that the ledger uses but its tables: intervals from one change to the next, cut at
 * hours, shifts and the break; own stops in a row are one, and its length says what it was. A wait is for what was said in it last, and the
 * way into it for what is said next. What somebody said holds
 * for the stop that it was said of, or the next one up to its end where late data took that away: from then on until
 * the machine produces or stands for another cause.
 */
const sql = `
  WITH
    changes AS (
      SELECT toInt64(toUnixTimestamp64Milli(ts)) AS at, argMax(state, seq) AS now, argMax(reason, seq) AS why
      FROM gemba.state_changes WHERE machine = {machine:String} GROUP BY ts
    ),
    waits AS (
      SELECT *, now IN ('Suspending', 'Suspended', 'Unsuspending') AS is_wait, sum(NOT is_wait) OVER (ORDER BY at) AS wait FROM changes
    ),
    seen AS (
      SELECT at, multiIf(now = 'Execute', 'production', now IN ('Idle', 'Complete'), 'idle', now = 'Undefined', 'unknown',
        is_wait AND said != '', said, 'own') AS cause
      FROM (
        SELECT *, anyLastIf(why, why != 'none') OVER (
            PARTITION BY wait ORDER BY at ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS before,
          argMinIf(why, at, now != 'Suspending' OR why != 'none') OVER (
            PARTITION BY wait ORDER BY at ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS after,
          multiIf(before != '' OR now != 'Suspending', before, after = 'none', '', after) AS said
        FROM waits)
    ),
    runs AS (
      SELECT at AS begin, cause,
        leadInFrame(at, 1, {to:Int64}) OVER (ORDER BY at ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS finish
      FROM (
        SELECT *, lagInFrame(cause, 1, '') OVER (ORDER BY at ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS before
        FROM seen)
      WHERE cause != before
    ),
    said AS (
      SELECT holds, argMax(reason, (at, seq)) AS told FROM (
        SELECT greatest(min(r.begin), d.at) AS holds, d.at AS at, d.reason AS reason, d.seq AS seq
        FROM (
          SELECT toInt64(toUnixTimestamp64Milli(ts)) AS at, toInt64(toUnixTimestamp64Milli(until)) AS until, reason, seq
          FROM gemba.downtime_changes WHERE machine = {machine:String}) AS d
        CROSS JOIN runs AS r
        WHERE r.cause != 'production' AND r.finish > d.at
        GROUP BY d.at, d.until, d.reason, d.seq
        HAVING d.until = 0 OR holds < d.until)
      GROUP BY holds
    ),
    intervals AS (
      SELECT at AS begin, cause,
        leadInFrame(at, 1, {to:Int64}) OVER (ORDER BY at ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS finish,
        anyLastIf(told, told != '') OVER (PARTITION BY run ORDER BY at ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS told
      FROM (
        SELECT at, max(p.cause) AS cause, max(p.run) AS run, max(p.told) AS told FROM (
          SELECT begin AS at, cause, begin AS run, '' AS told FROM runs
          UNION ALL
          SELECT s.holds AS at, r.cause AS cause, r.begin AS run, s.told AS told
          FROM said AS s CROSS JOIN runs AS r WHERE s.holds >= r.begin AND s.holds < r.finish) AS p
        GROUP BY at)
    ),
    pieces AS (
      SELECT begin, span.1 AS piece, intDiv(span.1, 3600000) AS hour, span.3 AS shift,
        multiIf(cause = 'production', cause, told = 'changeover', 'setup', told = 'mechanical', 'own', cause) AS what,
        greatest(0, least(finish, span.2) - greatest(begin, span.1)) AS ms
      FROM intervals ARRAY JOIN arrayZip({begins:Array(Int64)}, {ends:Array(Int64)}, {shifts:Array(String)}) AS span
    ),
    -- A break within a stop does not end it, even where the stop ends within the break.
    marked AS (
      SELECT *, what != 'own' OR lagInFrame(what, 1, '') OVER (
        ORDER BY begin, piece ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) != 'own' AS is_new
      FROM pieces
    ),
    islands AS (
      SELECT *, sum(is_new) OVER (ORDER BY begin, piece ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS island
      FROM marked
    ),
    stops AS (SELECT *, sum(ms) OVER (PARTITION BY island) AS length FROM islands)
  SELECT hour, shift,
    toFloat64(sumIf(ms, what = 'production')) AS production,
    toFloat64(sumIf(ms, what = 'setup')) AS setup,
    toFloat64(sumIf(ms, what = 'own' AND length >= 300000)) AS breakdown,
    toFloat64(sumIf(ms, what = 'own' AND length < 300000)) AS minorStop,
    toFloat64(sumIf(ms, what = 'starved')) AS starved,
    toFloat64(sumIf(ms, what = 'blocked')) AS blocked,
    toFloat64(sumIf(ms, what = 'idle')) AS idle,
    toFloat64(sumIf(ms, what = 'unknown')) AS unknown
  FROM stops GROUP BY hour, shift ORDER BY hour, shift`

/** What the counters of a machine counted in planned busy time, by shift. */
const madeSql = `
  SELECT span.3 AS shift, sumIf(e.parts, counter = 'processed') AS produced, sumIf(e.parts, counter = 'defective') AS scrapped
  FROM gemba.production_events AS e
  ARRAY JOIN arrayZip({begins:Array(Int64)}, {ends:Array(Int64)}, {shifts:Array(String)}) AS span
  WHERE machine = {machine:String} AND toUnixTimestamp64Milli(ts) >= span.1 AND toUnixTimestamp64Milli(ts) < span.2
  GROUP BY shift HAVING produced > 0 OR scrapped > 0 ORDER BY shift`

const hourMs = 60 * minute
/** Stretches of planned busy time of each hour and shift, Unix ms: cut at each hour, the break and the shift's end. */
const spans = (() => {
  const cuts = [...new Set([...busy.flat(), ...Array.from({ length: end / 60 }, (_, hour) => hour * 60)])]
  const ordered = cuts.sort((a, b) => a - b)
  return ordered.slice(1).flatMap((to, place) => {
    const from = ordered[place]!
    if (!busy.some(([begin, finish]) => begin <= from && to <= finish)) return []
    const shift = `${from < handover ? 'early' : 'late'}@2026-03-23`
    return [{ from: six + from * minute, to: six + to * minute, shift }]
  })
})()
const asked = {
  to: six + end * minute,
  begins: spans.map(({ from }) => from),
  ends: spans.map(({ to }) => to),
  shifts: spans.map(({ shift }) => shift),
}

/**
 * What somebody says of the stops that there are: of which, how far into it, and what. Two of one stop split it, and
 * the same of both parts makes one of them again.
 */
const sayings = fc.array(
  fc.tuple(
    fc.nat(),
    fc.double({ min: 0, max: 0.999, noNaN: true }),
    fc.constantFrom('changeover', 'mechanical'),
  ),
  { maxLength: 3 },
)
/** Of which machine, when and what comes last of all, far too late; each after what came before was worked out. */
const latecomers = fc.array(fc.tuple(fc.nat(1), second, state), { minLength: 1, maxLength: 3 })

let floorsSoFar = 0

const classes = [
  'production',
  'setup',
  'breakdown',
  'minorStop',
  'starved',
  'blocked',
  'idle',
  'unknown',
] as const
type Class = (typeof classes)[number]
type Row = Record<Class, number> & { readonly hour: number; readonly shift: string }

/** Holds what a book says of machines against plain SQL. */
async function compare(book: KpiBook, machines: readonly string[]): Promise<void> {
  for (const machine of machines) {
    const bySql = await common.store.query<Row>(sql, { machine, ...asked })
    const made = await common.store.query<{ shift: string }>(madeSql, { machine, ...asked })
    const cells = await book.cells([machine], six, asked.to)
    const tallyOf = (hour: number, shift: string) =>
      sumTallies(
        cells.flatMap(cell => (cell.hour === hour * hourMs && cell.shift === shift ? [cell.tally] : [])),
      )
    expect(
      bySql.map(({ hour, shift }) => {
        const { time } = tallyOf(hour, shift)
        return { hour, shift, ...Object.fromEntries(classes.map(name => [name, time[name]])) }
      }),
    ).toEqual(bySql)
    const byShift = [...rollUp(cells, ({ shift }) => shift)].sort(([a], [b]) => (a < b ? -1 : 1))
    expect(
      byShift.flatMap(([shift, { made: counts }]) =>
        [...counts.values()].flatMap(({ produced, scrapped }) =>
          produced + scrapped > 0 ? [{ shift, produced, scrapped }] : [],
        ),
      ),
    ).toEqual(made)
    for (const [shift, tally] of byShift) {
      const own = bySql.filter(row => row.shift === shift)
      const sum = (...names: readonly Class[]): number =>
        own.reduce((all, row) => all + names.reduce((ms, name) => ms + row[name], 0), 0)
      const pbt = sum(...classes.filter(name => name !== 'unknown'))
      const [{ produced, scrapped } = { produced: 0, scrapped: 0 }] = tally.made.values()
      const close = (parts: number, of: number) =>
        of === 0 ? null : expect.closeTo((30_000 * parts) / of, 9)
      const oee = close(produced - scrapped, pbt)
      expect(kpisOf(tally).ratios).toMatchObject({ oee, effectiveness: close(produced, sum('production')) })
    }
  }
}

it('figures of any floor are those of plain SQL over the tables, by hour and shift, whatever came late, twice, out of order or was said of stops, over two restarts', async () => {
  await fc.assert(
    fc.asyncProperty(floors, floors, sayings, latecomers, async (told, other, said, late) => {
      const place = ++floorsSoFar
      const machines = [`diff-${place}`, `diff-${place}-other`] as const
      const { plant, clock, open, tell, goTo, settle } = common.floor(machines, { shifts })
      const days = [told, other] as const
      // Half of it in the morning, half when the day is nearly over: much of it comes hours late.
      const isEarly = (each: Told, at: number, of: readonly Told[]): boolean =>
        at < Math.floor(of.length / 2) && each.at < 60 * 60
      const tellBoth = (book: KpiBook, isNow: typeof isEarly): void => {
        for (const [which, day] of days.entries())
          for (const each of day.filter(isNow)) tell(book, entryOf(machines[which]!, each))
      }
      const morning = open()
      await morning.start()
      goTo(morning, six + 60 * minute)
      tellBoth(morning, isEarly)
      goTo(morning, six + 150 * minute)
      await settle(morning)
      const book = open()
      await book.start()
      goTo(book, six + (end - 1) * minute)
      tellBoth(book, (...each) => !isEarly(...each))
      goTo(book, asked.to)
      await settle(book)
      await compare(book, machines)

      const record = (entry: Entry) => tell(book, entry)
      const register = new DowntimeRegister({ plant, book, store: common.store, clock, record })
      const scope = findScope(plant, 'enterprise')!
      for (const [which, share, reason] of said) {
        const stops = await register.list(scope, six, asked.to)
        const stop = stops[which % Math.max(1, stops.length)]
        if (stop === undefined) break
        const at = Math.floor(stop.from + share * (stop.to - stop.from))
        const outcome = await register.change(stop.id, [{ reason, who: 'Ada', comment: '', at }])
        expect(outcome).toBeInstanceOf(Array)
        await settle(book)
        await compare(book, machines)
      }
      for (const [place, [whose, lateAt, what]] of late.entries()) {
        const isTaken = late.slice(0, place).some(([which, at]) => which === whose && at === lateAt)
        if (isTaken || days[whose]!.some(({ at }) => at === lateAt)) continue
        const [name, reason] = what
        tell(book, entryOf(machines[whose]!, { at: lateAt, name, reason }))
        await settle(book)
        await compare(book, machines)
      }
      const again = open()
      await again.start()
      await settle(again)
      await compare(again, machines)
    }),
    { numRuns },
  )
})
