import { createStatement } from '../../../schema/tables/create-statement.js'
import { databaseName as db } from '../../../schema/tables/definition.js'
import { oeeHourly } from '../../../schema/tables/oee.js'
import { productionEvents } from '../../../schema/tables/production.js'
import type { Migration } from './migration.js'

/** Parts by machine, those that were counted so far among them, and the hours that figures are made from. */
export const kpiTables: Migration = {
  number: 6,
  name: 'kpis',
  statements: [
    createStatement(productionEvents),
    createStatement(oeeHourly),
    `INSERT INTO ${db}.production_events
    SELECT
      substring(address, 9) AS machine, ts, JSONExtractString(payload, 'counter') AS counter,
      JSONExtractFloat(payload, 'by') AS parts, JSONExtractFloat(payload, 'total') AS total,
      JSONExtractString(payload, 'cause') AS cause, seq, stored
    FROM ${db}.twin_events
    WHERE type = 'parts.counted' AND startsWith(address, 'machine:')
      AND (SELECT count() FROM ${db}.production_events) = 0`,
  ],
}
