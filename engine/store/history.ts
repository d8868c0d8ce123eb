import type { Database } from './database.js'
import { type Gap, gapsBetween, readGaps } from './gaps.js'
import {
  type BucketPlan,
  type BucketRow,
  bucketQuery,
  bucketTable,
  planBuckets,
  type SourceTable,
} from './history-sql.js'
import type { OtherUnit } from './other-units.js'

export interface HistoryQuery {
  /** Signal indexes. */
  readonly signals: readonly number[]
  /** From (inclusive) and to (exclusive), source time, Unix ms. */
  readonly from: number
  readonly to: number
  /** Most buckets a signal may have. */
  readonly points: number
  /** Of each of `signals`: silence that is longer is a gap, ms; 0 where silence says nothing. Without it no gaps. */
  readonly silences?: readonly number[]
  /** Until when samples can have come; later is no gap yet. */
  readonly until?: number
  /** What belongs to `signals` as well, having been kept in other units. */
  readonly others?: readonly OtherUnit[]
}

/** The samples of one stretch of time. Bad values count in `count` and `badShare` and in nothing else. */
interface Bucket {
  /** Unix ms. */
  readonly start: number
  readonly count: number
  /** Null where no value counts. */
  readonly min: number | null
  readonly max: number | null
  readonly mean: number | null
  /** Newest by source time. */
  readonly last: number | null
  /** 0 to 1. */
  readonly badShare: number
}

export interface SignalHistory {
  readonly signal: number
  /** Length of a bucket, ms; the first and the last may be cut by the span. */
  readonly width: number
  /** Where the figures come from. */
  readonly table: SourceTable
  /** In order of time; a stretch without samples has no bucket. */
  readonly buckets: readonly Bucket[]
  /** Where the signal was silent for too long, also inside of a bucket. */
  readonly gaps: readonly Gap[]
}

/** The course of signals, each in at most `points` buckets. */
export async function readHistory(database: Database, query: HistoryQuery): Promise<SignalHistory[]> {
  const plan = planBuckets(query)
  const { sql, parameters } = bucketQuery(query, plan)
  const bySignal = new Map<number, BucketRow[]>(query.signals.map(signal => [signal, []]))
  for (const row of await database.query<BucketRow>(sql, parameters)) bySignal.get(row.signal)?.push(row)
  for (const rows of bySignal.values()) rows.sort((a, b) => a.place - b.place)
  const gaps = await gapsOf(database, query, plan, bySignal)
  return [...bySignal].map(([signal, rows]) => ({
    signal,
    width: plan.width,
    table: plan.table,
    buckets: rows.map(({ place, count, bad, min, max, mean, last }) => {
      const start = Math.max(Math.floor(query.from), plan.origin + place * plan.width)
      return { start, count, min, max, mean, last, badShare: bad / count }
    }),
    gaps: gaps.get(signal) ?? [],
  }))
}

/** Most are told by the buckets themselves: only what these leave open is looked at more closely. */
async function gapsOf(
  database: Database,
  query: HistoryQuery,
  { table }: BucketPlan,
  buckets: ReadonlyMap<number, readonly BucketRow[]>,
): Promise<Map<number, Gap[]>> {
  const gaps = new Map<number, Gap[]>()
  if (query.silences === undefined) return gaps
  const [signals, silences]: [number[], number[]] = [[], []]
  for (const [i, signal] of query.signals.entries()) {
    const silence = query.silences[i] ?? 0
    const told = table === 'telemetry' ? undefined : gapsBetween(buckets.get(signal)!, query, silence)
    gaps.set(signal, told ?? [])
    if (told !== undefined) continue
    signals.push(signal)
    silences.push(silence)
  }
  if (signals.length === 0) return gaps
  for (const { signal, ...gap } of await readGaps(database, { ...query, signals }, silences, table))
    gaps.get(signal)!.push(gap)
  return gaps
}

/** The formats of a table of buckets, by ClickHouse's name. */
const tableFormats = { csv: 'CSVWithNames', arrow: 'ArrowStream' } as const
export type TableFormat = keyof typeof tableFormats

/** The same as one table for other programs: a row for each bucket, with the signal's id. */
export function exportHistory(
  database: Database,
  query: HistoryQuery,
  format: TableFormat,
): Promise<Uint8Array> {
  const { sql, parameters } = bucketTable(query, planBuckets(query))
  return database.export(sql, parameters, tableFormats[format])
}
