import { createStatement } from '../../../schema/tables/create-statement.js'
import { databaseName as db } from '../../../schema/tables/definition.js'
import { limitViews } from '../../../schema/tables/detection.js'
import { trendViews } from '../../../schema/tables/detection-trends.js'
import { machineHealthDashboard } from '../../../schema/tables/machine-health.js'
import type { Migration } from './migration.js'

/** Views are queries: made anew, they read less, and go by the heat of a motor alone where it is critical. */
export const detectionAnew: Migration = {
  number: 22,
  name: 'detection anew',
  statements: [...limitViews, ...trendViews, machineHealthDashboard].flatMap(view => [
    `DROP VIEW IF EXISTS ${db}.${view.name}`,
    createStatement(view),
  ]),
}
