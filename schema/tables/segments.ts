import { storedColumn, type Table } from './definition.js'

/**
 * A segment of the spool goes in table by table: between the first and the last some of it is there and some is not.
 * Whoever wants what belongs together, a backup for one, reads no further than this says.
 */
export const segments = {
  kind: 'table',
  name: 'segments',
  meaning:
    'Up to where everything has arrived, of all tables: what lies behind may be there in part. Read with max(samples), max(records).',
  columns: [
    { name: 'spool', type: 'String', meaning: 'id of the spool' },
    { name: 'segment', type: 'UInt64', meaning: 'number of its newest segment that is in as a whole' },
    { name: 'samples', type: 'UInt64', meaning: 'seq of the newest sample up to then' },
    { name: 'records', type: 'UInt64', meaning: 'seq of the newest record up to then' },
    storedColumn,
  ],
  engine: 'ReplacingMergeTree(segment)',
  orderBy: ['spool'],
} as const satisfies Table
