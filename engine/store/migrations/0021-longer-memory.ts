import { databaseName as db, deduplicationWindow } from '../../../schema/tables/definition.js'
import { definitions } from '../../../schema/tables/index.js'
import { segments } from '../../../schema/tables/segments.js'
import type { Migration } from './migration.js'

/** Those there were by then. */
const tables = definitions.filter(({ kind, name }) => kind === 'table' && name !== segments.name)

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
