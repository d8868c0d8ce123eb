import { databaseName } from '../../schema/tables/definition.js'
import type { Database } from './database.js'

export interface HistoryQuery {
  /** Signal indexes. */
  readonly signals: readonly number[]
  /** From (inclusive) and to (exclusive), source time, Unix ms. */
  readonly from: number
  readonly to: number
  /** Most buckets a signal may have. */
  readonly points: number
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
  /** Length of a bucket, ms. */
  readonly width: number
  /** In order of time; a stretch without samples has no bucket. */
  readonly buckets: readonly Bucket[]
}

interface BucketRow {
  readonly signal: number
  readonly place: number
  readonly count: number
  readonly min: number | null
  readonly max: number | null
  readonly mean: number | null
  readonly last: number | null
  readonly bad: number
}

/** The course of signals, each in at most `points` buckets. */
export async function readHistory(database: Database, query: HistoryQuery): Promise<SignalHistory[]> {
  const width = Math.max(1, Math.ceil((query.to - query.from) / Math.max(1, query.points)))
  const rows = await database.query<BucketRow>(
    `SELECT
      signal,
      toUInt32(intDiv(toUnixTimestamp64Milli(ts) - {from:Int64}, {width:Int64})) AS place,
      toUInt32(count()) AS count,
      toUInt32(countIf(quality = 2)) AS bad,
      minOrNullIf(value, quality != 2 AND isFinite(value)) AS min,
      maxOrNullIf(value, quality != 2 AND isFinite(value)) AS max,
      avgOrNullIf(value, quality != 2 AND isFinite(value)) AS mean,
      argMaxOrNullIf(value, (ts, seq), quality != 2 AND isFinite(value)) AS last
    FROM ${databaseName}.telemetry
    WHERE signal IN {signals:Array(UInt32)}
      AND ts >= fromUnixTimestamp64Milli({from:Int64}, 'UTC')
      AND ts < fromUnixTimestamp64Milli({to:Int64}, 'UTC')
    GROUP BY signal, place
    ORDER BY signal, place`,
    { signals: query.signals, from: Math.floor(query.from), to: Math.ceil(query.to), width },
  )
  const bySignal = new Map<number, Bucket[]>(query.signals.map(signal => [signal, []]))
  for (const { signal, place, count, bad, min, max, mean, last } of rows) {
    const start = Math.floor(query.from) + place * width
    bySignal.get(signal)?.push({ start, count, min, max, mean, last, badShare: bad / count })
  }
  return [...bySignal].map(([signal, buckets]) => ({ signal, width, buckets }))
}

export interface TextHistoryQuery {
  readonly signal: number
  readonly from: number
  readonly to: number
  /** Most changes to return, oldest first. */
  readonly limit: number
}

/** From `time` on the signal said `text`. */
interface TextChange {
  /** Source time, Unix ms. */
  readonly time: number
  /** Null where it said nothing (no value). */
  readonly text: string | null
  readonly quality: number
}

export interface TextHistory {
  readonly signal: number
  /** The first may lie before `from`: it is what held then. */
  readonly changes: readonly TextChange[]
  /** There are more than `limit`. */
  readonly isCut: boolean
}

/** The course of a text signal: its changes, with what held at the beginning. */
export async function readTextHistory(database: Database, query: TextHistoryQuery): Promise<TextHistory> {
  const rows = await database.query<{ time: string; text: string | null; quality: number }>(
    `WITH
      asked AS (
        SELECT ts, seq, value, quality FROM ${databaseName}.telemetry
        WHERE signal = {signal:UInt32} AND ts < fromUnixTimestamp64Milli({from:Int64}, 'UTC')
        ORDER BY ts DESC, seq DESC LIMIT 1
        UNION ALL
        SELECT ts, seq, value, quality FROM ${databaseName}.telemetry
        WHERE signal = {signal:UInt32}
          AND ts >= fromUnixTimestamp64Milli({from:Int64}, 'UTC')
          AND ts < fromUnixTimestamp64Milli({to:Int64}, 'UTC')
      ),
      coded AS (SELECT ts, seq, quality, if(isNaN(value), -1, toInt64(value)) AS code FROM asked),
      compared AS (
        SELECT ts, seq, quality, code,
          lagInFrame(code, 1, -2) OVER (ORDER BY ts, seq ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS before
        FROM coded
      )
    SELECT toString(toUnixTimestamp64Milli(c.ts)) AS time, d.text AS text, c.quality AS quality
    FROM (SELECT ts, seq, quality, code FROM compared WHERE code != before) AS c
    LEFT ANY JOIN (SELECT toInt64(code) AS code, toNullable(text) AS text FROM ${databaseName}.dictionary FINAL) AS d
      ON c.code = d.code
    ORDER BY c.ts, c.seq
    LIMIT {limit:UInt32}`,
    {
      signal: query.signal,
      from: Math.floor(query.from),
      to: Math.ceil(query.to),
      limit: query.limit + 1,
    },
  )
  const changes = rows
    .slice(0, query.limit)
    .map(({ time, text, quality }) => ({ time: Number(time), text, quality }))
  return { signal: query.signal, changes, isCut: rows.length > query.limit }
}
