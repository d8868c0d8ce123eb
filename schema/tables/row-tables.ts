import { downtimeChanges, downtimeEvents } from './downtime.js'
import { faultEvents } from './faults.js'
import { imports } from './imports.js'
import { calibrations, maintenanceEvents } from './maintenance.js'
import { oeeHourly } from './oee.js'
import { productionEvents } from './production.js'
import type { RowOf } from './row.js'
import { productionRuns, scrapEvents } from './runs.js'
import { sensorHealth } from './sensor-health.js'
import { simulationCommands } from './simulation.js'
import { floorCheckpoints, turns } from './turns.js'
import { shiftHours } from './work-intervals.js'
import { workOrders } from './work-orders.js'

/** Tables whose rows travel in entries just as they are: adding one here is all it takes for it to be written. */
export const rowTables = [
  faultEvents,
  sensorHealth,
  productionEvents,
  oeeHourly,
  simulationCommands,
  maintenanceEvents,
  calibrations,
  downtimeEvents,
  downtimeChanges,
  scrapEvents,
  productionRuns,
  shiftHours,
  workOrders,
  imports,
  // In this order: a checkpoint in the same entry as turns was taken after them.
  turns,
  floorCheckpoints,
] as const

type RowTable = (typeof rowTables)[number]
export type RowTableName = RowTable['name']
export type RowOfTable<Name extends RowTableName> = RowOf<Extract<RowTable, { readonly name: Name }>>

/** Rows by table. */
export type Rows = { readonly [Name in RowTableName]?: readonly RowOfTable<Name>[] }
