import { createStatement } from '../../../schema/tables/create-statement.js'
import { downtimeChanges, downtimeEvents } from '../../../schema/tables/downtime.js'
import type { Migration } from './migration.js'

export const downtimeTables: Migration = {
  number: 9,
  name: 'downtime',
  statements: [createStatement(downtimeEvents), createStatement(downtimeChanges)],
}
