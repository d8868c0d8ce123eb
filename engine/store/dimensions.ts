import { faultsOf } from '../../schema/fault-catalogue.js'
import { databaseName } from '../../schema/tables/definition.js'
import type { Registry } from '../floor/floor.js'
import type { Database } from './database.js'

/** Writes what the indexes of machines and signals mean; `now` is wall time, Unix ms. */
export async function writeDimensions(database: Database, registry: Registry, now: number): Promise<void> {
  const updated = new Date(now).toISOString().replace('T', ' ').replace('Z', '')
  const machines = registry.machines.map(({ index, machine, line, area, site }) => ({
    machine_index: index,
    id: machine.id,
    name: machine.name,
    type: machine.type,
    line,
    area,
    site,
    source: machine.source,
    ideal_cycle_time: machine.idealCycleTime,
    updated,
    faults: faultsOf(machine),
  }))
  const signals = registry.machines.flatMap(({ machine, line, area, site, signals: own }) =>
    own.map(({ index, signal }) => ({
      signal: index,
      id: signal.id,
      name: signal.name,
      machine: machine.id,
      line,
      area,
      site,
      role: signal.role,
      quantity: signal.quantity,
      unit: signal.unit,
      type: signal.type,
      period: signal.period,
      resolution: signal.resolution,
      source: signal.source,
      tag: signal.tag,
      updated,
      warning_low: signal.limits.warningLow ?? null,
      critical_low: signal.limits.criticalLow ?? null,
      warning_high: signal.limits.warningHigh ?? null,
      critical_high: signal.limits.criticalHigh ?? null,
    })),
  )
  await write(database, 'machines', machines)
  await write(database, 'signals', signals)
}

async function write(database: Database, table: string, rows: readonly object[]): Promise<void> {
  if (rows.length === 0) return
  await database.insertRows(table, rows)
  // So that whoever reads the table without FINAL sees each row once, too.
  await database.command(`OPTIMIZE TABLE ${databaseName}.${table} FINAL`)
}
