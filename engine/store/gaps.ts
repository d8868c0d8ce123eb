import type { Database } from './database.js'
import type { HistoryQuery } from './history.js'
import { type BucketRow, minuteMs, type SourceTable, spokenQuery } from './history-sql.js'

/** A stretch in which a signal that should have spoken did not. */
export interface Gap {
  /** Its last sample before, or where the span begins; Unix ms. */
  readonly from: number
  /** Its next sample, or where the span ends. */
  readonly to: number
}

export interface Gaps {
  /** The longest, in order of time. */
  readonly gaps: readonly Gap[]
  /** How many there are beside them, and how long these are in all, ms. */
  readonly shorter: { readonly count: number; readonly ms: number }
}

const noneShorter = { count: 0, ms: 0 }

/**
 * Where signals were silent for longer than the query says, at most as many gaps as it has points, and one. `rows`: what
 * their buckets were made from, by signal; by the minute that is nearly always enough, the shortest gap being a whole one,
 * or what the span cuts of it.
 */
export async function readGaps(
  database: Database,
  query: HistoryQuery,
  rows: ReadonlyMap<number, readonly BucketRow[]>,
  table: SourceTable,
  rolledUp: number,
): Promise<ReadonlyMap<number, Gaps>> {
  const found = new Map<number, Gaps>()
  const open: Heard[] = []
  for (const [place, signal] of query.signals.entries()) {
    const silence = query.silences?.[place] ?? 0
    const told =
      table === 'telemetry' && silence > 0 ? undefined : gapsBetween(rows.get(signal)!, query, silence)
    if (told === undefined) open.push({ signal, silence })
    found.set(signal, { gaps: told ?? [], shorter: noneShorter })
  }
  for (const [signal, gaps] of await askGaps(database, query, open, table, rolledUp)) found.set(signal, gaps)
  return found
}

interface Heard {
  readonly signal: number
  /** ms. */
  readonly silence: number
}

interface GapRow {
  readonly signal: number
  readonly from: string
  readonly to: string
  readonly all: string
  readonly silent: string
}

/** From when each signal last spoke to when it spoke again, and to the end. */
async function askGaps(
  database: Database,
  query: HistoryQuery,
  heard: readonly Heard[],
  table: SourceTable,
  rolledUp: number,
): Promise<ReadonlyMap<number, Gaps>> {
  const found = new Map<number, Gaps>()
  const end = endOf(query)
  if (heard.length === 0 || end <= query.from) return found
  const signals = heard.map(({ signal }) => signal)
  const spoken = spokenQuery({ ...query, signals, to: end }, table, rolledUp)
  const rows = await database.query<GapRow>(
    `SELECT signal, toString(before) AS from, toString(at) AS to, toString(all) AS all, toString(silent) AS silent
    FROM (
      SELECT signal, before, at, count() OVER (PARTITION BY signal) AS all, sum(at - before) OVER (PARTITION BY signal) AS silent
      FROM (
        SELECT signal, at, lagInFrame(end, 1, {from:Int64}) OVER (
          PARTITION BY signal ORDER BY at, end ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS before
        FROM (${spoken.sql} UNION ALL SELECT arrayJoin({signals:Array(UInt32)}) AS signal, {to:Int64} AS at, at AS end)
      )
      WHERE at - before > {silences:Array(Float64)}[indexOf({signals:Array(UInt32)}, signal)]
    )
    ORDER BY signal, at - before DESC, at
    LIMIT {most:UInt32} BY signal`,
    { ...spoken.parameters, silences: heard.map(({ silence }) => silence), most: query.points + 1 },
  )
  const bySignal = new Map<number, GapRow[]>(signals.map(signal => [signal, []]))
  for (const row of rows) bySignal.get(row.signal)!.push(row)
  for (const [signal, own] of bySignal) {
    const gaps = own.map(({ from, to }) => ({ from: Number(from), to: Number(to) }))
    const ms = gaps.reduce((sum, { from, to }) => sum + to - from, 0)
    const [first] = own
    found.set(signal, {
      gaps: gaps.sort((a, b) => a.from - b.from),
      shorter:
        first === undefined
          ? noneShorter
          : { count: Number(first.all) - gaps.length, ms: Number(first.silent) - ms },
    })
  }
  return found
}

/** By the rows of a signal's buckets; undefined where they do not tell: it was silent for too long within one. */
function gapsBetween(rows: readonly BucketRow[], query: HistoryQuery, silence: number): Gap[] | undefined {
  const [begin, end] = [Math.floor(query.from), endOf(query)]
  if (silence <= 0 || end <= begin) return []
  if (rows.some(({ longest_step: step }) => step! * 1000 - minuteMs > silence)) return undefined
  const gaps: Gap[] = []
  let before = begin
  const hear = (at: number): void => {
    if (at - before > silence) gaps.push({ from: before, to: at })
  }
  // Of one bucket there may be several rows.
  const spoken = rows.map(row => [row.first_minute! * 1000, row.last_minute! * 1000 + minuteMs] as const)
  for (const [from, to] of spoken.sort(([one], [other]) => one - other)) {
    hear(Math.min(end, Math.max(begin, from)))
    before = Math.max(before, Math.min(end, to))
  }
  hear(end)
  return gaps
}

const endOf = ({ to, until = to }: HistoryQuery): number => Math.min(Math.ceil(to), Math.ceil(until))
