import { databaseName } from '../../schema/tables/definition.js'
import type { Database } from './database.js'

export interface RejectQuery {
  /** Rejects that came in from (inclusive) and to (exclusive), floor time, Unix ms. */
  readonly from: number
  readonly to: number
  readonly rule?: string
  readonly source?: string
  /** Id of a signal. */
  readonly signal?: string
  /** Only those that arrived before this one; see `seq`. */
  readonly before?: number
  readonly limit: number
}

export interface RejectRecord {
  /** Order of arrival. */
  readonly seq: number
  readonly source: string
  /** When it came in, by the floor's clock, Unix ms. */
  readonly time: number
  readonly rule: string
  readonly reason: string
  readonly raw: string
  readonly signal: string
  readonly value: number | null
  /** Unix ms. */
  readonly sourceTime: number | null
}

/** What was rejected, the newest first. */
export async function readRejects(database: Database, query: RejectQuery): Promise<RejectRecord[]> {
  const { from, to, rule = '', source = '', signal = '', before = Number.MAX_SAFE_INTEGER, limit } = query
  const rows = await database.query<
    Omit<RejectRecord, 'time' | 'sourceTime' | 'seq'> & {
      seq: string
      time: string
      sourceTime: string | null
    }
  >(
    `SELECT toString(seq) AS seq, source, toString(toUnixTimestamp64Milli(ts)) AS time, rule, reason, raw, signal, value,
      toString(toUnixTimestamp64Milli(source_time)) AS sourceTime
    FROM ${databaseName}.rejects AS r
    WHERE ts >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND ts < fromUnixTimestamp64Milli({to:Int64}, 'UTC')
      AND r.seq < {before:UInt64}
      AND ({rule:String} = '' OR rule = {rule:String})
      AND ({source:String} = '' OR source = {source:String})
      AND ({signal:String} = '' OR signal = {signal:String})
    ORDER BY r.seq DESC
    LIMIT {limit:UInt32}`,
    { from: Math.floor(from), to: Math.ceil(to), rule, source, signal, before, limit },
  )
  return rows.map(row => ({
    ...row,
    seq: Number(row.seq),
    time: Number(row.time),
    sourceTime: row.sourceTime === null ? null : Number(row.sourceTime),
  }))
}
