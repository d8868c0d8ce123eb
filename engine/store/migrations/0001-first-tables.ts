import { createStatement } from '../../../schema/tables/create-statement.js'
import { definitions } from '../../../schema/tables/index.js'
import type { Migration } from './migration.js'

/** Makes whatever the definitions describe and is not there yet. */
export const firstTables: Migration = {
  number: 1,
  name: 'first tables',
  statements: definitions.map(definition => createStatement(definition)),
}
