import type { Column, Table } from './definition.js'

const updated: Column = {
  name: 'updated',
  type: "DateTime64(3, 'UTC')",
  meaning: 'when the row was last written, wall time',
  isWall: true,
}
const word = 'LowCardinality(String)'

/** Limits of a sensor as the plant file has them; where a signal has none, nothing compares with NULL. */
export const limitColumns: readonly Column[] = [
  { name: 'warning_low', type: 'Nullable(Float64)', meaning: 'lower warning limit, in the unit; NULL: none' },
  { name: 'critical_low', type: 'Nullable(Float64)', meaning: 'lower critical limit' },
  { name: 'warning_high', type: 'Nullable(Float64)', meaning: 'upper warning limit' },
  { name: 'critical_high', type: 'Nullable(Float64)', meaning: 'upper critical limit' },
]

export const possibleFaults: Column = {
  name: 'faults',
  type: 'Array(LowCardinality(String))',
  meaning: 'patterns of the fault catalogue that such a machine can have',
}

/** What signal indexes mean. Rows stay when a signal leaves the plant, so that its history stays readable. */
export const signals: Table = {
  kind: 'table',
  name: 'signals',
  meaning: 'What the signal indexes of telemetry mean.',
  columns: [
    { name: 'signal', type: 'UInt32', meaning: 'signal index, given once and for ever' },
    { name: 'id', type: 'String', meaning: 'signal id, {machine}.{name}' },
    { name: 'name', type: word, meaning: 'name within the machine' },
    { name: 'machine', type: word, meaning: 'machine id' },
    { name: 'line', type: word, meaning: 'line id' },
    { name: 'area', type: word, meaning: 'area id' },
    { name: 'site', type: word, meaning: 'site id' },
    { name: 'role', type: word, meaning: 'sensor or status' },
    { name: 'quantity', type: word, meaning: 'what is measured, e.g. temperature' },
    { name: 'unit', type: word, meaning: 'unit of value' },
    { name: 'type', type: word, meaning: 'number or text' },
    { name: 'period', type: 'Float64', meaning: 'expected distance between samples, ms; 0: on change' },
    { name: 'resolution', type: 'Float64', meaning: 'smallest step, in the unit; 0: not quantised' },
    { name: 'source', type: word, meaning: 'id of the source' },
    { name: 'tag', type: 'String', meaning: "the source's own name for it" },
    updated,
    ...limitColumns,
  ],
  engine: 'ReplacingMergeTree(updated)',
  orderBy: ['signal'],
}

export const machines: Table = {
  kind: 'table',
  name: 'machines',
  meaning: 'The machines and their place in the plant.',
  columns: [
    { name: 'machine_index', type: 'UInt32', meaning: 'machine index, given once and for ever' },
    { name: 'id', type: 'String', meaning: 'machine id' },
    { name: 'name', type: 'String', meaning: 'as shown' },
    { name: 'type', type: word, meaning: 'machine type' },
    { name: 'line', type: word, meaning: 'line id' },
    { name: 'area', type: word, meaning: 'area id' },
    { name: 'site', type: word, meaning: 'site id' },
    { name: 'source', type: word, meaning: 'id of the source' },
    { name: 'ideal_cycle_time', type: 'Float64', meaning: 'planned time per part, s' },
    updated,
    possibleFaults,
  ],
  engine: 'ReplacingMergeTree(updated)',
  orderBy: ['machine_index'],
}

/** Texts of text signals. */
export const dictionary: Table = {
  kind: 'table',
  name: 'dictionary',
  meaning: 'The texts that values of text signals stand for. Read with FINAL.',
  columns: [
    { name: 'code', type: 'UInt32', meaning: 'value of the sample' },
    { name: 'text', type: 'String', meaning: 'what the source said' },
  ],
  engine: 'ReplacingMergeTree',
  orderBy: ['code'],
}
