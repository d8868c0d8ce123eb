import { type Feed, seqColumn, storedColumn, type Table, type View } from './definition.js'

/** Every sample as it was accepted. */
export const telemetry: Table = {
  kind: 'table',
  name: 'telemetry',
  meaning: 'Every sample as accepted, late and bad ones included.',
  columns: [
    { name: 'signal', type: 'UInt32', meaning: 'signal index, see signals', codec: 'Delta(4), ZSTD(1)' },
    {
      name: 'ts',
      type: "DateTime64(3, 'UTC')",
      meaning: 'when the source says the value was true',
      codec: 'Delta(8), ZSTD(1)',
    },
    {
      name: 'received',
      type: "DateTime64(3, 'UTC')",
      meaning: "when the value reached the engine, by the floor's clock",
      codec: 'Delta(8), ZSTD(1)',
    },
    {
      name: 'value',
      type: 'Float64',
      meaning:
        "the value in the signal's unit; for text signals a code of dictionary; NaN where there is none",
      codec: 'Delta(8), ZSTD(1)',
    },
    { name: 'quality', type: 'UInt8', meaning: '0 good, 1 uncertain, 2 bad (OPC)', codec: 'ZSTD(1)' },
    seqColumn('samples'),
    storedColumn,
  ],
  engine: 'MergeTree',
  orderBy: ['signal', 'ts'],
  partitionBy: 'toYYYYMMDD(stored)',
  ttl: 'stored + INTERVAL 90 DAY',
  // Inside a part rows are ordered by signal first, so that a granule spans a short time: the index finds it.
  indexes: ['ts_range ts TYPE minmax GRANULARITY 1'],
}

/** The parts of telemetry_1m; one row for each signal, minute and block until they are merged. */
export const telemetry1mParts: Table = {
  kind: 'table',
  name: 'telemetry_1m_parts',
  meaning: 'What telemetry_1m adds up. Read telemetry_1m instead.',
  columns: [
    { name: 'signal', type: 'UInt32', meaning: 'signal index' },
    {
      name: 'minute',
      type: "DateTime('UTC')",
      meaning: 'start of the minute, by source time',
      codec: 'Delta(4), ZSTD(1)',
    },
    { name: 'stored_on', type: 'Date', meaning: 'day on which the samples were accepted' },
    { name: 'count', type: 'SimpleAggregateFunction(sum, UInt64)', meaning: 'samples' },
    { name: 'bad', type: 'SimpleAggregateFunction(sum, UInt64)', meaning: 'samples of bad quality' },
    {
      name: 'valued',
      type: 'SimpleAggregateFunction(sum, UInt64)',
      meaning: 'samples that count: not bad, with a number',
    },
    { name: 'sum', type: 'SimpleAggregateFunction(sum, Float64)', meaning: 'sum of the values that count' },
    { name: 'sum_squares', type: 'SimpleAggregateFunction(sum, Float64)', meaning: 'sum of their squares' },
    {
      name: 'min',
      type: 'SimpleAggregateFunction(min, Float64)',
      meaning: 'smallest; infinity where none counts',
    },
    {
      name: 'max',
      type: 'SimpleAggregateFunction(max, Float64)',
      meaning: 'largest; -infinity where none counts',
    },
    {
      name: 'last',
      type: 'SimpleAggregateFunction(max, UInt128)',
      meaning:
        'newest value that counts: its millisecond in the minute (16 bits), its ingest sequence (48), its Float64 (64)',
    },
  ],
  engine: 'AggregatingMergeTree',
  orderBy: ['signal', 'minute', 'stored_on'],
  partitionBy: 'toYYYYMM(stored_on)',
}

// The newest value as the largest of one wide number: the state of argMax over a tuple costs as much as all the other
// columns together, which a floor of many signals pays once a signal and block.
export const telemetry1mFeed: Feed = {
  kind: 'feed',
  name: 'telemetry_1m_feed',
  meaning: 'Adds each block of telemetry to telemetry_1m_parts.',
  to: 'telemetry_1m_parts',
  select: `
SELECT
  signal,
  toStartOfMinute(toDateTime(ts, 'UTC')) AS minute,
  toDate(stored) AS stored_on,
  count() AS count,
  countIf(quality = 2) AS bad,
  countIf(quality != 2 AND isFinite(value)) AS valued,
  sumIf(value, quality != 2 AND isFinite(value)) AS sum,
  sumIf(value * value, quality != 2 AND isFinite(value)) AS sum_squares,
  min(if(quality != 2 AND isFinite(value), value, inf)) AS min,
  max(if(quality != 2 AND isFinite(value), value, -inf)) AS max,
  max(if(quality != 2 AND isFinite(value), bitOr(
    bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Milli(ts) % 60000), 112), bitShiftLeft(toUInt128(seq), 64)),
    toUInt128(reinterpretAsUInt64(value))
  ), toUInt128(0))) AS last
FROM {db}.telemetry
GROUP BY signal, minute, stored_on`,
}

export const telemetry1m: View = {
  kind: 'view',
  name: 'telemetry_1m',
  meaning:
    'Telemetry by signal and minute. Bad values count as samples and in bad_share, and in nothing else.',
  columns: [
    { name: 'signal', type: 'UInt32', meaning: 'signal index, see signals' },
    { name: 'minute', type: "DateTime('UTC')", meaning: 'start of the minute, by source time' },
    { name: 'count', type: 'UInt64', meaning: 'samples' },
    { name: 'valued', type: 'UInt64', meaning: 'samples that count: not bad, with a number' },
    { name: 'sum', type: 'Float64', meaning: 'sum of the values that count' },
    { name: 'sum_squares', type: 'Float64', meaning: 'sum of their squares' },
    { name: 'mean', type: 'Nullable(Float64)', meaning: 'their mean; NULL where none counts' },
    { name: 'min', type: 'Nullable(Float64)', meaning: 'smallest' },
    { name: 'max', type: 'Nullable(Float64)', meaning: 'largest' },
    { name: 'last', type: 'Nullable(Float64)', meaning: 'newest by source time' },
    { name: 'bad_share', type: 'Float64', meaning: 'share of samples of bad quality, 0 to 1' },
  ],
  select: `
SELECT
  p.signal AS signal,
  p.minute AS minute,
  sum(p.count) AS count,
  sum(p.valued) AS valued,
  sum(p.sum) AS sum,
  sum(p.sum_squares) AS sum_squares,
  if(valued = 0, NULL, sum / valued) AS mean,
  if(valued = 0, NULL, toFloat64(min(p.min))) AS min,
  if(valued = 0, NULL, toFloat64(max(p.max))) AS max,
  if(valued = 0, NULL, reinterpretAsFloat64(toUInt64(max(p.last)))) AS last,
  sum(p.bad) / count AS bad_share
FROM {db}.telemetry_1m_parts AS p
GROUP BY p.signal, p.minute`,
}
