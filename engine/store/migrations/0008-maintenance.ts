import { createStatement } from '../../../schema/tables/create-statement.js'
import { calibrations, maintenanceEvents } from '../../../schema/tables/maintenance.js'
import type { Migration } from './migration.js'

export const maintenanceTables: Migration = {
  number: 8,
  name: 'maintenance and calibrations',
  statements: [maintenanceEvents, calibrations].map(table => createStatement(table)),
}
