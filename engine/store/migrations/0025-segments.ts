import { createStatement } from '../../../schema/tables/create-statement.js'
import { segments } from '../../../schema/tables/segments.js'
import type { Migration } from './migration.js'

export const segmentTable: Migration = {
  number: 25,
  name: 'segments',
  statements: [createStatement(segments)],
}
