import { byTime, seqColumn, storedColumn, type Table } from './definition.js'

/** Parts as machines counted them. */
export const productionEvents = {
  kind: 'table',
  name: 'production_events',
  meaning:
    'Parts between two readings of a part counter, at the time of the later one. Add them up: rows of the cause moved take parts away from a time and give them to an earlier one.',
  columns: [
    { name: 'machine', type: 'LowCardinality(String)', meaning: 'machine id' },
    { name: 'ts', type: "DateTime64(3, 'UTC')", meaning: 'when the counter showed them, event time' },
    {
      name: 'counter',
      type: 'LowCardinality(String)',
      meaning:
        'processed (all parts, good and bad) or defective (TR88.00.02, Admin); waits (cause late, no parts): from ts on why the machine waited came late or out of order, and is worked out anew',
    },
    {
      name: 'parts',
      type: 'Float64',
      meaning:
        'increment; resets and roll-overs of the counter are taken out; moved: what is given to this time, or taken away; late and leap: 0',
    },
    {
      name: 'total',
      type: 'Float64',
      meaning:
        'parts of this counter since the machine’s twin first read it; moved: parts at this time after it; late and leap: what the counter showed',
    },
    {
      name: 'cause',
      type: 'LowCardinality(String)',
      meaning:
        'count, rollover or reset of the counter; late: it was read too late for the twin; moved: such a reading said that parts were made earlier; leap: it went on by more parts than can have been made, and none is counted',
    },
    seqColumn('records'),
    storedColumn,
  ],
  engine: 'MergeTree',
  orderBy: ['machine', 'ts', 'seq'],
  ttl: 'stored + INTERVAL 365 DAY',
  projections: [byTime],
} as const satisfies Table
