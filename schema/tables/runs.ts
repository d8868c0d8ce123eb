import { seqColumn, storedColumn, type Table } from './definition.js'

const word = 'LowCardinality(String)'
const moment = "DateTime64(3, 'UTC')"

/** Rejects as people entered them. */
export const scrapEvents = {
  kind: 'table',
  name: 'scrap_events',
  meaning: 'Parts that somebody rejected, with the reason.',
  columns: [
    { name: 'machine', type: word, meaning: 'machine id' },
    { name: 'ts', type: moment, meaning: 'when they came out, event time' },
    { name: 'id', type: 'String', meaning: 'of the entry' },
    { name: 'kind', type: word, meaning: 'scrap, or rework: to be worked on again' },
    { name: 'quantity', type: 'Float64', meaning: 'parts' },
    {
      name: 'counted',
      type: 'Bool',
      meaning: "the machine's own reject counter has counted them: they say why and add nothing",
    },
    { name: 'category', type: word, meaning: 'first level of the reason' },
    { name: 'reason', type: word, meaning: 'the reason; may be empty' },
    { name: 'operator', type: 'String', meaning: 'who entered it' },
    { name: 'product', type: word, meaning: 'product id; empty: not known' },
    { name: 'order', type: 'String', meaning: 'work order; empty: not known' },
    { name: 'comment', type: 'String', meaning: 'in their words' },
    seqColumn('records'),
    storedColumn,
  ],
  engine: 'MergeTree',
  orderBy: ['machine', 'ts', 'seq'],
} as const satisfies Table

/** What a line makes from when to when. */
export const productionRuns = {
  kind: 'table',
  name: 'production_runs',
  meaning: 'From start on the line makes this product for this order. Read with FINAL.',
  columns: [
    { name: 'line', type: word, meaning: 'line id' },
    { name: 'start', type: moment, meaning: 'from when' },
    { name: 'end', type: moment, meaning: 'until when; 1970: it goes on, or until the next run' },
    { name: 'product', type: word, meaning: 'product id' },
    { name: 'order', type: 'String', meaning: 'work order; empty: none' },
    { name: 'target', type: 'Float64', meaning: 'parts to make; 0: not said' },
    { name: 'who', type: 'String', meaning: 'who started it' },
    seqColumn('records'),
    storedColumn,
  ],
  engine: 'ReplacingMergeTree(seq)',
  orderBy: ['line', 'start'],
} as const satisfies Table
