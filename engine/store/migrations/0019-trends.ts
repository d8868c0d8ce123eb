import { createStatement } from '../../../schema/tables/create-statement.js'
import { databaseName as db } from '../../../schema/tables/definition.js'
import { limitViews } from '../../../schema/tables/detection.js'
import { trendViews } from '../../../schema/tables/detection-trends.js'
import { machineHealthDashboard } from '../../../schema/tables/machine-health.js'
import type { Migration } from './migration.js'

/** Views are queries: made anew, they know what the new ones know. */
export const trends: Migration = {
  number: 19,
  name: 'trends',
  statements: [...limitViews, ...trendViews, machineHealthDashboard].flatMap(view => [
    `DROP VIEW IF EXISTS ${db}.${view.name}`,
    createStatement(view),
  ]),
}
