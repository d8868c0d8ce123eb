import { createStatement } from '../../../schema/tables/create-statement.js'
import { simulationCommands } from '../../../schema/tables/simulation.js'
import type { Migration } from './migration.js'

export const simulationCommandsTable: Migration = {
  number: 7,
  name: 'simulation commands',
  statements: [createStatement(simulationCommands)],
}
