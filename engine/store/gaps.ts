import type { Database } from './database.js'
import type { HistoryQuery } from './history.js'
import { type BucketPlan, type BucketRow, minuteMs } from './history-sql.js'
import { inUnitsOfNow } from './other-units.js'

/** A stretch in which a signal that should have spoken did not. */
export interface Gap {
  /** Its last sample before, or where the span begins; Unix ms. */
  readonly from: number
  /** Its next sample, or where the span ends. */
  readonly to: number
}

/** Where signals were silent for longer than `silences` says, sample by sample, in order of time. */
export async function readGaps(
  database: Database,
  { signals, from, to, until = to, others }: HistoryQuery,
  silences: readonly number[],
): Promise<(Gap & { readonly signal: number })[]> {
  const heard = signals
    .map((signal, i) => ({ signal, silence: silences[i] ?? 0 }))
    .filter(({ silence }) => silence > 0)
  const end = Math.min(Math.ceil(to), Math.ceil(until))
  if (heard.length === 0 || end <= from) return []
  const rows = await database.query<{ signal: number; from: string; to: string }>(
    `SELECT signal, toString(before) AS from, toString(at) AS to
    FROM (
      SELECT signal, at, lagInFrame(at, 1, {from:Int64}) OVER (
        PARTITION BY signal ORDER BY at ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      ) AS before
      FROM (
        SELECT signal, toUnixTimestamp64Milli(ts) AS at FROM ${inUnitsOfNow('telemetry', others)}
        WHERE signal IN {signals:Array(UInt32)}
          AND ts >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND ts < fromUnixTimestamp64Milli({to:Int64}, 'UTC')
        UNION ALL SELECT arrayJoin({signals:Array(UInt32)}) AS signal, {to:Int64} AS at)
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

/** The same by the minutes of the rows of a signal's buckets: the shortest gap is a whole one, or what a span cuts of it. */
export function gapsBetween(
  rows: readonly BucketRow[],
  { from, to, until = to }: HistoryQuery,
  plan: BucketPlan,
  silence: number,
): Gap[] {
  const [begin, end] = [Math.floor(from), Math.min(Math.ceil(to), Math.ceil(until))]
  if (silence <= 0 || end <= from) return []
  const gaps: Gap[] = []
  let before = begin
  const hear = (at: number): void => {
    if (at - before > silence) gaps.push({ from: before, to: at })
  }
  const spoken = rows.flatMap(row => stretchesOf(row, plan)).sort(([one], [other]) => one - other)
  for (const [first, last] of spoken) {
    hear(Math.min(end, Math.max(begin, first)))
    before = Math.max(before, Math.min(end, last))
  }
  hear(end)
  return gaps
}

/** From when to when a signal spoke in each minute, Unix ms. */
function stretchesOf(
  { place, minutes }: BucketRow,
  { origin, width }: BucketPlan,
): [from: number, to: number][] {
  const start = origin + place * width
  if (minutes!.length === 0) return [[start, start + width]]
  return minutes!.map(minute => [minute * 1000, minute * 1000 + minuteMs])
}
