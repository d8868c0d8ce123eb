import { seqColumn, storedColumn, type Table } from './definition.js'

const word = 'LowCardinality(String)'
const moment = "DateTime64(3, 'UTC')"

/** Stops that are over. */
export const downtimeEvents = {
  kind: 'table',
  name: 'downtime_events',
  meaning:
    'Stops of machines in time that was planned for production. Written when a stop is over, and again when something late or a correction changes it. Read with FINAL, WHERE NOT gone.',
  columns: [
    { name: 'machine', type: word, meaning: 'machine id' },
    { name: 'start', type: moment, meaning: 'from when' },
    { name: 'end', type: moment, meaning: 'until when' },
    { name: 'seconds', type: 'Float64', meaning: 'planned busy time of it, s: pauses do not count' },
    {
      name: 'kind',
      type: word,
      meaning: 'breakdown, minorStop, starved, blocked, setup, idle, planned or unknown',
    },
    { name: 'category', type: word, meaning: 'first level of the reason; empty: unqualified' },
    { name: 'reason', type: word, meaning: 'category/code of the reason; empty: unqualified' },
    { name: 'reason_by', type: word, meaning: 'operator, or map: from the source’s own word' },
    { name: 'state', type: word, meaning: 'PackML state in which it began' },
    { name: 'source_state', type: word, meaning: "the source's own word for it" },
    { name: 'shift', type: word, meaning: 'shift and day in which it began' },
    { name: 'product', type: word, meaning: 'product id; empty: not known' },
    { name: 'order', type: 'String', meaning: 'work order; empty: not known' },
    { name: 'gone', type: 'Bool', meaning: 'there is no such stop: what came later says otherwise' },
    seqColumn('records'),
    storedColumn,
  ],
  engine: 'ReplacingMergeTree(seq)',
  orderBy: ['machine', 'start'],
} as const satisfies Table

/** Who said when why a machine stood; nothing is overwritten. */
export const downtimeChanges = {
  kind: 'table',
  name: 'downtime_changes',
  meaning:
    'Reasons of stops as people gave and corrected them: from ts until the machine produces again, the reason is this. Of several for one ts the last one holds.',
  columns: [
    { name: 'machine', type: word, meaning: 'machine id' },
    { name: 'ts', type: moment, meaning: 'from when it holds: the begin of the stop, or where it was split' },
    { name: 'until', type: moment, meaning: 'end of the stop as it was then; 1970: it was not over' },
    { name: 'reason', type: word, meaning: 'category/code; empty: taken back' },
    { name: 'who', type: 'String', meaning: 'who said so' },
    { name: 'comment', type: 'String', meaning: 'in their words' },
    { name: 'told', type: moment, meaning: 'when they said so, floor time' },
    seqColumn('records'),
    storedColumn,
  ],
  engine: 'MergeTree',
  orderBy: ['machine', 'ts', 'seq'],
} as const satisfies Table
