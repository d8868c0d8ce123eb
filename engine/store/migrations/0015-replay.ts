import { createStatement } from '../../../schema/tables/create-statement.js'
import { floorCheckpoints, plantVersions, turns } from '../../../schema/tables/turns.js'
import type { Migration } from './migration.js'

export const replayTables: Migration = {
  number: 15,
  name: 'replay',
  statements: [createStatement(turns), createStatement(floorCheckpoints), createStatement(plantVersions)],
}
