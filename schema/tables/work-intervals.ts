import { seqColumn, storedColumn, type Table, type View } from './definition.js'

const word = 'LowCardinality(String)'
const moment = "DateTime64(3, 'UTC')"

/** Which shift a site is in, hour by hour of its clock; an hour that the plan changed is written again as a whole. */
export const shiftHours = {
  kind: 'table',
  name: 'shift_hours',
  meaning:
    'The shifts of a site by hour of its clock, some days ahead. Read with FINAL; work_intervals is cut at them.',
  columns: [
    { name: 'site', type: word, meaning: 'site id' },
    { name: 'hour', type: moment, meaning: 'begin of the hour of the local clock' },
    {
      name: 'shifts',
      type: 'String',
      meaning:
        'from which ms of the hour on it is which shift, `0=early@2026-03-23;2400000=late@2026-03-23`; none: empty after the sign',
    },
    seqColumn('records'),
    storedColumn,
  ],
  engine: 'ReplacingMergeTree(seq)',
  orderBy: ['site', 'hour'],
} as const satisfies Table

/**
 * state_intervals with what the machine worked on and in which shift, cut where that changes: still an exact partition,
 * so that sums of it are those of state_intervals.
 */
export const workIntervals: View = {
  kind: 'view',
  name: 'work_intervals',
  meaning:
    'state_intervals, cut where a run of the line or a shift of the site begins or ends, with order, product and shift.',
  columns: [
    { name: 'machine', type: 'String', meaning: 'machine id' },
    { name: 'state', type: 'String', meaning: 'PackML state; empty while not yet known' },
    { name: 'mode', type: 'String', meaning: 'unit mode; empty while not yet known' },
    { name: 'reason', type: 'String', meaning: 'blocked, starved or none' },
    { name: 'source_state', type: 'String', meaning: "the source's own word" },
    { name: 'order', type: 'String', meaning: 'work order; empty: none' },
    { name: 'product', type: 'String', meaning: 'product id; empty: not known' },
    { name: 'shift', type: 'String', meaning: 'shift and the day on which it begins; empty: none' },
    { name: 'start', type: moment, meaning: 'from when' },
    { name: 'end', type: `Nullable(${moment})`, meaning: 'until when; NULL: still so' },
    { name: 'seconds', type: 'Nullable(Float64)', meaning: 'length, s; NULL: still so' },
  ],
  select: `
WITH
  places AS (SELECT id, line, site FROM {db}.machines FINAL),
  runs AS (
    SELECT line, arrayJoin(if(r.end > r.start,
      [(r.start, 1, toString(r.product), r.order), (r.end, 0, '', '')],
      [(r.start, 1, toString(r.product), r.order)])) AS cut
    FROM {db}.production_runs AS r FINAL
  ),
  shifts AS (
    SELECT site, at, shift, lagInFrame(shift, 1, '?') OVER (
      PARTITION BY site ORDER BY at ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS before
    FROM (
      SELECT h.site AS site, splitByChar('=', arrayJoin(splitByChar(';', h.shifts))) AS part,
        addMilliseconds(h.hour, toInt64(part[1])) AS at, part[2] AS shift
      FROM {db}.shift_hours AS h FINAL
    )
    -- What has not come yet cuts nothing; the floor's time may be another than the server's.
    WHERE at <= (SELECT max(c.ts) FROM {db}.state_changes AS c)
  ),
  cuts AS (
    SELECT toString(s.machine) AS machine, s.start AS at, 2 AS kind,
      (s.state, s.mode, s.reason, s.source_state) AS what, ('', '') AS work, '' AS shift
    FROM {db}.state_intervals AS s
    UNION ALL
    SELECT p.id, r.cut.1, r.cut.2, ('', '', '', ''), (r.cut.3, r.cut.4), ''
    FROM runs AS r INNER JOIN places AS p ON p.line = r.line
    UNION ALL
    SELECT p.id, s.at, 3, ('', '', '', ''), ('', ''), s.shift
    FROM (SELECT * FROM shifts WHERE shift != before) AS s INNER JOIN places AS p ON p.site = s.site
  ),
  carried AS (
    SELECT machine, at,
      countIf(kind = 2) OVER so_far AS known,
      anyLastIf(what, kind = 2) OVER so_far AS now_what,
      anyLastIf(work, kind < 2) OVER so_far AS now_work,
      anyLastIf(shift, kind = 3) OVER so_far AS now_shift,
      leadInFrame(toNullable(at)) OVER (
        PARTITION BY machine ORDER BY at, kind ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS finish
    FROM cuts
    WINDOW so_far AS (PARTITION BY machine ORDER BY at, kind ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
  )
SELECT
  machine,
  now_what.1 AS state,
  now_what.2 AS mode,
  now_what.3 AS reason,
  now_what.4 AS source_state,
  now_work.2 AS order,
  now_work.1 AS product,
  now_shift AS shift,
  at AS start,
  finish AS end,
  dateDiff('millisecond', at, finish) / 1000 AS seconds
FROM carried
WHERE known > 0 AND (finish IS NULL OR finish > at)`,
}
