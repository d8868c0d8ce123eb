import { databaseName as db } from '../../../schema/tables/definition.js'
import type { Migration } from './migration.js'

/** Commands to links say more than those to machines. */
export const linkCommands: Migration = {
  number: 10,
  name: 'link commands',
  statements: [
    `ALTER TABLE ${db}.simulation_commands ADD COLUMN IF NOT EXISTS parameters String COMMENT 'disturb, restore: what else was said, as JSON; else empty' AFTER takes`,
  ],
}
