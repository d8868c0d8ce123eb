import { databaseName as db, deduplicationWindow } from '../../../schema/tables/definition.js'
import { definitions } from '../../../schema/tables/index.js'
import type { Migration } from './migration.js'

const tables = definitions.filter(({ kind }) => kind === 'table')

/** The tokens of all blocks that the fullest spool can hold are remembered. */
export const longerMemory: Migration = {
  number: 21,
  name: 'longer memory',
  statements: [],
  storage: Object.fromEntries(
    tables.map(({ name }) => [
      name,
      [
        `ALTER TABLE ${db}.${name} MODIFY SETTING non_replicated_deduplication_window = ${deduplicationWindow}`,
      ],
    ]),
  ),
}
