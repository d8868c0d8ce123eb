import { databaseName } from '../../schema/tables/definition.js'
import type { MachinePlan } from '../../workers/kpi/machine-plan.js'
import type { Store } from '../store/store.js'
import { queryByStretch, queryTogether, type StretchQuestion } from './by-stretch.js'
import { latest } from './nearest.js'
import { ofMachine } from './spans.js'

const hourMs = 3_600_000
/**
 * How far back a machine's last production is looked for, step by step, because most produced a moment ago; further
 * back all of its past is read.
 */
const lookBacksMs = [hourMs, 24 * hourMs, 7 * 24 * hourMs]
/** How far ahead its next production is looked for, likewise: by then it is known what a stop was. */
const lookAheadsMs = [hourMs, 24 * hourMs, Number.POSITIVE_INFINITY]

/** What is to be known of a machine. */
export interface EventRange {
  readonly plan: MachinePlan
  /** From inclusive, to exclusive, Unix ms. */
  readonly from: number
  readonly to: number
}

/** A time of a machine, Unix ms. */
interface Moment {
  readonly machine: string
  readonly time: number
}

const timeParameters = (moments: readonly Moment[]) => ({
  machines: moments.map(({ machine }) => machine),
  times: moments.map(({ time }) => time),
})
interface Begin {
  readonly machine: string
  readonly time: number
  readonly mode: string
}

/** Where a stretch has to be read from, with the mode that held then, and up to; undefined where there is no production. */
interface Borders {
  begin?: Begin
  end?: Begin
}

/**
 * Looks for where reading has to begin, at the last production that lasted, and end, at the next, step by step further
 * away until all are found.
 */
export async function readBorders(
  store: Pick<Store, 'query'>,
  groups: readonly (readonly EventRange[])[],
): Promise<Borders[]> {
  const warmUp = Math.max(...groups.flat().map(({ plan }) => plan.warmUpMs))
  const found = groups.map(group =>
    group.map(({ plan: { machine }, from, to }) => ({
      ...{ machine, before: Math.floor(from - warmUp), after: Math.ceil(to), borders: {} as Borders },
    })),
  )
  for (const [step, lookBackMs] of lookBacksMs.entries()) {
    const backwards = found.map(group => group.filter(({ borders }) => borders.begin === undefined))
    const forwards = found.map(group => group.filter(({ borders }) => borders.end === undefined))
    const [begins, ends] = [backwards.flat(), forwards.flat()]
    if (begins.length + ends.length === 0) break
    const rows = await queryTogether<Begin, Moment[]>(store, [
      ...backwards.map(some =>
        beginsSince(
          some.map(({ machine, before: time }) => ({ machine, time })),
          lookBackMs,
        ),
      ),
      ...forwards.map(some =>
        endsWithin(
          some.map(({ machine, after: time }) => ({ machine, time })),
          lookAheadsMs[step]!,
        ),
      ),
    ])
    const all = rows.flat()
    for (const [at, { borders }] of [...begins.entries()]) if (all[at] !== undefined) borders.begin = all[at]
    for (const [at, { borders }] of [...ends.entries()])
      if (all[begins.length + at] !== undefined) borders.end = all[begins.length + at]!
    const untold = begins.filter(({ borders }) => borders.begin?.mode === '')
    const since = untold.map(({ machine, before }) => ({ machine, time: before - lookBackMs }))
    for (const [at, told] of (await readModes(store, since)).entries()) {
      if (told === undefined) continue
      const { borders } = untold[at]!
      // Not production after all: all of its past is read.
      if (told.held === 'Maintenance' || told.held === 'Manual') delete borders.begin
      else borders.begin = { ...borders.begin!, mode: told.held }
    }
  }
  return found.flat().map(({ borders }) => borders)
}

/** The last production that lasted, by a time, with the mode that held then. */
const beginsSince = (before: readonly Moment[], lookBackMs: number): StretchQuestion<Moment> => ({
  sql: `WITH
      ${ofMachine('times')} AS before,
      carried AS (
        SELECT machine, ts, seq, state,
          anyLastIf(mode, mode != '') OVER so_far AS held,
          leadInFrame(toNullable(ts)) OVER in_order AS next
        FROM ${databaseName}.state_changes
        WHERE machine IN {machines:Array(String)}
          AND ts <= fromUnixTimestamp64Milli({last:Int64}, 'UTC')
          AND ts > fromUnixTimestamp64Milli({earliest:Int64}, 'UTC')
          AND toUnixTimestamp64Milli(ts) <= before
          AND toUnixTimestamp64Milli(ts) > before - {lookBackMs:Int64}
        WINDOW
          so_far AS (PARTITION BY machine ORDER BY ts, seq ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW),
          in_order AS (PARTITION BY machine ORDER BY ts, seq ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
      )
    SELECT machine, toFloat64(toUnixTimestamp64Milli(max(ts))) AS time, argMax(held, (ts, seq)) AS mode
    FROM carried
    WHERE state = 'Execute' AND held NOT IN ('Maintenance', 'Manual') AND (next IS NULL OR next > ts)
    GROUP BY machine`,
  stretches: before,
  parametersOf: moments => {
    const times = moments.map(({ time }) => time)
    return {
      ...timeParameters(moments),
      lookBackMs,
      last: Math.max(...times),
      earliest: Math.min(...times) - lookBackMs,
    }
  },
})

/** The first production from a time on. */
const endsWithin = (after: readonly Moment[], lookAheadMs: number): StretchQuestion<Moment> => ({
  sql: `WITH ${ofMachine('times')} AS start
    SELECT machine, toFloat64(toUnixTimestamp64Milli(min(ts))) AS time, '' AS mode
    FROM ${databaseName}.state_changes
    WHERE machine IN {machines:Array(String)} AND state = 'Execute'
      AND ts >= fromUnixTimestamp64Milli({earliest:Int64}, 'UTC') AND ts < fromUnixTimestamp64Milli({until:Int64}, 'UTC')
      AND toUnixTimestamp64Milli(ts) >= start AND toUnixTimestamp64Milli(ts) < start + {lookAheadMs:Int64}
    GROUP BY machine`,
  stretches: after,
  parametersOf: moments => {
    const times = moments.map(({ time }) => time)
    return {
      ...timeParameters(moments),
      lookAheadMs: Math.min(latest, lookAheadMs),
      earliest: Math.min(...times),
      until: Math.min(latest, Math.max(...times) + lookAheadMs),
    }
  },
})

/** The modes that held at a time, of machines that told one before. */
const readModes = (store: Pick<Store, 'query'>, at: readonly Moment[]) =>
  queryByStretch<{ machine: string; held: string }, Moment>(
    store,
    `SELECT machine, argMax(mode, (ts, seq)) AS held FROM ${databaseName}.state_changes
    WHERE machine IN {machines:Array(String)} AND mode != ''
      AND toUnixTimestamp64Milli(ts) <= ${ofMachine('times')}
    GROUP BY machine`,
    at,
    timeParameters,
  )
