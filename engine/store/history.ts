import type { Database } from './database.js'
import { type Gap, readGaps } from './gaps.js'
import { bucketQuery, bucketTable, planBuckets, type SourceTable } from './history-sql.js'

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

interface BucketRow {
  readonly signal: number
  readonly start: string
  readonly count: number
  readonly min: number | null
  readonly max: number | null
  readonly mean: number | null
  readonly last: number | null
  readonly bad_share: number
}

/** The course of signals, each in at most `points` buckets. */
export async function readHistory(database: Database, query: HistoryQuery): Promise<SignalHistory[]> {
  const plan = planBuckets(query)
  const { sql, parameters } = bucketQuery(query, plan)
  const [rows, gaps] = await Promise.all([
    database.query<BucketRow>(sql, parameters),
    query.silences === undefined ? [] : readGaps(database, query, query.silences, plan.table),
  ])
  const bySignal = new Map<number, { buckets: Bucket[]; gaps: Gap[] }>(
    query.signals.map(signal => [signal, { buckets: [], gaps: [] }]),
  )
  for (const { signal, start, bad_share, ...figures } of rows)
    bySignal.get(signal)?.buckets.push({ start: Number(start), ...figures, badShare: bad_share })
  for (const { signal, ...gap } of gaps) bySignal.get(signal)?.gaps.push(gap)
  return [...bySignal].map(([signal, found]) => ({ signal, width: plan.width, table: plan.table, ...found }))
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
