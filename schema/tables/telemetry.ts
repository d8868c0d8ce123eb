import { seqColumn, storedColumn, type Table, type View } from './definition.js'

/**
 * A partition for each ten million million sequence numbers. There will be one; but of the columns of its partition key
 * a table knows the least and the greatest value of each part, so that the newest rows are found without looking at the
 * others, and the greatest number without looking at any.
 */
const bySequence = (column: string): string => `intDiv(${column}, 10000000000000)`

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
  // By signal within four hours: what all signals showed at a moment lies together, and a signal's day in six places.
  orderBy: ['toStartOfInterval(ts, INTERVAL 4 HOUR)', 'signal', 'ts'],
  partitionBy: `toYYYYMMDD(stored), ${bySequence('seq')}`,
  ttl: 'stored + INTERVAL 90 DAY',
  // A granule of a signal spans a short time: the index finds it.
  indexes: ['ts_range ts TYPE minmax GRANULARITY 1'],
}

const valued = 'quality != 2 AND isFinite(value)'

/** What telemetry_1m keeps of some samples of one signal and minute; `from` is where the samples come from. */
const perMinute = (from: string): string => `
  SELECT
    signal,
    toStartOfMinute(toDateTime(ts, 'UTC')) AS minute,
    count() AS count,
    countIf(quality = 2) AS bad,
    countIf(${valued}) AS valued,
    sumIf(value, ${valued}) AS sum,
    sumIf(value * value, ${valued}) AS sum_squares,
    minIf(value, ${valued}) AS min,
    maxIf(value, ${valued}) AS max,
    argMaxIf(value, toUInt64(toUnixTimestamp64Milli(ts) % 60000) * 17592186044416 + seq, ${valued}) AS last,
    maxIf(toUInt64(toUnixTimestamp64Milli(ts) % 60000) * 17592186044416 + seq, ${valued}) AS last_place
  FROM ${from}
  GROUP BY signal, minute`

/** What was added up of telemetry so far; a row for each signal, minute and roll-up. */
export const telemetry1mParts: Table = {
  kind: 'table',
  name: 'telemetry_1m_parts',
  meaning: 'What telemetry_1m adds up. Read telemetry_1m instead.',
  columns: [
    { name: 'signal', type: 'UInt32', meaning: 'signal index', codec: 'Delta(4), ZSTD(1)' },
    {
      name: 'minute',
      type: "DateTime('UTC')",
      meaning: 'start of the minute, by source time',
      codec: 'Delta(4), ZSTD(1)',
    },
    { name: 'count', type: 'UInt32', meaning: 'samples', codec: 'ZSTD(1)' },
    { name: 'bad', type: 'UInt32', meaning: 'samples of bad quality', codec: 'ZSTD(1)' },
    {
      name: 'valued',
      type: 'UInt32',
      meaning: 'samples that count: not bad, with a number',
      codec: 'ZSTD(1)',
    },
    { name: 'sum', type: 'Float64', meaning: 'sum of the values that count', codec: 'ZSTD(1)' },
    { name: 'sum_squares', type: 'Float64', meaning: 'sum of their squares', codec: 'ZSTD(1)' },
    { name: 'min', type: 'Float64', meaning: 'smallest; 0 where none counts', codec: 'ZSTD(1)' },
    { name: 'max', type: 'Float64', meaning: 'largest; 0 where none counts', codec: 'ZSTD(1)' },
    { name: 'last', type: 'Float64', meaning: 'newest value that counts', codec: 'ZSTD(1)' },
    {
      name: 'last_place',
      type: 'UInt64',
      meaning: 'its millisecond in the minute (upper 20 bits), its arrival (lower 44)',
      codec: 'Delta(8), ZSTD(1)',
    },
    {
      name: 'up_to',
      type: 'UInt64',
      meaning: 'arrival of the newest sample that the roll-up of this row looked at',
      codec: 'ZSTD(1)',
    },
  ],
  engine: 'MergeTree',
  orderBy: ['signal', 'minute'],
  partitionBy: bySequence('up_to'),
}

/**
 * Adds up the samples that arrived after `{after:UInt64}` and up to `{upTo:UInt64}`. A view that works on each block
 * as it comes would make a row for each signal and block: many times as many, each merged many times.
 */
export const telemetry1mRollUp = `
INSERT INTO {db}.telemetry_1m_parts
SELECT *, {upTo:UInt64} AS up_to FROM (${perMinute(`
    {db}.telemetry WHERE seq > {after:UInt64} AND seq <= {upTo:UInt64}`)}
)`

export const telemetry1m: View = {
  kind: 'view',
  name: 'telemetry_1m',
  meaning:
    'Telemetry by signal and minute, up to the newest sample. Bad values count as samples and in bad_share, and in nothing else.',
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
  // A roll-up that comes while this is read must count neither twice nor not at all: both halves go by one number.
  select: `
WITH (SELECT max(up_to) FROM {db}.telemetry_1m_parts) AS rolled_up
SELECT
  signal,
  minute,
  sum(p.count) AS count,
  sum(p.valued) AS valued,
  sum(p.sum) AS sum,
  sum(p.sum_squares) AS sum_squares,
  if(valued = 0, NULL, sum / valued) AS mean,
  minOrNullIf(p.min, p.valued > 0) AS min,
  maxOrNullIf(p.max, p.valued > 0) AS max,
  argMaxOrNullIf(p.last, p.last_place, p.valued > 0) AS last,
  sum(p.bad) / count AS bad_share
FROM (
  SELECT signal, minute, count, bad, valued, sum, sum_squares, min, max, last, last_place
  FROM {db}.telemetry_1m_parts
  WHERE up_to <= rolled_up
  UNION ALL
  ${perMinute('{db}.telemetry WHERE seq > rolled_up')}
) AS p
GROUP BY signal, minute`,
}

/**
 * The values that count, of each signal and minute, for queries over very many of them: as they were rolled up, and what
 * is not rolled up yet. A minute some of whose samples came late has several rows, which nobody adds up here.
 * `signals`: those that are wanted, a subquery; `when`: which minutes.
 */
export const looseMinutes = (signals: string, when = '1'): string => `
      SELECT signal, minute, sum / valued AS mean FROM {db}.telemetry_1m_parts
      WHERE valued > 0 AND up_to <= (SELECT max(up_to) FROM {db}.telemetry_1m_parts) AND signal IN (${signals}) AND ${when}
      UNION ALL
      SELECT signal, toStartOfMinute(toDateTime(ts, 'UTC')) AS minute, avg(value) AS mean FROM {db}.telemetry
      WHERE seq > (SELECT max(up_to) FROM {db}.telemetry_1m_parts) AND signal IN (${signals}) AND ${valued}
      GROUP BY signal, minute
      HAVING ${when}`
