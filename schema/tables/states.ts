import { byTime, seqColumn, storedColumn, type Table, type View } from './definition.js'

/** What was seen of machines' states, as it came; intervals are derived from it. */
export const stateChanges: Table = {
  kind: 'table',
  name: 'state_changes',
  meaning:
    'From ts on the machine was seen in this state or mode. An empty state or mode means: as it was; with neither, source_state is a code that says why it stops, such as of a signal FaultCode (empty: none any more).',
  columns: [
    { name: 'machine', type: 'LowCardinality(String)', meaning: 'machine id' },
    {
      name: 'ts',
      type: "DateTime64(3, 'UTC')",
      meaning: 'since when, event time; may lie before rows already there',
    },
    { name: 'state', type: 'LowCardinality(String)', meaning: 'PackML state (TR88.00.02); empty: as it was' },
    { name: 'mode', type: 'LowCardinality(String)', meaning: 'unit mode (TR88.00.02); empty: as it was' },
    { name: 'reason', type: 'LowCardinality(String)', meaning: 'blocked, starved or none; goes with state' },
    {
      name: 'source_state',
      type: 'LowCardinality(String)',
      meaning: "the source's own word; goes with state, or alone is a code that says why it stops",
    },
    { name: 'observed', type: 'Bool', meaning: 'false where nobody saw it and it was inferred' },
    seqColumn('records'),
    storedColumn,
  ],
  engine: 'MergeTree',
  orderBy: ['machine', 'ts', 'seq'],
  projections: [byTime],
}

/**
 * States that machines went into since `from`, a point in time, and before that as far as it takes to know in which each
 * was: a day, and the whole past of those that were quiet for longer. `having` says which of a machine's rows since that
 * day tell enough. All of `state_changes` is several times as much to read and to put in order.
 */
export const recentStates = (from: string, having: string): string => `
      SELECT machine, ts, seq, state FROM {db}.state_changes
      WHERE state != '' AND ts >= ${from} - INTERVAL 1 DAY
      UNION ALL
      SELECT machine, ts, seq, state FROM {db}.state_changes
      WHERE state != '' AND ts < ${from} - INTERVAL 1 DAY AND machine NOT IN (
        SELECT machine FROM {db}.state_changes WHERE state != '' AND ts >= ${from} - INTERVAL 1 DAY
        GROUP BY machine HAVING ${having})`

/**
 * Which state a machine was in, from when to when. A row that came twice counts once (its latest arrival, so that of
 * several changes at one time the one that came last stands); a late row falls into its place by itself.
 */
export const stateIntervals: View = {
  kind: 'view',
  name: 'state_intervals',
  meaning:
    'State and mode of each machine over time, derived from state_changes; equal neighbours are one interval.',
  columns: [
    { name: 'machine', type: 'LowCardinality(String)', meaning: 'machine id' },
    { name: 'state', type: 'String', meaning: 'PackML state; empty while not yet known' },
    { name: 'mode', type: 'String', meaning: 'unit mode; empty while not yet known' },
    { name: 'reason', type: 'String', meaning: 'blocked, starved or none' },
    { name: 'source_state', type: 'String', meaning: "the source's own word" },
    { name: 'start', type: "DateTime64(3, 'UTC')", meaning: 'from when' },
    { name: 'end', type: "Nullable(DateTime64(3, 'UTC'))", meaning: 'until when; NULL: still so' },
    { name: 'seconds', type: 'Nullable(Float64)', meaning: 'length, s; NULL: still so' },
  ],
  select: `
WITH
  once AS (
    SELECT machine, ts, state, mode, reason, source_state, observed, max(c.seq) AS seq
    FROM {db}.state_changes AS c
    GROUP BY machine, ts, state, mode, reason, source_state, observed
  ),
  carried AS (
    SELECT
      machine, ts, seq,
      anyLastIf((state, reason, source_state), state != '') OVER so_far AS what,
      anyLastIf(mode, mode != '') OVER so_far AS carried_mode
    FROM once
    WINDOW so_far AS (PARTITION BY machine ORDER BY ts, seq ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
  ),
  compared AS (
    SELECT
      machine, ts, seq, what, carried_mode,
      row_number() OVER in_order AS place,
      lagInFrame((what, carried_mode)) OVER in_order AS before
    FROM carried
    WINDOW in_order AS (PARTITION BY machine ORDER BY ts, seq ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
  ),
  closed AS (
    SELECT
      machine, what, carried_mode, ts AS start,
      leadInFrame(toNullable(ts)) OVER in_order AS end
    FROM compared
    WHERE place = 1 OR (what, carried_mode) != before
    WINDOW in_order AS (PARTITION BY machine ORDER BY ts, seq ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
  )
SELECT
  machine,
  what.1 AS state,
  carried_mode AS mode,
  what.2 AS reason,
  what.3 AS source_state,
  start,
  end,
  dateDiff('millisecond', start, end) / 1000 AS seconds
FROM closed`,
}
