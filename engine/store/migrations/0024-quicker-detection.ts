import { createStatement } from '../../../schema/tables/create-statement.js'
import { databaseName as db } from '../../../schema/tables/definition.js'
import { limitViews } from '../../../schema/tables/detection.js'
import { trendViews } from '../../../schema/tables/detection-trends.js'
import { machineHealthDashboard } from '../../../schema/tables/machine-health.js'
import type { Migration } from './migration.js'

/** They say what they said, and read less for it. */
export const quickerDetection: Migration = {
  number: 24,
  name: 'quicker detection',
  statements: [...limitViews, ...trendViews, machineHealthDashboard].flatMap(view => [
    `DROP VIEW IF EXISTS ${db}.${view.name}`,
    createStatement(view),
  ]),
}
