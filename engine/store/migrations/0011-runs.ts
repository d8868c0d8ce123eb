import { createStatement } from '../../../schema/tables/create-statement.js'
import { productionRuns, scrapEvents } from '../../../schema/tables/runs.js'
import type { Migration } from './migration.js'

export const runTables: Migration = {
  number: 11,
  name: 'runs',
  statements: [createStatement(scrapEvents), createStatement(productionRuns)],
}
