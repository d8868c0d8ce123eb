import { seqColumn, storedColumn, type Table } from './definition.js'

/** What the twins did, in the order of arrival. */
export const twinEvents: Table = {
  kind: 'table',
  name: 'twin_events',
  meaning: 'What twins did and what happened to them.',
  columns: [
    { name: 'address', type: 'LowCardinality(String)', meaning: 'the twin, e.g. machine:press-01' },
    { name: 'ts', type: "DateTime64(3, 'UTC')", meaning: 'when it happened, event time' },
    { name: 'type', type: 'LowCardinality(String)', meaning: 'e.g. level.changed, twin.crashed' },
    { name: 'payload', type: 'String', meaning: 'the rest of the event as JSON' },
    seqColumn('records'),
    storedColumn,
  ],
  engine: 'MergeTree',
  orderBy: ['address', 'ts', 'seq'],
  ttl: 'stored + INTERVAL 365 DAY',
}

/** From which the twins are brought back after a restart. */
export const twinSnapshots: Table = {
  kind: 'table',
  name: 'twin_snapshots',
  // The newest by arrival and not by its time: a recording may be played again from its beginning.
  meaning: 'The newest snapshot of each twin. Read with FINAL.',
  columns: [
    { name: 'address', type: 'String', meaning: 'the twin' },
    { name: 'ts', type: "DateTime64(3, 'UTC')", meaning: 'time of the snapshot, event time' },
    { name: 'definition', type: 'LowCardinality(String)', meaning: 'id of its definition' },
    { name: 'version', type: 'UInt32', meaning: 'version of its definition' },
    {
      name: 'snapshot',
      type: 'String',
      meaning: 'the persisted statechart snapshot as JSON',
      codec: 'ZSTD(1)',
    },
    seqColumn('records'),
    storedColumn,
  ],
  engine: 'ReplacingMergeTree(seq)',
  orderBy: ['address'],
  ttl: 'stored + INTERVAL 90 DAY',
}
