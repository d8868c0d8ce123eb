import { databaseName as db } from '../../../schema/tables/definition.js'
import type { Migration } from './migration.js'

/** Work that somebody told by mistake can be withdrawn. */
export const withdrawnWork: Migration = {
  number: 13,
  name: 'withdrawn work',
  statements: [
    `ALTER TABLE ${db}.maintenance_events ADD COLUMN IF NOT EXISTS withdrawn Bool COMMENT 'told by mistake; of one id the row told last counts' AFTER recorded`,
  ],
}
