import { createStatement } from '../../../schema/tables/create-statement.js'
import { sensorHealth } from '../../../schema/tables/sensor-health.js'
import type { Migration } from './migration.js'

export const sensorHealthTable: Migration = {
  number: 5,
  name: 'sensor health',
  statements: [createStatement(sensorHealth)],
}
