import type { View } from './definition.js'
import { limitQueries } from './detection.js'
import { trendQueries } from './detection-trends.js'
import { recentStates } from './states.js'
import { looseMinutes } from './telemetry.js'

const word = 'LowCardinality(String)'

/**
 * The present of the record, on a floor of today as on one of the past: instruments are judged at least once an hour,
 * and machines change more often.
 */
const now = `greatest((SELECT max(ts) FROM {db}.state_changes), (SELECT max(ts) FROM {db}.sensor_health))`
const yesterday = `${now} - INTERVAL 1 DAY`
const lastDay = `minute >= ${yesterday}`

const suspicions = [
  ...limitQueries({ minutes: lastDay, states: recentStates(yesterday, `min(ts) < ${yesterday}`) }),
  ...trendQueries(now).map(([pattern, query]) => `SELECT *, '${pattern}' AS pattern FROM (${query})`),
]
  .map(
    query => `
      SELECT machine, pattern, max(level = 'critical') AS critical, max(level = 'warning') AS warning,
        min(at) AS since, max(at) AS last
      FROM (${query}) WHERE at >= ${now} - INTERVAL 1 DAY GROUP BY machine, pattern`,
  )
  .join('\n      UNION ALL')

/** How each machine is: what somebody looks at who goes round in the morning. */
export const machineHealthDashboard: View = {
  kind: 'view',
  name: 'machine_health_dashboard',
  meaning:
    'Each machine as it stands at the end of the record: state, faults that its sensors suggest, the sensor nearest to its limits, the newest maintenance, OEE of the day. A row a machine.',
  columns: [
    { name: 'machine', type: 'String', meaning: 'machine id' },
    { name: 'name', type: 'String', meaning: 'as shown' },
    { name: 'type', type: word, meaning: 'machine type' },
    { name: 'line', type: word, meaning: 'line id' },
    { name: 'site', type: word, meaning: 'site id' },
    { name: 'state', type: 'String', meaning: 'PackML state; empty while not known' },
    { name: 'state_since', type: "Nullable(DateTime64(3, 'UTC'))", meaning: 'since when' },
    {
      name: 'severity',
      type: 'String',
      meaning: 'worst level of a suspected fault: critical, warning, early; empty: none',
    },
    {
      name: 'faults',
      type: "Array(Tuple(pattern String, level String, since DateTime('UTC'), last DateTime('UTC')))",
      meaning:
        'faults that showed within the last 24 hours, the worst first; since and last: begin of the first and of the last window in which it showed',
    },
    {
      name: 'worst_signal',
      type: 'String',
      meaning: 'id of the sensor nearest to its limits, or furthest beyond them; empty: none has any',
    },
    {
      name: 'worst_zone',
      type: 'String',
      meaning: 'normal, warning, critical by its limits (of a vibration: zones A and B, C, D)',
    },
    { name: 'worst_value', type: 'Nullable(Float64)', meaning: 'its newest mean of a minute' },
    { name: 'worst_unit', type: 'String', meaning: 'unit of it' },
    {
      name: 'maintained',
      type: "Nullable(DateTime64(3, 'UTC'))",
      meaning: 'end of the newest work on it; NULL: none told',
    },
    { name: 'maintenance', type: 'String', meaning: 'kind of that work' },
    {
      name: 'oee',
      type: 'Nullable(Float64)',
      meaning: 'OEE of the newest day of its local clock that has hours, 0 to 1; NULL: nothing was planned',
    },
  ],
  select: `
WITH
  states AS (
    SELECT c.machine AS machine, argMax(c.state, (c.ts, c.seq)) AS state, max(c.ts) AS begun
    FROM (
      SELECT machine, ts, seq, state,
        lagInFrame(state) OVER (PARTITION BY machine ORDER BY ts, seq ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS before
      FROM (${recentStates(now, 'uniqExact(state) > 1')}
      )
    ) AS c
    WHERE c.state != c.before GROUP BY machine
  ),
  suspected AS (
    SELECT machine, arraySort(
      f -> (indexOf(['critical', 'warning', 'early'], f.2), f.3),
      groupArray((pattern, multiIf(critical_level, 'critical', warning_level, 'warning', 'early'), first, newest))
    ) AS faults
    FROM (
      SELECT machine, pattern, max(critical) AS critical_level, max(warning) AS warning_level, min(since) AS first, max(last) AS newest
      FROM (${suspicions}
      )
      GROUP BY machine, pattern
    )
    GROUP BY machine
  ),
  newest AS (
    SELECT signal, argMax(mean, minute) AS value
    FROM (${looseMinutes("SELECT signal FROM {db}.signals WHERE role = 'sensor'", `minute >= ${now} - INTERVAL 15 MINUTE`)}
    )
    GROUP BY signal
  ),
  worst AS (
    SELECT s.machine AS machine, argMax(
      (s.id, multiIf(reach >= 2, 'critical', reach >= 1, 'warning', 'normal'), n.value, s.unit),
      -- On the way to the warning limit up to 1, between the limits up to 2.
      multiIf(
        ifNull(n.value > s.critical_high, 0) OR ifNull(n.value < s.critical_low, 0), 2,
        ifNull(n.value > s.warning_high, 0) OR ifNull(n.value < s.warning_low, 0), 1,
        least(0.999, greatest(
          ifNull(if(s.warning_low IS NULL, n.value, n.value - (s.warning_high + s.warning_low) / 2)
            / if(s.warning_low IS NULL, s.warning_high, (s.warning_high - s.warning_low) / 2), 0),
          ifNull(if(s.warning_high IS NULL, s.warning_low / n.value,
            ((s.warning_high + s.warning_low) / 2 - n.value) / ((s.warning_high - s.warning_low) / 2)), 0)))
      ) AS reach
    ) AS found
    FROM newest AS n INNER JOIN {db}.signals AS s FINAL ON n.signal = s.signal
    WHERE s.warning_low IS NOT NULL OR s.warning_high IS NOT NULL
    GROUP BY machine
  ),
  works AS (
    SELECT machine, max(told.2) AS maintained, argMax(told.1, told.2) AS kind
    FROM (
      SELECT machine, id, argMax((kind, end), seq) AS told, argMax(withdrawn, seq) AS gone FROM {db}.maintenance_events GROUP BY machine, id
    )
    WHERE NOT gone AND told.2 <= ${now} GROUP BY machine
  ),
  figures AS (
    SELECT machine, argMax(day_oee, date) AS oee
    FROM (
      SELECT machine, date, if(sum(busy_ms) > 0, sum(ideal_good_ms) / sum(busy_ms), NULL) AS day_oee
      FROM {db}.fact_oee GROUP BY machine, date
    )
    GROUP BY machine
  )
SELECT
  m.id AS machine, m.name AS name, m.type AS type, m.line AS line, m.site AS site,
  toString(st.state) AS state, if(st.state = '', NULL, st.begun) AS state_since,
  faults[1].2 AS severity,
  CAST(f.faults, 'Array(Tuple(pattern String, level String, since DateTime(\\'UTC\\'), last DateTime(\\'UTC\\')))') AS faults,
  toString(w.found.1) AS worst_signal, w.found.2 AS worst_zone, if(w.found.1 = '', NULL, w.found.3) AS worst_value, toString(w.found.4) AS worst_unit,
  if(k.kind = '', NULL, k.maintained) AS maintained, toString(k.kind) AS maintenance,
  o.oee AS oee
FROM {db}.machines AS m FINAL
LEFT JOIN states AS st ON m.id = st.machine
LEFT JOIN suspected AS f ON m.id = f.machine
LEFT JOIN worst AS w ON m.id = w.machine
LEFT JOIN works AS k ON m.id = k.machine
LEFT JOIN figures AS o ON m.id = o.machine`,
}
