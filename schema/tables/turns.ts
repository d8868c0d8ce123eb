import { type Column, seqColumn, storedColumn, type Table } from './definition.js'
import type { RowOf } from './row.js'

const word = 'LowCardinality(String)'
const moment = "DateTime64(3, 'UTC')"

/** Given by the store, as `seq` is: it alone knows how samples and records stand to each other. */
const firstSampleColumn: Column & { readonly name: 'first_sample' } = {
  name: 'first_sample',
  type: 'UInt64',
  meaning: 'seq of the first sample of the turn in telemetry, or of the next to come where it has none',
  codec: 'Delta(8), ZSTD(1)',
}

/** What a floor was told, in the order of arrival; with telemetry it is the whole record, from which a floor can live again. */
export const turns = {
  kind: 'table',
  name: 'turns',
  meaning:
    'What the floor was told, turn by turn, in the order of arrival: samples, links, silence, operators, the passing of time. A replay goes by it.',
  columns: [
    { name: 'ts', type: moment, meaning: "when, by the floor's clock", codec: 'Delta(8), ZSTD(1)' },
    { name: 'source', type: word, meaning: 'id of the source; floor: the floor itself, or an operator' },
    {
      name: 'kind',
      type: word,
      meaning:
        'samples, history, rejects, connected, alive, interrupted, stale, damage, runs, link, tick, wake, maintain, withdraw, rest, resume, calibrate or past',
    },
    { name: 'samples', type: 'UInt32', meaning: 'samples that came with it', codec: 'ZSTD(1)' },
    { name: 'payload', type: 'String', meaning: 'the rest as JSON; empty: nothing', codec: 'ZSTD(1)' },
    firstSampleColumn,
    seqColumn('records'),
    storedColumn,
  ],
  engine: 'MergeTree',
  orderBy: ['seq'],
  indexes: ['ts_range ts TYPE minmax GRANULARITY 1'],
  ttl: 'stored + INTERVAL 90 DAY',
} as const satisfies Table

/** From which a replay begins: what the floor remembered, a machine a row, written down piece by piece. */
export const floorCheckpoints = {
  kind: 'table',
  name: 'floor_checkpoints',
  meaning:
    'What the floor remembered, all of it every few minutes and at each start, a machine a row: where replays begin.',
  columns: [
    { name: 'round', type: 'Float64', meaning: 'which writing-down it belongs to' },
    { name: 'part', type: 'UInt32', meaning: 'its place in the round, from 0' },
    { name: 'parts', type: 'UInt32', meaning: 'how many rows make the round whole' },
    { name: 'start', type: 'Bool', meaning: 'taken at a start of the engine: what was before is over' },
    { name: 'ts', type: moment, meaning: "when, by the floor's clock" },
    { name: 'plant', type: word, meaning: 'hash of the plant, see plant_versions' },
    { name: 'memory', type: 'String', meaning: 'what was remembered, as JSON', codec: 'ZSTD(1)' },
    seqColumn('records'),
    storedColumn,
  ],
  engine: 'MergeTree',
  orderBy: ['round', 'part'],
  ttl: 'stored + INTERVAL 90 DAY',
} as const satisfies Table

/** Every plant model that the engine has started with. */
export const plantVersions = {
  kind: 'table',
  name: 'plant_versions',
  meaning: 'The plant model as it was: from ts on it was this, until the next row. Kept for ever.',
  columns: [
    { name: 'ts', type: moment, meaning: "from when, by the floor's clock" },
    { name: 'hash', type: 'String', meaning: 'SHA-256 of plant, the first 32 hex digits' },
    { name: 'name', type: 'String', meaning: 'name of the plant' },
    { name: 'plant', type: 'String', meaning: 'the plant model as JSON', codec: 'ZSTD(3)' },
    {
      name: 'started',
      type: moment,
      meaning: 'when the engine first started with it, wall time',
      isWall: true,
    },
  ],
  engine: 'MergeTree',
  orderBy: ['ts', 'hash'],
} as const satisfies Table

export type TurnRow = RowOf<typeof turns>
export type CheckpointRow = RowOf<typeof floorCheckpoints>
