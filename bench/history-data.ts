import type { Database } from '../engine/store/database.js'
import { RollUp } from '../engine/store/roll-up.js'
import { databaseName } from '../schema/tables/definition.js'

const periodMs = 10_000
const hourMs = 3_600_000

/** Sensors and machines of the reference plant. */
export const signals = 1_716
const machines = 228

/**
 * Fills telemetry with `days` of so many sensors at 10 s, as if they had just been accepted one after the other: a
 * daily course with noise, in steps of a tenth. Returns the number of rows.
 */
export async function fillTelemetry(
  database: Database,
  days: number,
  end: number,
  say: (line: string) => void,
): Promise<number> {
  const perHour = signals * (hourMs / periodMs)
  const hours = days * 24
  for (let hour = 0; hour < hours; hour++) {
    await database.command(`
      INSERT INTO ${databaseName}.telemetry
      SELECT
        number % ${signals} AS signal,
        fromUnixTimestamp64Milli(toInt64(${end - (hours - hour) * hourMs} + intDiv(number, ${signals}) * ${periodMs} + signal), 'UTC') AS ts,
        ts + INTERVAL 20 MILLISECOND,
        round(50 + signal % 7 + 10 * sin(toUnixTimestamp(ts) / 13750 + signal) + (cityHash64(number, ${hour}) % 100) / 100, 1),
        0,
        ${hour * perHour + 1} + number,
        toDateTime(ts, 'UTC')
      FROM numbers(${perHour})`)
    if (hour % 24 === 23) say(`${(hour + 1) / 24} of ${days} days`)
  }
  await new RollUp(database).run()
  return hours * perHour
}

/** Fills state_changes: each machine goes from one state to the next every minute. */
export async function fillStates(database: Database, days: number, end: number): Promise<void> {
  const changes = machines * days * 24 * 60
  await database.command(`
    INSERT INTO ${databaseName}.state_changes
    SELECT
      concat('m-', toString(number % ${machines})),
      fromUnixTimestamp64Milli(toInt64(${end - days * 24 * hourMs} + intDiv(number, ${machines}) * 60000 + number % 977), 'UTC') AS ts,
      ['Execute', 'Held', 'Execute', 'Idle'][1 + (number + intDiv(number, ${machines})) % 4], 'Production', 'none', '', true,
      number + 1, toDateTime(ts, 'UTC')
    FROM numbers(${changes})`)
}
