import { databaseName } from '../../schema/tables/definition.js'
import type { Store } from '../store/store.js'
import { nearest } from './nearest.js'
import type { Arrival } from './set-back.js'

export interface Reading {
  readonly time: number
  readonly value: number
  readonly isLate: boolean
}

/** What is credited at a time. */
export interface Recorded {
  readonly time: number
  readonly parts: number
  /** How often the counter fell, or leapt, as its twin saw it. */
  readonly falls: number
  /** Some of it is from a list of parts, and no reading. */
  readonly isImported: boolean
}

/** A counter of a machine, and the signal that tells it. */
interface Counter extends Record<string, unknown> {
  readonly signal: number
  readonly machine: string
  readonly counter: string
}

/** Unix ms. */
type Told = [told: number, received: number]

/** What a twin takes for a reading of a counter. */
const isReading = 'quality != 2 AND isFinite(value) AND value >= 0 AND value = floor(value)'
/** From one time to another: it came too late for the twin, which went on from one reading that came in time to the next. */
const isLate = `(ts IN (
  SELECT ts FROM ${databaseName}.production_events
  WHERE machine = {machine:String} AND counter = {counter:String} AND cause = 'late'
    AND ts >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND ts <= fromUnixTimestamp64Milli({to:Int64}, 'UTC')))`
/** Parts of an import tell themselves apart by totals below 0. */
const isImported = `(cause = 'count' AND total < 0)`

/** What the store has of a counter: its readings, and the parts that are credited for them. Times are Unix ms. */
export class CounterRecord {
  readonly #store: Pick<Store, 'query'>
  readonly #of: Counter

  constructor(store: Pick<Store, 'query'>, of: Counter) {
    this.#store = store
    this.#of = of
  }

  /** When the counter was read next to a time, `in time` for its twin or whenever. */
  neighbour(
    time: number,
    side: 'before' | 'after',
    which: 'in time' | 'any' = 'in time',
  ): Promise<number | undefined> {
    return nearest(side === 'before' ? time : time + 1, side, async (from, to) => {
      const [row] = await this.#store.query<{ time: number }>(
        `SELECT toFloat64(toUnixTimestamp64Milli(ts)) AS time FROM ${databaseName}.telemetry
        WHERE signal = {signal:UInt32} AND ${isReading} ${which === 'any' ? '' : `AND NOT ${isLate}`}
          AND ts >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND ts < fromUnixTimestamp64Milli({to:Int64}, 'UTC')
        ORDER BY ts ${side === 'before' ? 'DESC' : 'ASC'} LIMIT 1`,
        { ...this.#of, from, to },
      )
      return row?.time
    })
  }

  /** Its twin counted parts before a time: of readings that are not kept any more, if none is there. */
  async isCountedBefore(time: number): Promise<boolean> {
    const rows = await this.#store.query(
      `SELECT 1 FROM ${databaseName}.production_events
      WHERE machine = {machine:String} AND counter = {counter:String} AND cause IN ('count', 'rollover', 'reset')
        AND NOT ${isImported} AND ts < fromUnixTimestamp64Milli({time:Int64}, 'UTC') LIMIT 1`,
      { ...this.#of, time },
    )
    return rows.length > 0
  }

  /** How the readings of a stretch arrived beside those behind it; undefined where all of these came later. */
  async arrival(from: number, to: number): Promise<Arrival | undefined> {
    const readings = `${databaseName}.telemetry WHERE signal = {signal:UInt32} AND ${isReading}`
    const isEarly = `ts < fromUnixTimestamp64Milli({to:Int64}, 'UTC')`
    const ms = (time: string): string => `toFloat64(toUnixTimestamp64Milli(${time}))`
    const instant = (told: string, received: string): string => `[${ms(told)}, ${ms(received)}]`
    const [row] = await this.#store.query<{
      goesOn: number
      hasNext: number
      instants: [first: Told, end: Told, last: Told, next: Told]
    }>(
      `WITH
        (SELECT (argMin(value, seq), min(seq), max(seq)) FROM ${readings} AND ${isEarly}
          AND ts >= fromUnixTimestamp64Milli({from:Int64}, 'UTC')) AS stretch,
        (SELECT (maxIf(seq, seq < stretch.2), argMaxIf(value, seq, seq < stretch.2),
          minIf(seq, seq > stretch.3), argMinIf((ts, received), seq, seq > stretch.3))
          FROM ${readings} AND NOT ${isEarly}) AS behind
      SELECT toUInt8(stretch.1 >= behind.2) AS goesOn, toUInt8(behind.3 > 0) AS hasNext,
        [${instant('min(ts)', 'min(received)')}, ${instant('max(ts)', 'max(received)')},
          ${instant('argMax(ts, seq)', 'argMax(received, seq)')}, ${instant('behind.4.1', 'behind.4.2')}] AS instants
      FROM ${readings} AND ${isEarly} AND behind.1 > 0 AND seq > behind.1 AND (behind.3 = 0 OR seq < behind.3)
      HAVING count() > 0`,
      { ...this.#of, from, to },
    )
    if (row === undefined) return undefined
    const [first, end, last, next] = row.instants.map(([told, received]) => ({ told, received }))
    return {
      goesOn: row.goesOn === 1,
      span: { told: end!.told - first!.told, received: end!.received - first!.received },
      last: last!,
      next: row.hasNext === 1 ? next : undefined,
    }
  }

  /**
   * What the counter showed from one reading to another, whenever they came. The same again tells nothing but at the end
   * and of one that came in time after late ones.
   */
  readings(from: number, to: number): Promise<Reading[]> {
    return this.#store.query<Reading>(
      `SELECT toFloat64(toUnixTimestamp64Milli(at)) AS time, shown AS value, late AS isLate
      FROM (
        SELECT ts AS at, t.value AS shown, ${isLate} AS late, row_number() OVER in_order AS place, count() OVER in_order AS places,
          lagInFrame(t.value) OVER in_order AS before, lagInFrame(late) OVER in_order AS after_late
        FROM ${databaseName}.telemetry AS t
        WHERE signal = {signal:UInt32} AND ${isReading}
          AND ts >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND ts <= fromUnixTimestamp64Milli({to:Int64}, 'UTC')
        WINDOW in_order AS (ORDER BY ts, seq ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING))
      WHERE place IN (1, places) OR shown != before OR (after_late AND NOT late) ORDER BY at, place`,
      { ...this.#of, from, to },
    )
  }

  /** What is credited after one reading up to another. */
  recorded(from: number, to: number): Promise<Recorded[]> {
    return this.#store.query<Recorded>(
      `SELECT toFloat64(toUnixTimestamp64Milli(ts)) AS time, sum(e.parts) AS parts,
        toFloat64(countIf(cause IN ('rollover', 'reset', 'leap'))) AS falls, max(${isImported}) AS isImported
      FROM ${databaseName}.production_events AS e
      WHERE machine = {machine:String} AND counter = {counter:String} AND cause != 'late'
        AND ts > fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND ts <= fromUnixTimestamp64Milli({to:Int64}, 'UTC')
      GROUP BY ts ORDER BY ts`,
      { ...this.#of, from, to },
    )
  }
}
