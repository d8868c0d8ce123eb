import { type Bucket, bucketsOf, readBuckets } from './buckets.js'
import type { Database } from './database.js'
import { type Gaps, readGaps } from './gaps.js'
import { bucketTable, planBuckets, type SourceTable } from './history-sql.js'
import type { OtherUnit } from './other-units.js'
import { readRolledUp } from './roll-up.js'

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

export interface SignalHistory extends Gaps {
  readonly signal: number
  /** Length of a bucket, ms; the first and the last may be cut by the span. */
  readonly width: number
  /** Where the figures come from. */
  readonly table: SourceTable
  /** In order of time; a stretch without samples has no bucket. */
  readonly buckets: readonly Bucket[]
}

/** The course of signals, each in at most `points` buckets. `rolledUp`: what readRolledUp tells, asked for where left out. */
export async function readHistory(
  database: Database,
  query: HistoryQuery,
  rolledUp?: number,
): Promise<SignalHistory[]> {
  const plan = planBuckets(query)
  const { width, table } = plan
  const upTo = rolledUp ?? (await readRolledUp(database))
  const rows = await readBuckets(database, query, plan, upTo)
  const gaps = await readGaps(database, query, rows, table, upTo)
  return [...rows].map(([signal, found]) => ({
    signal,
    width,
    table,
    buckets: bucketsOf(found, query.from, plan),
    ...gaps.get(signal)!,
  }))
}

/** The formats of a table of buckets, by ClickHouse's name. */
const tableFormats = { csv: 'CSVWithNames', arrow: 'ArrowStream' } as const
export type TableFormat = keyof typeof tableFormats

/** The same as one table for other programs: a row for each bucket, with the signal's id. */
export async function exportHistory(
  database: Database,
  query: HistoryQuery,
  format: TableFormat,
  rolledUp?: number,
): Promise<Uint8Array> {
  const upTo = rolledUp ?? (await readRolledUp(database))
  const { sql, parameters } = bucketTable(query, planBuckets(query), upTo)
  return database.export(sql, parameters, tableFormats[format])
}
