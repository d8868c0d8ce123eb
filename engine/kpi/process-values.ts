import { databaseName } from '../../schema/tables/definition.js'
import { inUnitsOfNow, type OtherUnit } from '../store/other-units.js'
import type { Store } from '../store/store.js'
import type { KpiBook } from './kpi-book.js'

/** Most values of one chart: the newest. */
export const mostValues = 2_000

interface Asked {
  readonly from: number
  readonly to: number
}

/** A value with the time that it is of, Unix ms. */
export interface TimedValue {
  readonly time: number
  readonly value: number
}

/** Seconds a part took, by when it was done; where the machine stood between two parts, nothing is said. */
export async function cycleTimes(
  store: Pick<Store, 'query' | 'flush'>,
  book: Pick<KpiBook, 'stops'>,
  machine: string,
  { from, to }: Asked,
): Promise<TimedValue[]> {
  await store.flush()
  const rows = await store.query<{ time: number; parts: number }>(
    `SELECT toFloat64(toUnixTimestamp64Milli(ts)) AS time, sum(e.parts) AS parts
    FROM ${databaseName}.production_events AS e
    WHERE machine = {machine:String} AND counter = 'processed'
      AND toUnixTimestamp64Milli(ts) >= {from:Int64} AND toUnixTimestamp64Milli(ts) < {to:Int64}
    GROUP BY time HAVING parts > 0 ORDER BY time DESC LIMIT ${mostValues + 1}`,
    { machine, from: Math.floor(from), to: Math.ceil(to) },
  )
  const ordered = rows.reverse()
  const stops = await book.stops([machine], ordered[0]?.time ?? from, to)
  return ordered.slice(1).flatMap(({ time, parts }, place) => {
    const before = ordered[place]!.time
    const hasStood = stops.some(stop => stop.from < time && stop.to > before)
    return hasStood ? [] : [{ time, value: (time - before) / 1_000 / parts }]
  })
}

/** Good values of a signal in order; also those of it `others` units, in that of now. */
export async function signalValues(
  store: Pick<Store, 'query' | 'flush'>,
  signal: number,
  { from, to }: Asked,
  others: readonly OtherUnit[] = [],
): Promise<TimedValue[]> {
  await store.flush()
  const rows = await store.query<TimedValue>(
    `SELECT toFloat64(toUnixTimestamp64Milli(ts)) AS time, value FROM ${inUnitsOfNow('telemetry', others)}
    WHERE signal IN {signals:Array(UInt32)} AND quality = 0 AND isFinite(value)
      AND ts >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND ts < fromUnixTimestamp64Milli({to:Int64}, 'UTC')
    ORDER BY ts DESC, seq DESC LIMIT ${mostValues}`,
    { signals: [signal], from: Math.floor(from), to: Math.ceil(to) },
  )
  return rows.reverse()
}

/** Rejects and parts of a machine, by the begin of each hour in which there were some of either. */
export async function rejectsByHour(
  book: Pick<KpiBook, 'cells'>,
  machine: string,
  { from, to }: Asked,
): Promise<{ readonly time: number; readonly defective: number; readonly size: number }[]> {
  const hours = new Map<number, { defective: number; size: number }>()
  for (const { hour, tally } of await book.cells([machine], from, to)) {
    const sum = hours.get(hour) ?? { defective: 0, size: 0 }
    for (const { produced, scrapped, reworked } of tally.made.values()) {
      sum.size += produced
      sum.defective += scrapped + reworked
    }
    hours.set(hour, sum)
  }
  return [...hours]
    .filter(([, { size, defective }]) => size > 0 || defective > 0)
    .sort(([a], [b]) => a - b)
    .map(([time, sum]) => ({ time, ...sum }))
}
