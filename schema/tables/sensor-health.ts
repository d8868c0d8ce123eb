import { seqColumn, storedColumn, type Table } from './definition.js'

/** How the instruments were. */
export const sensorHealth = {
  kind: 'table',
  name: 'sensor_health',
  meaning: 'What each sensor was judged to be from ts on; a row when it changes, and at least one an hour.',
  columns: [
    { name: 'signal', type: 'LowCardinality(String)', meaning: 'signal id' },
    { name: 'machine', type: 'LowCardinality(String)', meaning: 'machine id' },
    { name: 'ts', type: "DateTime64(3, 'UTC')", meaning: 'when it was judged, floor time' },
    {
      name: 'condition',
      type: 'LowCardinality(String)',
      meaning: 'ok, drifting, stuck, noisy, out-of-range, calibration-due',
    },
    { name: 'score', type: 'Float64', meaning: '0 (useless) to 100 (as new)' },
    { name: 'drift', type: 'Float64', meaning: 'distance from its own baseline, share of span, signed' },
    { name: 'noise_ratio', type: 'Float64', meaning: 'noise now over noise at the baseline' },
    {
      name: 'packet_loss',
      type: 'Float64',
      meaning: 'share of expected samples that did not come or came bad',
    },
    { name: 'out_of_range', type: 'Float64', meaning: 'values outside the range, of the last 60 good ones' },
    {
      name: 'calibrated_at',
      type: "Nullable(DateTime64(3, 'UTC'))",
      meaning: 'newest calibration; NULL: none told',
    },
    {
      name: 'calibration_due',
      type: "Nullable(DateTime64(3, 'UTC'))",
      meaning: 'when the next calibration is due; NULL: never',
    },
    seqColumn('records'),
    storedColumn,
  ],
  engine: 'MergeTree',
  orderBy: ['signal', 'ts', 'seq'],
  ttl: 'stored + INTERVAL 365 DAY',
} as const satisfies Table
