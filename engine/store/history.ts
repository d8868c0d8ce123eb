import { type Bucket, bucketsOf, readBuckets } from './buckets.js'
import type { Database } from './database.js'
import { type Gap, gapsBetween, readGaps } from './gaps.js'
import { type BucketPlan, type BucketRow, bucketTable, planBuckets, type SourceTable } from './history-sql.js'
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

/** The course of signals, each in at most `points` buckets. `rolledUp`: what readRolledUp tells, asked for where left out. */
export async function readHistory(
  database: Database,
  query: HistoryQuery,
  rolledUp?: number,
): Promise<SignalHistory[]> {
  const plan = planBuckets(query)
  const { width, table } = plan
  const rows = await readBuckets(database, query, plan, rolledUp ?? (await readRolledUp(database)))
  const gaps = await gapsOf(database, query, plan, rows)
  return [...rows].map(([signal, found]) => ({
    signal,
    width,
    table,
    buckets: bucketsOf(found, query.from, plan),
    gaps: gaps.get(signal) ?? [],
  }))
}

async function gapsOf(
  database: Database,
  query: HistoryQuery,
  plan: BucketPlan,
  rows: ReadonlyMap<number, readonly BucketRow[]>,
): Promise<ReadonlyMap<number, readonly Gap[]>> {
  const { signals, silences } = query
  if (silences === undefined) return new Map()
  if (plan.table === 'telemetry_1m')
    return new Map(
      signals.map((signal, i) => [signal, gapsBetween(rows.get(signal)!, query, plan, silences[i] ?? 0)]),
    )
  const gaps = new Map<number, Gap[]>(signals.map(signal => [signal, []]))
  for (const { signal, ...gap } of await readGaps(database, query, silences)) gaps.get(signal)!.push(gap)
  return gaps
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
