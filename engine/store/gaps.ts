import type { Database } from './database.js'
import type { HistoryQuery } from './history.js'
import type { BucketRow, SourceTable } from './history-sql.js'
import { inUnitsOfNow, type OtherUnit } from './other-units.js'

/** A stretch in which a signal that should have spoken did not. */
export interface Gap {
  /** Its last sample before, or where the span begins; Unix ms. */
  readonly from: number
  /** Its next sample, or where the span ends. */
  readonly to: number
}

/** `at`: when the signal spoke, `end`: until when that counts. By the minute the shortest gap is a whole one. */
const spoke: Readonly<Record<SourceTable, (others: readonly OtherUnit[] | undefined) => string>> = {
  telemetry: others => `
    SELECT signal, toUnixTimestamp64Milli(ts) AS at, at AS end FROM ${inUnitsOfNow('telemetry', others)}
    WHERE signal IN {signals:Array(UInt32)}
      AND ts >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND ts < fromUnixTimestamp64Milli({to:Int64}, 'UTC')`,
  telemetry_1m: others => `
    SELECT signal, greatest({from:Int64}, toInt64(toUnixTimestamp(minute)) * 1000) AS at,
      least({to:Int64}, toInt64(toUnixTimestamp(minute) + 60) * 1000) AS end
    FROM ${inUnitsOfNow('telemetry_1m', others)}
    WHERE signal IN {signals:Array(UInt32)}
      AND minute >= toDateTime(intDiv({from:Int64}, 60000) * 60, 'UTC') AND minute < toDateTime({to:Int64} / 1000, 'UTC')`,
}

/** Where signals were silent for longer than `silences` says, in order of time. */
export async function readGaps(
  database: Database,
  { signals, from, to, until = to, others }: HistoryQuery,
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
      FROM (${spoke[table](others)}
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
 * The same by the minutes of a signal's buckets, which are in order of time. Undefined where that does not tell: samples
 * of a minute that the span cuts may lie outside of it.
 */
export function gapsBetween(
  buckets: readonly BucketRow[],
  { from, to, until = to }: HistoryQuery,
  silence: number,
): Gap[] | undefined {
  const [begin, end] = [Math.floor(from), Math.min(Math.ceil(to), Math.ceil(until))]
  if (silence <= 0 || end <= from) return []
  const gaps: Gap[] = []
  let before = begin
  const hear = (first: number, last: number): void => {
    const at = Math.max(begin, first * 1000)
    if (at >= end) return
    if (at - before > silence) gaps.push({ from: before, to: at })
    before = Math.min(end, (last + 60) * 1000)
  }
  for (const { minutes, is_whole } of buckets) {
    if (minutes === undefined) return undefined
    if (is_whole === 1) hear(minutes[0]!, minutes[1]!)
    else for (const minute of minutes) hear(minute, minute)
  }
  if (end - before > silence) gaps.push({ from: before, to: end })
  const isCut = gaps.some(gap => gap.from === begin || gap.to === end)
  return isCut ? undefined : gaps
}
