import { databaseName } from '../../schema/tables/definition.js'
import type { Database } from './database.js'

export interface TextHistoryQuery {
  readonly signal: number
  readonly from: number
  readonly to: number
  /** Most changes to return, oldest first. */
  readonly limit: number
}

/** From `time` on the signal said `text`, in this quality. */
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
          lagInFrame(code, 1, -2) OVER (ORDER BY ts, seq ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS before,
          lagInFrame(quality, 1, 255) OVER (ORDER BY ts, seq ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS quality_before
        FROM coded
      )
    SELECT toString(toUnixTimestamp64Milli(c.ts)) AS time, d.text AS text, c.quality AS quality
    FROM (SELECT ts, seq, quality, code FROM compared WHERE code != before OR quality != quality_before) AS c
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
