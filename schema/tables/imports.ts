import { seqColumn, storedColumn, type Table } from './definition.js'

const word = 'LowCardinality(String)'

/** Blocks of files that were imported; a row arrives in one piece with what the block brought. */
export const imports = {
  kind: 'table',
  name: 'imports',
  meaning: 'What was imported, block by block: a block whose row is here is in, and is not taken again.',
  columns: [
    { name: 'file', type: 'String', meaning: 'SHA-256 of the content of the file, the first 32 hex digits' },
    { name: 'mapping', type: 'String', meaning: 'SHA-256 of the mapping, likewise' },
    { name: 'block', type: 'UInt32', meaning: 'place of the block in the file, from 0' },
    { name: 'name', type: 'String', meaning: 'name of the file' },
    { name: 'kind', type: word, meaning: 'telemetry, states, stops, scrap or production' },
    { name: 'rows', type: 'Float64', meaning: 'rows of the file in it' },
    { name: 'taken', type: 'Float64', meaning: 'of these, rows that were taken' },
    { name: 'last', type: 'Bool', meaning: 'the file ends with it' },
    seqColumn('records'),
    storedColumn,
  ],
  engine: 'MergeTree',
  orderBy: ['file', 'mapping', 'block', 'seq'],
} as const satisfies Table
