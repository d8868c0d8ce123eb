import { byTime, databaseName as db, type Table } from '../../../schema/tables/definition.js'
import { productionEvents } from '../../../schema/tables/production.js'
import { stateChanges } from '../../../schema/tables/states.js'
import type { Migration } from './migration.js'

const add = ({ name }: Table): readonly string[] => [
  `ALTER TABLE ${db}.${name} ADD PROJECTION IF NOT EXISTS ${byTime}`,
  `ALTER TABLE ${db}.${name} MATERIALIZE PROJECTION by_time SETTINGS mutations_sync = 1`,
]

/** What happened at all machines within an hour is found without reading what each of them ever did. */
export const byTimeProjections: Migration = {
  number: 18,
  name: 'by time',
  statements: [],
  storage: { [stateChanges.name]: add(stateChanges), [productionEvents.name]: add(productionEvents) },
}
