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
  /** Where minutes were read: the first and the last in which the signal spoke, Unix s. */
  readonly first_minute?: number
  readonly last_minute?: number
  /** The longest way between two of them, s; 0 for one. */
  readonly longest_step?: number
}

const ofSignals = 'signal IN {signals:Array(UInt32)}'
const time = (parameter: string): string => `fromUnixTimestamp64Milli({${parameter}:Int64}, 'UTC')`
const at = 'toUnixTimestamp64Milli(ts)'
const minuteAt = 'toInt64(toUInt32(minute)) * 1000'
const placeOf = (ms: string): string => `toUInt32(intDiv(${ms} - {origin:Int64}, {width:Int64}))`

/** Arrivals have 44 bits, as in last_place. A tuple of the two is compared at half the speed. */
const position = (ms: string): string => `toUInt128(${ms}) * 17592186044416`

const stretchOf = (minute: string): string => `,
  (arraySort(groupUniqArray(toUInt32(${minute}))) AS spoken)[1] AS first_minute,
  spoken[-1] AS last_minute,
  arrayMax(arrayDifference(spoken)) AS longest_step`

/** Rows of buckets from samples, with their minutes (`stretch`) or not. */
const fromSamples = (where: string, others: Span['others'], stretch = ''): string => `
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
  toString(maxIf(position, counts)) AS newest${stretch}
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
  toString(maxIf(position, m.valued > 0)) AS newest${stretchOf('minute')}
FROM ${inUnitsOfNow('telemetry_1m_parts', others)} AS m
WHERE ${ofSignals} AND ${rolledUpMinutes}
GROUP BY signal, place`

/** What of a span was rolled up, as far as it has it in whole minutes, what of these was not, and what it cuts of others. */
const rolledUpMinutes =
  'up_to <= {rolledUp:UInt64} AND minute >= {firstMinute:UInt32} AND minute < {endMinute:UInt32}'
const lateSamples = `seq > {rolledUp:UInt64} AND ts >= ${time('firstWhole')} AND ts < ${time('endWhole')}`
const cutSamples = `(ts >= ${time('from')} AND ts < ${time('firstWhole')} OR ts >= ${time('endWhole')} AND ts < ${time('to')})`
const allSamples = `ts >= ${time('from')} AND ts < ${time('to')}`

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
  const { others } = span
  const parameters = { ...parametersOf(span, rolledUp), origin, width }
  const statement = (sql: string): Statement => ({ sql, parameters })
  if (table === 'telemetry') return [statement(fromSamples(allSamples, others))]
  const stretch = stretchOf('toStartOfMinute(ts)')
  return [
    statement(fromMinutes(others)),
    statement(fromSamples(lateSamples, others, stretch)),
    ...(isCut(span) ? [statement(fromSamples(cutSamples, others, stretch))] : []),
  ]
}

/** What answers with when signals spoke, from `at` to `end`, Unix ms: as exactly as the buckets are read. */
export function spokenQuery(span: Span, table: SourceTable, rolledUp: number): Statement {
  const parameters = parametersOf(span, rolledUp)
  const samples = inUnitsOfNow('telemetry', span.others)
  if (table === 'telemetry') {
    const sql = `SELECT signal, ${at} AS at, at AS end FROM ${samples} WHERE ${ofSignals} AND ${allSamples}`
    return { sql, parameters }
  }
  const parts = inUnitsOfNow('telemetry_1m_parts', span.others)
  const minutesOf = (where: string): string =>
    `SELECT signal, toStartOfMinute(ts) AS minute FROM ${samples} WHERE ${ofSignals} AND ${where}`
  const sql = `
    SELECT signal, greatest({from:Int64}, ${minuteAt}) AS at, least({to:Int64}, ${minuteAt} + ${minuteMs}) AS end FROM (
      SELECT signal, minute FROM ${parts} WHERE ${ofSignals} AND ${rolledUpMinutes}
      UNION ALL ${minutesOf(lateSamples)}
      UNION ALL ${minutesOf(cutSamples)}
    )`
  return { sql, parameters }
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
  return { sql, parameters: queries[0]!.parameters }
}

/** Where a span begins and ends, and the whole minutes in it, ms. */
function edgesOf({ from, to }: Span) {
  const [begin, end] = [Math.floor(from), Math.ceil(to)]
  const firstWhole = Math.min(end, Math.ceil(begin / minuteMs) * minuteMs)
  const endWhole = Math.max(firstWhole, Math.floor(end / minuteMs) * minuteMs)
  return { from: begin, to: end, firstWhole, endWhole }
}

function isCut(span: Span): boolean {
  const { from, to, firstWhole, endWhole } = edgesOf(span)
  return from !== firstWhole || to !== endWhole
}

function parametersOf(span: Span, rolledUp: number): Statement['parameters'] {
  const edges = edgesOf(span)
  const [firstMinute, endMinute] = [edges.firstWhole, edges.endWhole].map(ms =>
    Math.min(latestMinute, ms / 1000),
  )
  return { signals: span.signals, ...edges, firstMinute, endMinute, rolledUp }
}
