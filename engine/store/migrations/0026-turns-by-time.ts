import { databaseName as db } from '../../../schema/tables/definition.js'
import { turns } from '../../../schema/tables/turns.js'
import type { Migration } from './migration.js'

/** What sources confirmed shortly before an instant is found without reading every turn. */
export const turnsByTime: Migration = {
  number: 26,
  name: 'turns by time',
  statements: [],
  storage: {
    [turns.name]: [
      `ALTER TABLE ${db}.${turns.name} ADD INDEX IF NOT EXISTS ${turns.indexes[0]}`,
      `ALTER TABLE ${db}.${turns.name} MATERIALIZE INDEX ts_range SETTINGS mutations_sync = 1`,
    ],
  },
}
