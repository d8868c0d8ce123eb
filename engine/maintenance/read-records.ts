import type { Calibration, Maintenance } from '../../schema/maintenance.js'
import type { Table } from '../../schema/tables/definition.js'
import {
  type CalibrationRow,
  calibrationOf,
  calibrations,
  type MaintenanceRow,
  maintenanceEvents,
  standingWorks,
} from '../../schema/tables/maintenance.js'
import type { Store } from '../store/store.js'

/** Everything that was ever told of maintenance and stands, oldest first. What the store has accepted must be in the database. */
export async function readMaintenance(
  store: Pick<Store, 'query'>,
): Promise<{ readonly works: readonly Maintenance[]; readonly calibrations: readonly Calibration[] }> {
  return {
    works: standingWorks(await rowsOf<MaintenanceRow>(store, maintenanceEvents, 'start')),
    calibrations: (await rowsOf<CalibrationRow>(store, calibrations, 'ts')).map(calibrationOf),
  }
}

/** The rows as they were accepted: times as Unix ms. */
function rowsOf<Row>(store: Pick<Store, 'query'>, { name, columns }: Table, order: string): Promise<Row[]> {
  const shown = columns
    .filter(column => column.name !== 'seq' && column.name !== 'stored')
    .map(column =>
      column.type.includes('DateTime64')
        ? `toFloat64(toUnixTimestamp64Milli(t.${column.name})) AS ${column.name}`
        : `t.${column.name} AS ${column.name}`,
    )
  return store.query(`SELECT ${shown.join(', ')} FROM gemba.${name} AS t ORDER BY t.${order}, t.seq`)
}
