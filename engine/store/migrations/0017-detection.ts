import { createStatement } from '../../../schema/tables/create-statement.js'
import { type Column, databaseName as db } from '../../../schema/tables/definition.js'
import { limitViews } from '../../../schema/tables/detection.js'
import { limitColumns, possibleFaults } from '../../../schema/tables/dimensions.js'
import type { Migration } from './migration.js'

const add = (table: string, { name, type, meaning }: Column): string =>
  `ALTER TABLE ${db}.${table} ADD COLUMN IF NOT EXISTS ${name} ${type} COMMENT '${meaning}'`

/** The rows themselves are written anew at each start. */
export const detection: Migration = {
  number: 17,
  name: 'detection',
  statements: [
    ...limitColumns.map(column => add('signals', column)),
    add('machines', possibleFaults),
    ...limitViews.map(view => createStatement(view)),
  ],
}
