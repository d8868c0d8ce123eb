import type { FaultPatternId } from '../../schema/fault-catalogue.js'
import { databaseName as db } from '../../schema/tables/definition.js'
import type { Store } from './store.js'

const minuteMs = 60_000
const hourMs = 60 * minuteMs

/** Which view tells of a pattern, and how its windows are counted. */
export interface Watch {
  readonly pattern: FaultPatternId
  readonly view: string
  /** For how long after the repair it may go on, since it looks back or what it looks at is still warm, ms. */
  readonly grace: number
  /** Windows that are no further apart are one alarm, ms. */
  readonly apart: number
  /** It counts as found only before vibration has passed its warning limit. */
  readonly isEarly?: true
}

const byLimits = (pattern: FaultPatternId): Watch => ({
  pattern,
  view: `detected_${pattern.replaceAll('-', '_')}`,
  ...{ grace: hourMs / 2, apart: hourMs },
})
export const watches: readonly Watch[] = [
  byLimits('bearing-failure'),
  {
    pattern: 'bearing-failure',
    view: 'detected_bearing_trend',
    ...{ grace: 24 * hourMs, apart: 12 * hourMs },
    isEarly: true,
  },
  byLimits('motor-overheating'),
  byLimits('hydraulic-leak'),
  { ...byLimits('tool-wear'), grace: hourMs, apart: 12 * hourMs },
  byLimits('welding-quality'),
  byLimits('pneumatic-failure'),
  byLimits('coolant-failure'),
  byLimits('robot-positioning'),
  byLimits('electrical-fault'),
  { ...byLimits('sensor-drift'), grace: 96 * hourMs, apart: 12 * hourMs },
]

/** A fault as the simulation knows it, times in Unix ms. */
interface Life {
  readonly machine: string
  readonly pattern: string
  readonly onset: number
  /** When the machine failed of it; null: it did not, or not yet. */
  readonly failed: number | null
  /** When it was repaired; null: not yet. */
  readonly over: number | null
  /** The first minute in which vibration was beyond its warning limit; null: never. */
  readonly shaken: number | null
}

/** A view held against what the simulation knows, for whoever looks into it. */
export interface Truth {
  /** Faults that came up and made the machine fail, */
  readonly faults: number
  /** those of them that were not found in time, */
  readonly missed: readonly string[]
  /** and stretches of windows in which one is said to show though the machine has none. */
  readonly alarms: readonly string[]
}

/** All faults of a past. */
export async function livesOf(store: Store): Promise<readonly Life[]> {
  const ms = (column: string): string => `toUnixTimestamp64Milli(${column})`
  const lives = await store.query<{
    machine: string
    pattern: string
    onset: string
    failed: string | null
    over: string | null
  }>(`
    SELECT machine, pattern, toString(${ms('min(ts)')}) AS onset, toString(${ms("minOrNullIf(ts, stage = 'failed')")}) AS failed,
      if(argMax(stage, (ts, seq)) = 'dormant', toString(${ms('max(ts)')}), NULL) AS over
    FROM ${db}.fault_events WHERE NOT estimated GROUP BY machine, pattern, occurrence`)
  const shaking = await store.query<{ machine: string; minute: string }>(`
    SELECT DISTINCT s.machine AS machine, toString(toUnixTimestamp(t.minute) * 1000) AS minute
    FROM ${db}.telemetry_1m AS t
    INNER JOIN (SELECT * FROM ${db}.signals FINAL WHERE quantity = 'vibration') AS s ON t.signal = s.signal
    WHERE t.mean > s.warning_high AND s.machine IN (SELECT machine FROM ${db}.fault_events WHERE pattern = 'bearing-failure')
    ORDER BY t.minute`)
  const number = (text: string | null): number | null => (text === null ? null : Number(text))
  return lives.map(({ machine, pattern, onset, failed, over }) => {
    const first = shaking.find(one => one.machine === machine && Number(one.minute) >= Number(onset))
    return {
      ...{ machine, pattern, onset: Number(onset), failed: number(failed), over: number(over) },
      shaken: number(first?.minute ?? null),
    }
  })
}

/**
 * Holds a view against what the simulation knows. In time: before the machine fails, or within ten minutes of the onset.
 * What is said of a machine without this fault is false, whatever else it has: windows close to each other are one alarm.
 * `since`: faults that were there before that are not asked for, since nobody saw them come up; Unix ms.
 */
export async function truthOf(
  store: Store,
  { pattern, view, grace, apart, isEarly }: Watch,
  all: readonly Life[],
  since: number,
): Promise<Truth> {
  const rows = await store.query<{ machine: string; began: number; sure: number }>(`
    SELECT machine, toUnixTimestamp(at) AS began, toUnixTimestamp(known) AS sure FROM ${db}.${view} ORDER BY machine, began`)
  const said = rows.map(({ machine, began, sure }) => ({ machine, at: began * 1000, known: sure * 1000 }))
  const lives = all.filter(life => life.pattern === pattern)
  const failures = lives.filter(({ failed, onset }) => failed !== null && onset > since)
  const missed = failures.filter(({ machine, onset, failed, shaken }) => {
    const end = isEarly ? (shaken ?? 0) : Math.max(failed!, onset + 10 * minuteMs)
    return !said.some(one => one.machine === machine && one.known >= onset && one.known <= end)
  })
  const alarms = said
    .filter(
      ({ machine, at, known }) =>
        !lives.some(
          life => life.machine === machine && known >= life.onset && at <= (life.over ?? Infinity) + grace,
        ),
    )
    .filter(({ machine, at }, i, one) => one[i - 1]?.machine !== machine || at - one[i - 1]!.at > apart)
  const stamp = (time: number | null): string => (time === null ? '–' : new Date(time).toISOString())
  return {
    faults: failures.length,
    missed: missed.map(
      ({ machine, onset, failed }) => `${view} missed ${machine} ${stamp(onset)} to ${stamp(failed)}`,
    ),
    alarms: alarms.map(({ machine, at }) => `${view} said ${machine} at ${stamp(at)}`),
  }
}
