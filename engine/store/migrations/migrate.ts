import type { Logger } from 'pino'
import { databaseName } from '../../../schema/tables/definition.js'
import type { Database } from '../database.js'
import { StoreError } from '../errors.js'
import { firstTables } from './0001-first-tables.js'
import { faultEventsTable } from './0002-fault-events.js'
import { minutesByRollUp } from './0003-minutes-by-roll-up.js'
import { rejectedSamples } from './0004-rejected-samples.js'
import { sensorHealthTable } from './0005-sensor-health.js'
import { kpiTables } from './0006-kpis.js'
import { simulationCommandsTable } from './0007-simulation-commands.js'
import { maintenanceTables } from './0008-maintenance.js'
import { downtimeTables } from './0009-downtime.js'
import { linkCommands } from './0010-link-commands.js'
import { runTables } from './0011-runs.js'
import { starViews } from './0012-star.js'
import { withdrawnWork } from './0013-withdrawn-work.js'
import { workOrderTable } from './0014-work-orders.js'
import { replayTables } from './0015-replay.js'
import { importTable } from './0016-imports.js'
import { detection } from './0017-detection.js'
import { byTimeProjections } from './0018-by-time.js'
import { trends } from './0019-trends.js'
import { workIntervalTables } from './0020-work-intervals.js'
import { longerMemory } from './0021-longer-memory.js'
import { detectionAnew } from './0022-detection-anew.js'
import { suddenSupply } from './0023-sudden-supply.js'
import { quickerDetection } from './0024-quicker-detection.js'
import { segmentTable } from './0025-segments.js'
import { turnsByTime } from './0026-turns-by-time.js'
import type { Migration } from './migration.js'

export const migrations: readonly Migration[] = [
  firstTables,
  faultEventsTable,
  minutesByRollUp,
  rejectedSamples,
  sensorHealthTable,
  kpiTables,
  simulationCommandsTable,
  maintenanceTables,
  downtimeTables,
  linkCommands,
  runTables,
  starViews,
  withdrawnWork,
  workOrderTable,
  replayTables,
  importTable,
  detection,
  byTimeProjections,
  trends,
  workIntervalTables,
  longerMemory,
  detectionAnew,
  suddenSupply,
  quickerDetection,
  segmentTable,
  turnsByTime,
]

/** Makes the tables of a new database; applies what an older one lacks, in order. Records it in the table `migrations`. */
export async function migrate(database: Database, logger: Logger, steps = migrations): Promise<void> {
  await database.command(`CREATE DATABASE IF NOT EXISTS ${databaseName}`)
  await database.command(
    `CREATE TABLE IF NOT EXISTS ${databaseName}.migrations (
      number UInt32, name String, applied DateTime('UTC') DEFAULT now()
    ) ENGINE = MergeTree ORDER BY number COMMENT 'Steps of the shape of this database that were applied.'`,
  )
  const applied = await database.query<{ number: number }>(
    `SELECT DISTINCT number FROM ${databaseName}.migrations`,
  )
  const done = new Set(applied.map(row => row.number))
  const newest = Math.max(0, ...done)
  const known = steps.at(-1)?.number ?? 0
  if (newest > known) {
    const message = `The database is of a newer version (step ${newest}; this version knows ${known}). Start the newer version, or choose another folder with --data.`
    throw new StoreError('migration-failed', message)
  }
  const missing = steps.filter(step => !done.has(step.number))
  if (newest === 0) {
    // The first makes all of today. On a new database the others have nothing to do, and tables that somebody has made
    // for it beforehand, over a cluster of his own, stay as they are.
    for (const step of missing.slice(0, 1)) await apply(database, step)
    await record(database, missing)
    logger.info({ steps: missing.length }, 'store: made the tables')
    return
  }
  for (const step of missing) {
    await apply(database, step)
    await record(database, [step])
    logger.info({ number: step.number, name: step.name }, 'store: applied a migration')
  }
}

async function apply(database: Database, step: Migration): Promise<void> {
  for (const statement of step.statements) await database.command(statement)
  for (const [table, statements] of Object.entries(step.storage ?? {}))
    if (await keepsRows(database, table))
      for (const statement of statements) await database.command(statement)
}

async function record(database: Database, steps: readonly Migration[]): Promise<void> {
  if (steps.length === 0) return
  await database.insertRows(
    'migrations',
    steps.map(({ number, name }) => ({ number, name })),
  )
}

async function keepsRows(database: Database, table: string): Promise<boolean> {
  const [found] = await database.query<{ engine: string }>(
    'SELECT engine FROM system.tables WHERE database = {database:String} AND name = {table:String}',
    { database: databaseName, table },
  )
  return found?.engine !== 'Distributed'
}
