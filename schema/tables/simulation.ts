import { seqColumn, storedColumn, type Table } from './definition.js'

const named = { type: 'LowCardinality(String)' } as const
const maybe = { type: 'Nullable(Float64)' } as const

/** What people did to simulated machines: nobody injects a fault without a name and a reason. */
export const simulationCommands = {
  kind: 'table',
  name: 'simulation_commands',
  meaning: 'At ts somebody wanted that of a simulated machine.',
  columns: [
    { name: 'source', ...named, meaning: 'source id' },
    { name: 'machine', ...named, meaning: 'machine id; empty: of the link' },
    { name: 'pattern', ...named, meaning: 'of the fault catalogue, or the kind of fault of the link' },
    { name: 'ts', type: "DateTime64(3, 'UTC')", meaning: 'when it was wanted, by the clock of the floor' },
    {
      name: 'command',
      ...named,
      meaning: 'inject, pause, resume, clear, repair; of a link: disturb, restore',
    },
    {
      name: 'severity',
      ...maybe,
      meaning: 'inject: damage it grows to; disturb: share of samples it meets; 0 to 1',
    },
    { name: 'start', type: "Nullable(DateTime64(3, 'UTC'))", meaning: 'inject, disturb: its onset' },
    { name: 'time_to_failure', ...maybe, meaning: 'inject: from onset to failure, ms; null = drawn' },
    {
      name: 'clear_after',
      ...maybe,
      meaning: 'inject, disturb: gone by itself so long after its onset, ms; null = never',
    },
    { name: 'repair', ...named, meaning: 'repair: perfect, imperfect, minimal; else empty' },
    { name: 'keeps', ...maybe, meaning: 'repair: share of the damage that an imperfect one leaves' },
    { name: 'takes', ...maybe, meaning: 'repair: how long the machine stands for it, ms' },
    {
      name: 'parameters',
      type: 'String',
      meaning: 'disturb, restore: what else was said, as JSON; else empty',
    },
    { name: 'who', ...named, meaning: 'who wanted it' },
    { name: 'reason', type: 'String', meaning: 'why' },
    seqColumn('records'),
    storedColumn,
  ],
  engine: 'MergeTree',
  orderBy: ['machine', 'ts', 'seq'],
} as const satisfies Table
