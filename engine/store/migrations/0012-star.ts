import { createStatement } from '../../../schema/tables/create-statement.js'
import { databaseName as db } from '../../../schema/tables/definition.js'
import { dimDate, dimMachine, dimProduct, dimShift, factOee } from '../../../schema/tables/star.js'
import type { Migration } from './migration.js'

export const starViews: Migration = {
  number: 12,
  name: 'star',
  statements: [
    `ALTER TABLE ${db}.oee_hourly ADD COLUMN IF NOT EXISTS day LowCardinality(String) COMMENT 'day of the local clock, YYYY-MM-DD' AFTER hour`,
    ...[factOee, dimMachine, dimDate, dimShift, dimProduct].map(view => createStatement(view)),
  ],
}
