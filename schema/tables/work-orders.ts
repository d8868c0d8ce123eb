import { seqColumn, storedColumn, type Table } from './definition.js'

const word = 'LowCardinality(String)'
const moment = "DateTime64(3, 'UTC')"

/** Orders of the planning system, as it said them last. */
export const workOrders = {
  kind: 'table',
  name: 'work_orders',
  meaning:
    'Work orders of the planning system, a row each time it says one; the last holds. Read with FINAL. Runs, scrap, stops and hours name them as order.',
  columns: [
    { name: 'number', type: 'String', meaning: 'number of the order' },
    { name: 'part', type: word, meaning: 'what is made: product id, or the number of the planning system' },
    { name: 'description', type: 'String', meaning: 'in its words' },
    { name: 'ordered', type: 'Float64', meaning: 'parts to make' },
    { name: 'completed', type: 'Float64', meaning: 'parts that the planning system has as made' },
    { name: 'scrapped', type: 'Float64', meaning: 'parts that it has as scrapped' },
    { name: 'material_cost', type: 'Nullable(Float64)', meaning: 'per part; NULL: not said' },
    { name: 'labour_rate', type: 'Nullable(Float64)', meaning: 'per hour of work; NULL: not said' },
    { name: 'customer', type: word, meaning: 'who ordered' },
    { name: 'due', type: "Nullable(DateTime64(3, 'UTC'))", meaning: 'by when; NULL: not said' },
    { name: 'status', type: word, meaning: 'in the words of the planning system' },
    { name: 'source', type: word, meaning: 'folder or rest' },
    { name: 'synced', type: moment, meaning: 'when the planning system last said it, wall time' },
    seqColumn('records'),
    storedColumn,
  ],
  engine: 'ReplacingMergeTree(seq)',
  orderBy: ['number'],
} as const satisfies Table
