import { createStatement } from '../../../schema/tables/create-statement.js'
import { databaseName as db } from '../../../schema/tables/definition.js'
import { limitViews } from '../../../schema/tables/detection.js'
import { machineHealthDashboard } from '../../../schema/tables/machine-health.js'
import type { Migration } from './migration.js'

const isChanged = ({ name }: { readonly name: string }): boolean => name === 'detected_electrical_fault'

/** The supply fails as it comes: a voltmeter that reads too much all day is no electrical fault. */
export const suddenSupply: Migration = {
  number: 23,
  name: 'sudden supply',
  statements: [...limitViews.filter(isChanged), machineHealthDashboard].flatMap(view => [
    `DROP VIEW IF EXISTS ${db}.${view.name}`,
    createStatement(view),
  ]),
}
