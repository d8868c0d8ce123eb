import { createStatement } from '../../../schema/tables/create-statement.js'
import { workOrders } from '../../../schema/tables/work-orders.js'
import type { Migration } from './migration.js'

export const workOrderTable: Migration = {
  number: 14,
  name: 'work orders',
  statements: [createStatement(workOrders)],
}
