import { createStatement } from '../../../schema/tables/create-statement.js'
import { imports } from '../../../schema/tables/imports.js'
import type { Migration } from './migration.js'

export const importTable: Migration = {
  number: 16,
  name: 'imports',
  statements: [createStatement(imports)],
}
