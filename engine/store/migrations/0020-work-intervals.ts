import { createStatement } from '../../../schema/tables/create-statement.js'
import { shiftHours, workIntervals } from '../../../schema/tables/work-intervals.js'
import type { Migration } from './migration.js'

/** What machines worked on, in which shift, beside what they did. */
export const workIntervalTables: Migration = {
  number: 20,
  name: 'work intervals',
  statements: [createStatement(shiftHours), createStatement(workIntervals)],
}
