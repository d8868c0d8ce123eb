import { byTime, seqColumn, storedColumn, type Table } from './definition.js'

/** Parts as machines counted them. */
export const productionEvents = {
  kind: 'table',
  name: 'production_events',
  meaning: 'Parts between two readings of a part counter, at the time of the later one.',
  columns: [
    { name: 'machine', type: 'LowCardinality(String)', meaning: 'machine id' },
    { name: 'ts', type: "DateTime64(3, 'UTC')", meaning: 'when the counter showed them, event time' },
    {
      name: 'counter',
      type: 'LowCardinality(String)',
      meaning: 'processed (all parts, good and bad) or defective (TR88.00.02, Admin)',
    },
    {
      name: 'parts',
      type: 'Float64',
      meaning: 'increment; resets and roll-overs of the counter are taken out',
    },
    {
      name: 'total',
      type: 'Float64',
      meaning: 'parts of this counter since the machine’s twin first read it',
    },
    {
      name: 'cause',
      type: 'LowCardinality(String)',
      meaning: 'count, rollover or reset of the counter',
    },
    seqColumn('records'),
    storedColumn,
  ],
  engine: 'MergeTree',
  orderBy: ['machine', 'ts', 'seq'],
  ttl: 'stored + INTERVAL 365 DAY',
  projections: [byTime],
} as const satisfies Table
