import type { Database } from '../engine/store/database.js'
import { RollUp } from '../engine/store/roll-up.js'
import { databaseName } from '../schema/tables/definition.js'

const periodMs = 10_000
const hourMs = 3_600_000

/** Sensors of the reference plant. */
export const signals = 1_716

/**
 * Fills telemetry with `days` of so many sensors at 10 s, as if they had just been accepted one after the other: a
 * daily course with noise, in steps of a tenth.
 */
export async function fillTelemetry(
  database: Database,
  days: number,
  end: number,
  say: (line: string) => void,
): Promise<void> {
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
}

/** Fills state_changes: each machine goes from one state to the next every minute. */
export async function fillStates(
  database: Database,
  machines: readonly string[],
  days: number,
  end: number,
): Promise<void> {
  const changes = machines.length * days * 24 * 60
  await database.command(`
    INSERT INTO ${databaseName}.state_changes
    SELECT
      ${oneOf(machines, 'number')},
      fromUnixTimestamp64Milli(toInt64(${end - days * 24 * hourMs} + intDiv(number, ${machines.length}) * 60000 + number % 977), 'UTC') AS ts,
      ['Execute', 'Held', 'Execute', 'Idle'][1 + (number + intDiv(number, ${machines.length})) % 4], 'Production', 'none', '', true,
      number + 1, toDateTime(ts, 'UTC')
    FROM numbers(${changes})`)
}

/** Fills production_events and oee_hourly: a part each minute and machine, and the hours that were written after it. */
export async function fillFigures(
  database: Database,
  machines: readonly string[],
  days: number,
  end: number,
): Promise<void> {
  const begin = end - days * 24 * hourMs
  const machine = oneOf(machines, 'number')
  await database.command(`
    INSERT INTO ${databaseName}.production_events
    SELECT ${machine}, fromUnixTimestamp64Milli(toInt64(${begin} + intDiv(number, ${machines.length}) * 60000 + number % 977), 'UTC') AS ts,
      'processed', 1, 1 + intDiv(number, ${machines.length}), 'count', number + 1, toDateTime(ts, 'UTC')
    FROM numbers(${machines.length * days * 24 * 60})`)
  const firstHour = Math.floor(begin / hourMs) * hourMs
  await database.command(`
    INSERT INTO ${databaseName}.oee_hourly
      (machine, hour, day, shift, product, order, computed, production, setup, breakdown, minor_stop, ideal_ms, produced, seq, stored)
    SELECT ${machine}, fromUnixTimestamp64Milli(toInt64(${firstHour} + intDiv(number, ${machines.length}) * ${hourMs}), 'UTC') AS hour,
      toString(toDate(hour)), concat('early ', toString(toDate(hour))), concat('product-', toString(number % 20)), '', hour,
      2700000, 60000, 300000, 540000, 30000, 60, ${machines.length * days * 24 * 60} + number + 1, toDateTime(hour, 'UTC')
    FROM numbers(${machines.length * days * 24})`)
}

const oneOf = (names: readonly string[], number: string): string =>
  `[${names.map(name => `'${name}'`).join(', ')}][1 + ${number} % ${names.length}]`
