import { databaseName as db } from '../../schema/tables/definition.js'
import type { Database } from './database.js'
import type { HistoryQuery } from './history.js'
import type { BucketRow, SourceTable } from './history-sql.js'

/** A stretch in which a signal that should have spoken did not. */
export interface Gap {
  /** Its last sample before, or where the span begins; Unix ms. */
  readonly from: number
  /** Its next sample, or where the span ends. */
  readonly to: number
}

/** `at`: when the signal spoke, `end`: until when that counts. By the minute the shortest gap is a whole one. */
const spoke: Readonly<Record<SourceTable, string>> = {
  telemetry: `
    SELECT signal, toUnixTimestamp64Milli(ts) AS at, at AS end FROM ${db}.telemetry
    WHERE signal IN {signals:Array(UInt32)}
      AND ts >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND ts < fromUnixTimestamp64Milli({to:Int64}, 'UTC')`,
  telemetry_1m: `
    SELECT signal, greatest({from:Int64}, toInt64(toUnixTimestamp(minute)) * 1000) AS at,
      least({to:Int64}, toInt64(toUnixTimestamp(minute) + 60) * 1000) AS end
    FROM ${db}.telemetry_1m
    WHERE signal IN {signals:Array(UInt32)}
      AND minute >= toDateTime(intDiv({from:Int64}, 60000) * 60, 'UTC') AND minute < toDateTime({to:Int64} / 1000, 'UTC')`,
}

/** Where signals were silent for longer than `silences` says, in order of time. */
export async function readGaps(
  database: Database,
  { signals, from, to, until = to }: HistoryQuery,
  silences: readonly number[],
  table: SourceTable,
): Promise<(Gap & { readonly signal: number })[]> {
  const heard = signals
    .map((signal, i) => ({ signal, silence: silences[i] ?? 0 }))
    .filter(({ silence }) => silence > 0)
  const end = Math.min(Math.ceil(to), Math.ceil(until))
  if (heard.length === 0 || end <= from) return []
  const rows = await database.query<{ signal: number; from: string; to: string }>(
    `SELECT signal, toString(before) AS from, toString(at) AS to
    FROM (
      SELECT signal, at, lagInFrame(end, 1, {from:Int64}) OVER (
        PARTITION BY signal ORDER BY at, end ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      ) AS before
      FROM (${spoke[table]}
        UNION ALL SELECT arrayJoin({signals:Array(UInt32)}) AS signal, {to:Int64} AS at, at AS end)
    )
    WHERE at - before > {silences:Array(Float64)}[indexOf({signals:Array(UInt32)}, signal)]
    ORDER BY signal, at`,
    {
      signals: heard.map(({ signal }) => signal),
      silences: heard.map(({ silence }) => silence),
      from: Math.floor(from),
      to: end,
    },
  )
  return rows.map(({ signal, from: before, to: at }) => ({ signal, from: Number(before), to: Number(at) }))
}

/**
 * Whether a signal was never silent for longer than that (ms), by the minutes of its buckets, which are in order of time:
 * each has all its minutes, and the next begins soon enough. False where that does not tell.
 */
export function isHeard(
  buckets: readonly BucketRow[],
  { from, to, until = to }: HistoryQuery,
  silence: number,
): boolean {
  const end = Math.min(Math.ceil(to), Math.ceil(until))
  if (silence <= 0 || end <= from) return true
  let before = Math.floor(from)
  for (const { first_minute: first, last_minute: last, minutes } of buckets) {
    if (first === undefined || last === undefined || minutes !== (last - first) / 60 + 1) return false
    if (first * 1000 - before > silence) return false
    before = (last + 60) * 1000
  }
  return end - before <= silence
}
