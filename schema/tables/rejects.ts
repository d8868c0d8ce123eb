import { seqColumn, storedColumn, type Table } from './definition.js'

/** What came in and could not be taken. */
export const rejects = {
  kind: 'table',
  name: 'rejects',
  meaning: 'Input that could not be taken, with the reason: nothing is silently dropped.',
  columns: [
    { name: 'source', type: 'LowCardinality(String)', meaning: 'id of the source' },
    { name: 'ts', type: "DateTime64(3, 'UTC')", meaning: "when it came in, by the floor's clock" },
    { name: 'rule', type: 'LowCardinality(String)', meaning: 'which rule it broke, a short code' },
    { name: 'reason', type: 'String', meaning: 'what is wrong, for a person' },
    { name: 'raw', type: 'String', meaning: 'the input as it came, cut at 4,096 characters' },
    {
      name: 'signal',
      type: 'LowCardinality(String)',
      meaning: 'id of the signal, where it was a sample; else empty',
    },
    { name: 'value', type: 'Nullable(Float64)', meaning: 'value of the sample; NULL: none, or a text' },
    {
      name: 'source_time',
      type: "Nullable(DateTime64(3, 'UTC'))",
      meaning: 'when the source says the value was true; NULL: no such time',
    },
    seqColumn('records'),
    storedColumn,
  ],
  engine: 'MergeTree',
  orderBy: ['source', 'ts'],
  ttl: 'stored + INTERVAL 90 DAY',
} as const satisfies Table
