import { seqColumn, storedColumn, type Table } from './definition.js'

/** The lives of faults, stage by stage. */
export const faultEvents = {
  kind: 'table',
  name: 'fault_events',
  meaning: 'From ts on the fault of that pattern was in that stage.',
  columns: [
    { name: 'machine', type: 'LowCardinality(String)', meaning: 'machine id' },
    { name: 'pattern', type: 'LowCardinality(String)', meaning: 'of the fault catalogue' },
    { name: 'ts', type: "DateTime64(3, 'UTC')", meaning: 'since when, event time' },
    { name: 'occurrence', type: 'UInt32', meaning: 'how often this fault has come up on this machine' },
    { name: 'stage_before', type: 'LowCardinality(String)', meaning: 'the stage that is left' },
    {
      name: 'stage',
      type: 'LowCardinality(String)',
      meaning: 'dormant, incipient, developing, severe, failed, underRepair, repaired',
    },
    {
      name: 'cause',
      type: 'LowCardinality(String)',
      meaning: 'damage, evidence, breakdown, repair-started, repair-ended, restarted, cleared',
    },
    { name: 'estimated', type: 'Bool', meaning: 'true where it is concluded from sensors: a guess' },
    { name: 'severity', type: 'Float64', meaning: '0 to 1' },
    {
      name: 'progress',
      type: 'Float64',
      meaning:
        'share of the time from onset to failure, 0 to 1: of what an injection said, else of the usual',
    },
    { name: 'rule', type: 'LowCardinality(String)', meaning: 'rule that found it; empty where none did' },
    { name: 'signals', type: 'Array(String)', meaning: 'ids of the signals that show it' },
    { name: 'confidence', type: 'Float64', meaning: 'share of its possible symptoms that show, 0 to 1' },
    { name: 'growth', type: 'LowCardinality(String)', meaning: 'steady, gradual, rapid' },
    { name: 'repair', type: 'LowCardinality(String)', meaning: 'kind of the newest repair; empty: none' },
    { name: 'origin', type: 'LowCardinality(String)', meaning: 'simulated: random or injected; else empty' },
    { name: 'magnitude', type: 'Float64', meaning: 'simulated: how strongly it shows full-grown, 0 to 1' },
    {
      name: 'who',
      type: 'LowCardinality(String)',
      meaning: "who repaired or cleared it; empty where it was nobody's doing",
    },
    { name: 'comment', type: 'String', meaning: 'in the words of who repaired or injected it' },
    seqColumn('records'),
    storedColumn,
  ],
  engine: 'MergeTree',
  orderBy: ['machine', 'ts', 'seq'],
} as const satisfies Table
