import type { Definition } from './definition.js'
import { limitViews } from './detection.js'
import { trendViews } from './detection-trends.js'
import { dictionary, machines, signals } from './dimensions.js'
import { downtimeChanges, downtimeEvents } from './downtime.js'
import { faultEvents } from './faults.js'
import { imports } from './imports.js'
import { machineHealthDashboard } from './machine-health.js'
import { calibrations, maintenanceEvents } from './maintenance.js'
import { oeeHourly } from './oee.js'
import { productionEvents } from './production.js'
import { rejects } from './rejects.js'
import { productionRuns, scrapEvents } from './runs.js'
import { segments } from './segments.js'
import { sensorHealth } from './sensor-health.js'
import { simulationCommands } from './simulation.js'
import { dimDate, dimMachine, dimProduct, dimShift, factOee } from './star.js'
import { stateChanges, stateIntervals } from './states.js'
import { telemetry, telemetry1m, telemetry1mParts } from './telemetry.js'
import { floorCheckpoints, plantVersions, turns } from './turns.js'
import { twinEvents, twinSnapshots } from './twins.js'
import { shiftHours, workIntervals } from './work-intervals.js'
import { workOrders } from './work-orders.js'

/** Everything in the database, each after what it is made from. */
export const definitions: readonly Definition[] = [
  telemetry,
  telemetry1mParts,
  telemetry1m,
  rejects,
  stateChanges,
  stateIntervals,
  twinEvents,
  twinSnapshots,
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
  turns,
  floorCheckpoints,
  plantVersions,
  segments,
  signals,
  machines,
  workIntervals,
  dictionary,
  factOee,
  dimMachine,
  dimDate,
  dimShift,
  dimProduct,
  ...limitViews,
  ...trendViews,
  machineHealthDashboard,
]
