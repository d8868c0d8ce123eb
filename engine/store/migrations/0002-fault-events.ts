import { createStatement } from '../../../schema/tables/create-statement.js'
import { faultEvents } from '../../../schema/tables/faults.js'
import type { Migration } from './migration.js'

export const faultEventsTable: Migration = {
  number: 2,
  name: 'fault events',
  statements: [createStatement(faultEvents)],
}
