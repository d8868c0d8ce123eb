import { databaseName as db } from '../../schema/tables/definition.js'
import { inUnitsOfNow, type OtherUnit } from './other-units.js'

export const minuteMs = 60_000
/** The end of what a DateTime holds, Unix s: a time may be later, a minute of anything not. */
const latestMinute = 2 ** 32 - 1

export type SourceTable = 'telemetry' | 'telemetry_1m'

export interface Span {
  readonly signals: readonly number[]
  readonly from: number
  readonly to: number
  readonly points: number
  readonly others?: readonly OtherUnit[]
}

/** How a span is cut into buckets, and from which table they are filled. */
export interface BucketPlan {
  readonly table: SourceTable
  /** Where the first bucket begins, ms; may lie before the span, which cuts it. */
  readonly origin: number
  /** Length of a bucket, ms. */
  readonly width: number
}

/** Buckets of a minute and more are made of whole minutes. */
export function planBuckets({ from, to, points }: Span): BucketPlan {
  const begin = Math.floor(from)
  const width = Math.max(1, Math.ceil((Math.ceil(to) - begin) / Math.max(1, points)))
  if (width < minuteMs) return { table: 'telemetry', origin: begin, width }
  const origin = Math.floor(begin / minuteMs) * minuteMs
  const minutes = Math.ceil((to - origin) / Math.max(1, points) / minuteMs)
  return { table: 'telemetry_1m', origin, width: minutes * minuteMs }
}

export interface Statement {
  readonly sql: string
  readonly parameters: Readonly<Record<string, unknown>>
}

/** What is found of a bucket, or of a part of it. */
export interface BucketRow {
  readonly signal: number
  /** Of the buckets since `origin`. */
  readonly place: number
  readonly count: number
  readonly bad: number
  /** Samples that count: not bad, with a number. Where there are none the figures below are 0. */
  readonly valued: number
  readonly min: number
  readonly max: number
  /** Null beyond the largest number. */
  readonly sum: number | null
  readonly last: number
  /** When `last` came to be and its arrival, in one number, larger for later; as text, for it has more than 53 bits. */
  readonly newest: string
  /** Where minutes were read: those in which the signal spoke, Unix s, in no order; none where it did in each of the bucket. */
  readonly minutes?: readonly number[]
}

const ofSignals = 'signal IN {signals:Array(UInt32)}'
const time = (parameter: string): string => `fromUnixTimestamp64Milli({${parameter}:Int64}, 'UTC')`
const at = 'toUnixTimestamp64Milli(ts)'
const minuteAt = 'toInt64(toUInt32(minute)) * 1000'
const placeOf = (ms: string): string => `toUInt32(intDiv(${ms} - {origin:Int64}, {width:Int64}))`

/** Arrivals have 44 bits, as in last_place. A tuple of the two is compared at half the speed. */
const position = (ms: string): string => `toUInt128(${ms}) * 17592186044416`

const minutesOf = (minute: string): string => `,
  groupUniqArray(toUInt32(${minute})) AS spoken,
  if(length(spoken) * ${minuteMs} = {width:Int64}, [], spoken) AS minutes`

/** Rows of buckets from samples, `minutes` with them or not. */
const fromSamples = (where: string, others: Span['others'], minutes = ''): string => `
SELECT
  signal,
  ${placeOf(at)} AS place,
  toUInt32(count()) AS count,
  toUInt32(countIf(quality = 2)) AS bad,
  toUInt32(countIf(quality != 2 AND isFinite(value) AS counts)) AS valued,
  minIf(value, counts) AS min,
  maxIf(value, counts) AS max,
  sumIf(value, counts) AS sum,
  argMaxIf(value, ${position(at)} + seq AS position, counts) AS last,
  toString(maxIf(position, counts)) AS newest${minutes}
FROM ${inUnitsOfNow('telemetry', others)}
WHERE ${ofSignals} AND ${where}
GROUP BY signal, place`

/** The same from minutes that were rolled up, as far as the span has them whole. */
const fromMinutes = (others: Span['others']): string => `
SELECT
  signal,
  ${placeOf(minuteAt)} AS place,
  toUInt32(sum(m.count)) AS count,
  toUInt32(sum(m.bad)) AS bad,
  toUInt32(sum(m.valued)) AS valued,
  minIf(m.min, m.valued > 0) AS min,
  maxIf(m.max, m.valued > 0) AS max,
  sum(m.sum) AS sum,
  argMaxIf(m.last, ${position(minuteAt)} + last_place AS position, m.valued > 0) AS last,
  toString(maxIf(position, m.valued > 0)) AS newest${minutesOf('minute')}
FROM ${inUnitsOfNow('telemetry_1m_parts', others)} AS m
WHERE ${ofSignals} AND up_to <= {rolledUp:UInt64} AND minute >= {firstMinute:UInt32} AND minute < {endMinute:UInt32}
GROUP BY signal, place`

/**
 * What answers with the rows of all buckets, in no order; where there are several of one bucket, they are parts of it.
 * Buckets of minutes are made of what was rolled up and of the rest: samples that were not yet, and minutes that the
 * span cuts, so that no bucket holds anything from outside of it. Several statements, which run side by side: the
 * database takes longer to understand them than to run them, and as one twice as long.
 *
 * `rolledUp`: arrival of the newest sample of any roll-up; by it each sample is in one of the two.
 */
export function bucketQueries(
  span: Span,
  { table, origin, width }: BucketPlan,
  rolledUp: number,
): readonly Statement[] {
  const { signals, others } = span
  const { from, to, firstWhole, endWhole } = edgesOf(span)
  const common = { signals, origin, width }
  if (table === 'telemetry') {
    const sql = fromSamples(`ts >= ${time('from')} AND ts < ${time('to')}`, others)
    return [{ sql, parameters: { ...common, from, to } }]
  }
  const [firstMinute, endMinute] = [firstWhole, endWhole].map(ms => Math.min(latestMinute, ms / 1000))
  const minutes = minutesOf('toStartOfMinute(ts)')
  const late = `seq > {rolledUp:UInt64} AND ts >= ${time('firstWhole')} AND ts < ${time('endWhole')}`
  const cut = `(ts >= ${time('from')} AND ts < ${time('firstWhole')} OR ts >= ${time('endWhole')} AND ts < ${time('to')})`
  return [
    { sql: fromMinutes(others), parameters: { ...common, rolledUp, firstMinute, endMinute } },
    { sql: fromSamples(late, others, minutes), parameters: { ...common, rolledUp, firstWhole, endWhole } },
    ...(from === firstWhole && to === endWhole
      ? []
      : [
          {
            sql: fromSamples(cut, others, minutes),
            parameters: { ...common, from, to, firstWhole, endWhole },
          },
        ]),
  ]
}

/** The buckets as a table for other programs. */
export function bucketTable(span: Span, plan: BucketPlan, rolledUp: number): Statement {
  const queries = bucketQueries(span, plan, rolledUp)
  const parts = queries.map(
    ({ sql }) =>
      `SELECT signal, place, count, bad, valued, min, max, sum, last, toUInt128(newest) AS newest FROM (${sql})`,
  )
  const start = 'greatest({from:Int64}, {origin:Int64} + place * {width:Int64})'
  const sql = `
SELECT
  s.id AS signal,
  fromUnixTimestamp64Milli(toInt64(${start}), 'UTC') AS time,
  minOrNullIf(b.min, b.valued > 0) AS min,
  maxOrNullIf(b.max, b.valued > 0) AS max,
  sumOrNullIf(b.sum, b.valued > 0) / sum(b.valued) AS mean,
  argMaxOrNullIf(b.last, b.newest, b.valued > 0) AS last,
  toUInt32(sum(b.count)) AS count,
  sum(b.bad) / count AS bad_share,
  s.unit AS unit
FROM (${parts.join('\nUNION ALL\n')}) AS b
INNER JOIN (SELECT signal, id, unit FROM ${db}.signals FINAL WHERE ${ofSignals}) AS s ON s.signal = b.signal
GROUP BY b.signal, b.place, s.id, s.unit
ORDER BY signal, time, unit`
  const { from } = edgesOf(span)
  return { sql, parameters: Object.assign({ from }, ...queries.map(({ parameters }) => parameters)) }
}

/** Where a span begins and ends, and the whole minutes in it, ms. */
interface Edges {
  readonly from: number
  readonly to: number
  readonly firstWhole: number
  readonly endWhole: number
}

function edgesOf({ from, to }: Span): Edges {
  const [begin, end] = [Math.floor(from), Math.ceil(to)]
  const firstWhole = Math.min(end, Math.ceil(begin / minuteMs) * minuteMs)
  const endWhole = Math.max(firstWhole, Math.floor(end / minuteMs) * minuteMs)
  return { from: begin, to: end, firstWhole, endWhole }
}
