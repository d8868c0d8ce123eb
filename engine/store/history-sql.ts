import { databaseName as db } from '../../schema/tables/definition.js'
import { inUnitsOfNow, type OtherUnit } from './other-units.js'

const minuteMs = 60_000

export type SourceTable = 'telemetry' | 'telemetry_1m'

interface Span {
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

const counts = 'quality != 2 AND isFinite(value)'
const place = 'toUInt32(intDiv(at - {origin:Int64}, {width:Int64}))'
const start = 'greatest({from:Int64}, {origin:Int64} + place * {width:Int64})'
const time = (parameter: string): string => `fromUnixTimestamp64Milli({${parameter}:Int64}, 'UTC')`

const fromSamples = (others: Span['others']): string => `
SELECT
  signal,
  ${place} AS place,
  toUInt32(count()) AS count,
  toUInt32(countIf(quality = 2)) AS bad,
  minOrNullIf(value, ${counts}) AS min,
  maxOrNullIf(value, ${counts}) AS max,
  avgOrNullIf(value, ${counts}) AS mean,
  argMaxOrNullIf(value, (at, seq), ${counts}) AS last
FROM (
  SELECT signal, toUnixTimestamp64Milli(ts) AS at, seq, value, quality FROM ${inUnitsOfNow('telemetry', others)}
  WHERE signal IN {signals:Array(UInt32)} AND ts >= ${time('from')} AND ts < ${time('to')}
)
GROUP BY signal, place`

const minutePlace = `toUInt32(intDiv(toInt64(toUInt32(minute)) * 1000 - {origin:Int64}, {width:Int64}))`

/** Samples in the shape of rows of telemetry_1m_parts. */
const samplesWhere = (where: string, others: Span['others']): string => `
  SELECT
    signal, toStartOfMinute(ts) AS minute, toUInt64(toUnixTimestamp64Milli(ts) % ${minuteMs}) * 17592186044416 + seq AS last_place,
    1 AS count, quality = 2 AS bad, ${counts} AS valued, if(valued, value, 0) AS sum, value AS min, value AS max, value AS last
  FROM ${inUnitsOfNow('telemetry', others)} WHERE signal IN {signals:Array(UInt32)} AND ${where}`

/**
 * What telemetry_1m does, without its detour over each minute: this is asked for every chart. Minutes that the span cuts
 * are read sample by sample, so that no bucket holds anything from outside of it. The database takes longer to
 * understand the statement than to run it, so nothing is in it that need not be.
 */
const fromMinutes = ({ from, to, firstWhole, endWhole }: Edges, others: Span['others']): string => `
WITH (SELECT max(up_to) FROM ${db}.telemetry_1m_parts) AS rolled_up
SELECT
  signal,
  ${minutePlace} AS place,
  toUInt32(sum(m.count)) AS count,
  toUInt32(sum(m.bad)) AS bad,
  minOrNullIf(m.min, m.valued > 0) AS min,
  maxOrNullIf(m.max, m.valued > 0) AS max,
  sumOrNullIf(m.sum, m.valued > 0) / sum(m.valued) AS mean,
  argMaxOrNullIf(m.last, (m.minute, m.last_place), m.valued > 0) AS last,
  arraySort(groupUniqArray(toUInt32(m.minute))) AS spoken,
  length(spoken) = (spoken[-1] - spoken[1]) / 60 + 1 AS is_whole,
  if(is_whole, [spoken[1], spoken[-1]], spoken) AS minutes
FROM (
  SELECT signal, minute, last_place, count, bad, valued, sum, min, max, last
  FROM ${inUnitsOfNow('telemetry_1m_parts', others)}
  WHERE signal IN {signals:Array(UInt32)} AND up_to <= rolled_up
    AND minute >= {firstMinute:UInt32} AND minute < {endMinute:UInt32}
  UNION ALL
  ${samplesWhere(`seq > rolled_up AND ts >= ${time('firstWhole')} AND ts < ${time('endWhole')}`, others)}
  ${from === firstWhole && to === endWhole ? '' : `UNION ALL ${samplesWhere(`(ts >= ${time('from')} AND ts < ${time('firstWhole')} OR ts >= ${time('endWhole')} AND ts < ${time('to')})`, others)}`}
) AS m
GROUP BY signal, place`

/** What is found of a bucket. */
export interface BucketRow {
  readonly signal: number
  /** Of the buckets since `origin`. */
  readonly place: number
  readonly count: number
  readonly bad: number
  readonly min: number | null
  readonly max: number | null
  readonly mean: number | null
  readonly last: number | null
  /** Where minutes were read, those in which the signal spoke, Unix s, in order. */
  readonly minutes?: readonly number[]
  /** It spoke in each from the first to the last, and `minutes` are these two. */
  readonly is_whole?: 0 | 1
}

/** Rows of the figures of buckets, in no order: they are few, and every step more is felt in a chart. */
export function bucketQuery(span: Span, plan: BucketPlan): Statement {
  const edges = edgesOf(span)
  return {
    sql: plan.table === 'telemetry' ? fromSamples(span.others) : fromMinutes(edges, span.others),
    parameters: parametersOf(span, plan, edges),
  }
}

/** The same as a table for other programs. */
export function bucketTable(span: Span, plan: BucketPlan): Statement {
  const buckets = bucketQuery(span, plan)
  const sql = `
SELECT
  s.id AS signal, ${moment(start)} AS time, b.min AS min, b.max AS max, b.mean AS mean, b.last AS last,
  b.count AS count, b.bad / b.count AS bad_share, s.unit AS unit
FROM (${buckets.sql}) AS b
INNER JOIN (SELECT signal, id, unit FROM ${db}.signals FINAL WHERE signal IN {signals:Array(UInt32)}) AS s ON s.signal = b.signal
ORDER BY signal, time, unit`
  return { sql, parameters: buckets.parameters }
}

const moment = (ms: string): string => `fromUnixTimestamp64Milli(toInt64(${ms}), 'UTC')`

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

function parametersOf(
  { signals }: Span,
  { origin, width }: BucketPlan,
  edges: Edges,
): Statement['parameters'] {
  const [firstMinute, endMinute] = [edges.firstWhole / 1000, edges.endWhole / 1000]
  return { signals, ...edges, origin, width, firstMinute, endMinute }
}
