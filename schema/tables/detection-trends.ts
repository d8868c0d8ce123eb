import type { FaultPatternId } from '../fault-catalogue.js'
import type { View } from './definition.js'
import { detectionColumns } from './detection.js'
import { looseMinutes } from './telemetry.js'

/** Days in seconds, as frames of windows count. */
const days = (count: number): number => count * 86_400

/** What grows with the effort of the work: a blunt tool takes up to a third more of it, a bad bearing hardly any. */
const effort = ['current', 'power', 'load', 'force', 'torque'] as const
const list = (words: readonly string[]): string => words.map(word => `'${word}'`).join(', ')

/** What is known of a sensor whatever the hour. */
const carried = [
  ...['id', 'machine', 'type', 'line', 'quantity'],
  ...['warning_low', 'warning_high', 'critical_low', 'critical_high'],
]

/**
 * Hour by hour what each watched sensor of the machines that can have the fault shows: `value`, the median of its minutes
 * where the machine worked for most of the hour, and `rest`, the least of them where it stood for some; else NULL. Hours
 * are those of OEE, by the local clock. `only`: which sensors, of a row `s` of `signals`; `when`: which minutes, `minute`.
 *
 * It reads minutes as they were rolled up, without adding up what came late to some: a median does not mind.
 */
const hoursOf = (pattern: FaultPatternId, only: string, when: string): string => `
  watched AS (
    SELECT s.signal AS signal, s.id AS id, s.machine AS machine, s.quantity AS quantity, m.type AS type, m.line AS line,
      s.warning_low AS warning_low, s.warning_high AS warning_high, s.critical_low AS critical_low, s.critical_high AS critical_high
    FROM {db}.signals AS s FINAL INNER JOIN {db}.machines AS m FINAL ON s.machine = m.id
    WHERE s.role = 'sensor' AND has(m.faults, '${pattern}') AND ${only}
  ),
  worked AS (
    SELECT machine, toUnixTimestamp(hour) AS hour, sum(production + overtime) / 3600000 AS work,
      sum(breakdown + planned + unscheduled + idle) / 3600000 AS stand
    FROM {db}.fact_oee GROUP BY machine, hour
  ),
  -- By how much the hours of each sensor's machine are off those of UTC, s. Looked up: to join minutes takes longer than to read them.
  (
    SELECT (groupArray(w.signal), groupArray(o.after))
    FROM watched AS w INNER JOIN (SELECT machine, any(hour % 3600) AS after FROM worked GROUP BY machine) AS o ON w.machine = o.machine
  ) AS offsets,
  hours AS (
    SELECT ${carried.map(name => `w.${name} AS ${name}`).join(', ')},
      toDateTime(t.hour, 'UTC') AS at, if(o.work >= 0.7, t.middle, NULL) AS value,
      if(o.stand >= 0.2 AND w.quantity = 'vibration', t.least, NULL) AS rest
    FROM (
      SELECT m.signal AS signal, transform(m.signal, offsets.1, offsets.2, 0) AS after,
        intDiv(toUnixTimestamp(m.minute) - after, 3600) * 3600 + after AS hour,
        quantileExactInclusive(m.mean) AS middle, min(m.mean) AS least
      FROM (${looseMinutes('SELECT signal FROM watched', when)}
      ) AS m
      GROUP BY signal, after, hour
      HAVING count() >= 5
    ) AS t
    INNER JOIN watched AS w ON t.signal = w.signal
    INNER JOIN worked AS o ON w.machine = o.machine AND t.hour = o.hour
    WHERE value IS NOT NULL OR rest IS NOT NULL
  )`

/** How beyond a critical limit is told, of a row of hours. */
const isCritical = (value: string): string =>
  `(ifNull(${value} > critical_high, 0) OR ifNull(${value} < critical_low, 0))`

const toolWear = (when: string): string => `
WITH ${hoursOf('tool-wear', `s.quantity IN (${list(['vibration', ...effort])})`, when)},
  rises AS (
    SELECT *, value / quantile(0.25)(value) OVER week AS rise, count(value) OVER week AS hours_known
    FROM hours
    WINDOW week AS (PARTITION BY id ORDER BY toUnixTimestamp(at) RANGE BETWEEN ${days(7)} PRECEDING AND CURRENT ROW)
  )
SELECT machine, type, line, at, at + INTERVAL 1 HOUR AS known, if(critical, 'critical', 'warning') AS level, ids AS signals
FROM (
  SELECT machine, type, line, at,
    maxIf(rise, quantity = 'vibration') AS shakes,
    -- The lower one of two: an instrument that reads too much is outvoted.
    quantileExactLowIf(0.5)(rise, quantity != 'vibration') AS takes,
    max(quantity = 'vibration' AND ${isCritical('value')}) AS critical,
    arraySort(groupUniqArrayIf(id, rise >= 1.08)) AS ids
  FROM rises
  WHERE hours_known >= 6 AND value IS NOT NULL AND isFinite(rise)
  GROUP BY machine, type, line, at
)
WHERE shakes >= 1.2 AND takes >= 1.08 AND takes - 1 >= 0.12 * log(shakes)`

const bearingTrend = (when: string): string => `
WITH ${hoursOf('bearing-failure', `(s.quantity IN (${list(['vibration', ...effort])}) OR (s.quantity = 'temperature' AND NOT match(s.name, 'coolant|oil|air|water')))`, when)},
  rises AS (
    SELECT *,
      quantile(0.1)(value) OVER month AS usual, count(value) OVER month AS hours_known,
      quantile(0.25)(value) OVER day AS now, count(value) OVER day AS hours_of_day,
      quantile(0.25)(value) OVER before AS earlier, count(value) OVER before AS hours_before,
      quantile(0.1)(rest) OVER month AS usual_rest, quantile(0.5)(rest) OVER day AS now_rest
    FROM hours
    WINDOW
      month AS (PARTITION BY id ORDER BY toUnixTimestamp(at) RANGE BETWEEN ${days(28)} PRECEDING AND CURRENT ROW),
      day AS (PARTITION BY id ORDER BY toUnixTimestamp(at) RANGE BETWEEN ${days(1) - 1} PRECEDING AND CURRENT ROW),
      before AS (PARTITION BY id ORDER BY toUnixTimestamp(at) RANGE BETWEEN ${days(3)} PRECEDING AND ${days(2)} PRECEDING)
  )
SELECT machine, type, line, at, at + INTERVAL 1 HOUR AS known, if(warms, 'warning', 'early') AS level, ids AS signals
FROM (
  SELECT machine, type, line, at,
    -- What an instrument reads too much it reads at rest too.
    maxIf(now / usual, quantity = 'vibration' AND now > 1.03 * earlier AND NOT ifNull(now_rest - usual_rest > 0.5 * (now - usual), 0)) AS shakes,
    quantileExactLowIf(0.5)(now / usual, quantity IN (${list(effort)})) AS takes,
    max(quantity = 'temperature' AND ifNull(now - usual > 0.15 * (warning_high - usual), 0)) AS warms,
    arraySort(groupUniqArrayIf(id, quantity = 'vibration' OR (quantity = 'temperature' AND ifNull(now - usual > 0.15 * (warning_high - usual), 0)))) AS ids
  FROM rises
  WHERE hours_known >= 36 AND hours_of_day >= 4 AND hours_before >= 4 AND value IS NOT NULL AND usual > 0
  GROUP BY machine, type, line, at
)
WHERE shakes >= 1.4 AND NOT ifNull(takes - 1 >= 0.12 * log(shakes) + 0.01, 0)`

/** From where a sensor is to the limit that is nearest, or half of what lies between two. */
const room = `multiIf(
        warning_low IS NOT NULL AND warning_high IS NOT NULL, (warning_high - warning_low) / 2,
        warning_high IS NOT NULL, abs(warning_high - average), abs(average - warning_low))`

const sensorDrift = (when: string): string => `
WITH ${hoursOf(
  'sensor-drift',
  '(s.warning_low IS NOT NULL OR s.warning_high IS NOT NULL)',
  // Whole hours: whatever the period, a sensor that is read is read in these. And a quarter of the work.
  `intDiv(toUnixTimestamp(minute), 3600) % 4 = 0 AND ${when}`,
)},
  trends AS (
    SELECT *,
      avg(value) OVER days AS average, count(value) OVER days AS hours_known,
      corr(value, toUnixTimestamp(at)) OVER days AS straight,
      -- From end to end of a straight line of this spread.
      sqrt(12) * stddevPop(value) OVER days * straight / ${room} AS moved,
      corr(rest, toUnixTimestamp(at)) OVER days AS straight_rest,
      sqrt(12) * stddevPop(rest) OVER days * straight_rest / ${room} AS moved_rest,
      max(ifNull(value > warning_high, 0) OR ifNull(value < warning_low, 0)) OVER days AS went_beyond
    FROM hours
    WINDOW days AS (PARTITION BY id ORDER BY toUnixTimestamp(at) RANGE BETWEEN ${days(4)} PRECEDING AND CURRENT ROW)
  )
SELECT machine, type, line, at, at + INTERVAL 1 HOUR AS known, if(critical, 'critical', 'warning') AS level, ids AS signals
FROM (
  SELECT machine, type, line, at,
    groupArrayIf(id, drifts) AS ids, maxIf(${isCritical('value')}, drifts) AS critical,
    countIf(NOT drifts AND (went_beyond OR (straight * straight >= 0.5 AND abs(moved) >= 0.05))) AS others
  FROM (
    SELECT *, straight * straight >= 0.85 AND abs(moved) >= 0.1
      AND (quantity != 'vibration' OR ifNull(moved_rest / moved > 0.5, 0)) AS drifts
    FROM trends
    WHERE hours_known >= 8 AND value IS NOT NULL
  )
  GROUP BY machine, type, line, at
)
WHERE length(ids) = 1 AND others = 0`

/** What is known by how a sensor moves against its own past, hour by hour, whatever its limits. */
export const trendViews: readonly View[] = [
  {
    kind: 'view',
    name: 'detected_tool_wear',
    meaning:
      'Tool wear as sensors tell it: vibration and the effort of the work, each above what they were in the best quarter of the last seven days. A row for each machine and hour in which it shows; see docs/detection.md.',
    columns: detectionColumns,
    select: toolWear('1'),
  },
  {
    kind: 'view',
    name: 'detected_sensor_drift',
    meaning:
      'Sensor drift: a sensor that moves in a straight line for days while no other one of its machine moves. A row for each machine and hour in which it shows; see docs/detection.md.',
    columns: detectionColumns,
    select: sensorDrift('1'),
  },
  {
    kind: 'view',
    name: 'detected_bearing_trend',
    meaning:
      'A bearing before it is beyond a limit: vibration that rises for days above what it was, with the temperature (warning) or not yet (early), and without the effort of a worn tool. A row for each machine and hour in which it shows; see docs/detection.md.',
    columns: detectionColumns,
    select: bearingTrend('1'),
  },
]

/** The same for the time since `now`, an expression, less what each must look back. */
export const trendQueries = (now: string): readonly (readonly [FaultPatternId, string])[] => [
  ['tool-wear', toolWear(`minute >= ${now} - INTERVAL 8 DAY`)],
  ['sensor-drift', sensorDrift(`minute >= ${now} - INTERVAL 5 DAY`)],
  ['bearing-failure', bearingTrend(`minute >= ${now} - INTERVAL 29 DAY`)],
]
