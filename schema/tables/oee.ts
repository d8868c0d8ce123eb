import { seqColumn, storedColumn, type Table } from './definition.js'

const ms = 'UInt32'
const word = 'LowCardinality(String)'

/**
 * What OEE is made from, by machine and hour: times and counts, never ratios, so that any rows of it add up. An hour
 * that is worked out anew is written anew as a whole, with a later `computed`.
 */
export const oeeHourly = {
  kind: 'table',
  name: 'oee_hourly',
  meaning:
    'Times and parts by machine, hour of the local clock, shift, product and order. Add rows up and divide last; of a machine and hour only the rows of the latest `computed` count (view fact_oee).',
  columns: [
    { name: 'machine', type: word, meaning: 'machine id' },
    { name: 'hour', type: "DateTime64(3, 'UTC')", meaning: 'begin of the hour of the local clock' },
    { name: 'day', type: word, meaning: 'day of the local clock, YYYY-MM-DD' },
    { name: 'shift', type: word, meaning: 'shift and the day on which it begins; empty: none' },
    { name: 'product', type: word, meaning: 'product id; empty: not known' },
    { name: 'order', type: 'String', meaning: 'work order; empty: not known' },
    {
      name: 'computed',
      type: "DateTime64(3, 'UTC')",
      meaning: 'when it was worked out, wall time',
      isWall: true,
    },
    { name: 'production', type: ms, meaning: 'ms executing (APT)' },
    { name: 'setup', type: ms, meaning: 'ms of setup (AUST)' },
    { name: 'breakdown', type: ms, meaning: 'ms of own stops from the threshold on (ADET)' },
    { name: 'minor_stop', type: ms, meaning: 'ms of own stops below the threshold (ADET)' },
    { name: 'starved', type: ms, meaning: 'ms starved (ADET)' },
    { name: 'blocked', type: ms, meaning: 'ms blocked (ADET)' },
    { name: 'idle', type: ms, meaning: 'ms without an order (ADOT)' },
    { name: 'unknown', type: ms, meaning: 'ms of which nobody knows' },
    { name: 'planned', type: ms, meaning: 'ms of breaks, planned stops and planned maintenance (PDOT)' },
    { name: 'unscheduled', type: ms, meaning: 'ms without a shift' },
    { name: 'overtime', type: ms, meaning: 'ms of production where none was planned' },
    {
      name: 'overtime_parts',
      type: 'Float64',
      meaning: 'parts of such production, or rejects alone that a counter told then',
    },
    {
      name: 'ideal_ms',
      type: 'Float64',
      meaning: 'planned time per part (PRI), ms; 0 where no part was made',
    },
    { name: 'produced', type: 'Float64', meaning: 'parts, good and bad (PQ)' },
    { name: 'scrapped', type: 'Float64', meaning: 'of them rejected (SQ)' },
    { name: 'warm_up', type: 'Float64', meaning: 'of the rejected, those of a warm-up' },
    { name: 'reworked', type: 'Float64', meaning: 'of them to be worked on again (RQ)' },
    seqColumn('records'),
    storedColumn,
  ],
  engine: 'ReplacingMergeTree(seq)',
  orderBy: ['machine', 'hour', 'shift', 'product', 'order', 'ideal_ms', 'computed'],
} as const satisfies Table
