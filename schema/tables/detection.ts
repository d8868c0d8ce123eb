import { type FaultPatternId, faultPattern } from '../fault-catalogue.js'
import type { Quantity } from '../plant.js'
import type { Column, View } from './definition.js'
import { looseMinutes } from './telemetry.js'

/** A sensor that stays beyond its warning limit. */
interface Symptom {
  readonly quantity: Quantity
  readonly side: 'low' | 'high' | 'either'
  /** Only signals with such a name (RE2), where not all of the quantity are meant. */
  readonly named?: string
  /** Only signals without such a name. */
  readonly notNamed?: string
  /** A single minute beyond the critical limit is enough, whatever the other symptoms. */
  readonly isEnough?: true
}

interface DetectionRule {
  readonly pattern: FaultPatternId
  /** What it looks at, for the data dictionary. */
  readonly meaning: string
  /** All of them must show, each in at least `minutes` minutes of a window; one whose sensor the machine lacks is left out, but never the first. */
  readonly needs: readonly [Symptom, ...Symptom[]]
  /** Another fault explains it where this shows in a single minute. */
  readonly unless?: Symptom
  /** Length of a window, minutes; windows begin at whole multiples of it since midnight UTC. */
  readonly window: number
  readonly minutes: number
  /** Whatever the machine's state: what comes from outside of it. */
  readonly standing?: true
  /** It comes within three minutes, by half the way from the middle to a limit: what goes slowly is the instrument. */
  readonly sudden?: true
}

/**
 * How each pattern is told from a machine's sensors (the rules of the twins are in `twins/fault/rules.ts`: they judge
 * sample by sample and know what is usual for each sensor; these go by minutes, over any stretch of the past).
 */
const rules: readonly DetectionRule[] = [
  {
    pattern: 'bearing-failure',
    meaning:
      'vibration and the temperature of the machine itself, not of its coolant, for ten minutes of an hour',
    needs: [
      { quantity: 'vibration', side: 'high' },
      { quantity: 'temperature', side: 'high', notNamed: 'coolant|oil|air|water' },
    ],
    unless: { quantity: 'flow', side: 'low', named: 'coolant' },
    window: 60,
    minutes: 10,
  },
  {
    pattern: 'motor-overheating',
    meaning: 'temperature and current of the motor, or its temperature alone beyond the critical limit',
    needs: [
      // As a thermal protection does (IEC 60034-11): it goes by the winding, whatever the current.
      { quantity: 'temperature', side: 'high', named: 'motor|winding|drive', isEnough: true },
      { quantity: 'current', side: 'high' },
    ],
    window: 5,
    minutes: 2,
  },
  {
    pattern: 'hydraulic-leak',
    meaning: 'pressure of the oil down, and its flow up where that is measured',
    needs: [
      { quantity: 'pressure', side: 'low', named: 'hydraul|oil' },
      { quantity: 'flow', side: 'high', named: 'hydraul|oil' },
    ],
    window: 5,
    minutes: 1,
  },
  {
    pattern: 'welding-quality',
    meaning: 'current and voltage of the weld up',
    needs: [
      { quantity: 'current', side: 'high', named: 'weld' },
      { quantity: 'voltage', side: 'high', named: 'weld|arc' },
    ],
    window: 5,
    minutes: 2,
  },
  {
    pattern: 'pneumatic-failure',
    meaning: 'pressure of the air down, and its flow up where that is measured',
    needs: [
      { quantity: 'pressure', side: 'low', named: 'air|pneu' },
      { quantity: 'flow', side: 'high', named: '^(air|vacuum)' },
    ],
    window: 5,
    minutes: 2,
  },
  {
    pattern: 'coolant-failure',
    meaning: 'flow of the coolant down',
    needs: [{ quantity: 'flow', side: 'low', named: 'coolant|water' }],
    window: 5,
    minutes: 2,
  },
  {
    pattern: 'robot-positioning',
    meaning: 'error of position up',
    needs: [{ quantity: 'displacement', side: 'high', named: 'error|deviation' }],
    window: 15,
    minutes: 3,
  },
  {
    pattern: 'electrical-fault',
    meaning:
      'a sag or a swell of the supply as it comes, in a single minute and whatever the state of the machine',
    needs: [{ quantity: 'voltage', side: 'either', named: '^voltage$|supply|mains|line' }],
    window: 5,
    minutes: 1,
    standing: true,
    sudden: true,
  },
]

const word = 'LowCardinality(String)'
/** What every view of a fault says. */
export const detectionColumns: readonly Column[] = [
  { name: 'machine', type: word, meaning: 'machine id' },
  { name: 'type', type: word, meaning: 'machine type' },
  { name: 'line', type: word, meaning: 'line id' },
  { name: 'at', type: "DateTime('UTC')", meaning: 'begin of the window in which it shows' },
  {
    name: 'known',
    type: "DateTime('UTC')",
    meaning: 'from when it could be known: end of the minute that made it sure',
  },
  {
    name: 'level',
    type: 'String',
    meaning: 'critical where one of its signals is beyond its critical limit, else warning',
  },
  { name: 'signals', type: 'Array(String)', meaning: 'ids of the signals that show it' },
]

/** With power and ready to work: what is low now is not low because it was switched off. */
const ready = ['Execute', 'Suspending', 'Suspended', 'Unsuspending', 'Holding', 'Held', 'Unholding'] as const

const isMeant = ({ quantity, named, notNamed }: Symptom): string =>
  [
    `s.quantity = '${quantity}'`,
    ...(named === undefined ? [] : [`match(s.name, '${named}')`]),
    ...(notNamed === undefined ? [] : [`NOT match(s.name, '${notNamed}')`]),
  ].join(' AND ')

/** The number of what explains it otherwise; symptoms that are asked for have their place. */
const otherwise = 9

/** The symptoms of a rule as an array of tuples, of a row `s` of `signals` and `m` of `machines`; the first tells whether it is meant. */
const partsOf = ({ pattern, needs, unless, window, minutes, standing }: DetectionRule): readonly string[] =>
  [...needs, ...(unless === undefined ? [] : [unless])].map((one, i) => {
    const place = i < needs.length ? i : otherwise
    const numbers = [place, one.isEnough ? 1 : 0, window * 60, minutes, standing ? 1 : 0].map(
      number => `toUInt16(${number})`,
    )
    return `(has(m.faults, '${pattern}') AND ${isMeant(one)}, '${pattern}', '${one.side}', ${numbers.join(', ')})`
  })

/** Which part of the past a query looks at. */
interface Stretch {
  /** A condition for `minute`. */
  readonly minutes: string
  /** What machines did in it: `machine`, `ts`, `seq` and `state`, which is not empty. */
  readonly states: string
}

const whole: Stretch = {
  minutes: '1',
  states: `
      SELECT machine, ts, seq, state FROM {db}.state_changes WHERE state != ''`,
}

/**
 * What all rules of a list find in one pass, with the column `pattern`: what machines did, and minutes of sensors, are
 * read once however many they are. All of them are sudden, or none.
 */
function selectOf(of: readonly DetectionRule[], { minutes: when, states }: Stretch = whole): string {
  const most = Math.max(...of.map(({ needs }) => needs.length))
  const places = Array.from({ length: most }, (_, i) => i)
  const isSudden = of.some(({ sudden }) => sudden)
  const minutes = looseMinutes('SELECT signal FROM watched', when)
  const minutesWithThoseBefore = `
      SELECT signal, minute, mean, count() OVER before AS known_before, min(mean) OVER before AS least, max(mean) OVER before AS greatest
      FROM (${minutes}
      )
      WINDOW before AS (PARTITION BY signal ORDER BY minute ROWS BETWEEN 3 PRECEDING AND 1 PRECEDING)`
  const comes = `
      AND t.known_before > 0 AND greatest(t.mean - t.least, t.greatest - t.mean) >= ifNull((w.high - w.low) / 4, 0)`
  /** From when to when machines were ready; neighbouring states of readiness are one. */
  const atWork = of.every(({ standing }) => standing)
    ? ''
    : `
  ASOF LEFT JOIN (
    SELECT machine, is_ready, start, leadInFrame(start, 1, toDateTime64('2100-01-01', 3, 'UTC')) OVER in_order AS until
    FROM (
      SELECT machine, ts AS start, seq, state IN (${ready.map(state => `'${state}'`).join(', ')}) AS is_ready,
        lagInFrame(is_ready, 1, NOT is_ready) OVER (PARTITION BY machine ORDER BY ts, seq ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS was_ready
      FROM (${states}
      )
      WHERE machine IN (SELECT machine FROM watched)
    )
    WHERE is_ready != was_ready
    WINDOW in_order AS (PARTITION BY machine ORDER BY start, seq ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING)
  ) AS s ON e.machine = s.machine AND e.minute >= s.start
  WHERE e.is_standing OR (s.is_ready AND e.minute + INTERVAL 1 MINUTE <= s.until)`
  return `
WITH
  watched AS (
    SELECT signal, id, machine, type, line,
      part.2 AS pattern, part.4 AS place, part.5 AS is_enough, part.6 AS window, part.7 AS minutes, part.8 AS is_standing,
      if(part.3 != 'high', warning_low, NULL) AS low, if(part.3 != 'low', warning_high, NULL) AS high,
      if(part.3 != 'high', critical_low, NULL) AS lowest, if(part.3 != 'low', critical_high, NULL) AS highest,
      groupUniqArray(place) OVER (PARTITION BY machine, pattern) AS measured
    FROM (
      SELECT s.signal AS signal, s.id AS id, s.machine AS machine, m.type AS type, m.line AS line,
        s.warning_low AS warning_low, s.critical_low AS critical_low, s.warning_high AS warning_high, s.critical_high AS critical_high,
        arrayJoin(arrayFilter(part -> part.1, [
          ${of.flatMap(partsOf).join(',\n          ')}
        ])) AS part
      FROM {db}.signals AS s FINAL INNER JOIN {db}.machines AS m FINAL ON s.machine = m.id
      WHERE s.role = 'sensor'
    )
  ),
  -- By the mean of a minute: a single wild sample is no symptom.
  shown AS (
    SELECT w.machine AS machine, w.type AS type, w.line AS line, w.id AS id, t.minute AS minute,
      ${['pattern', 'place', 'is_enough', 'window', 'minutes', 'is_standing', 'measured'].map(name => `w.${name} AS ${name}`).join(', ')},
      (ifNull(t.mean < w.lowest, 0) OR ifNull(t.mean > w.highest, 0)) AND w.place != ${otherwise} AS is_critical
    FROM (${isSudden ? minutesWithThoseBefore : minutes}
    ) AS t
    INNER JOIN watched AS w ON t.signal = w.signal
    WHERE (ifNull(t.mean < w.low, 0) OR ifNull(t.mean > w.high, 0))${isSudden ? comes : ''}
  )
SELECT machine, type, line, at, toDateTime(arrayMin(sure) + INTERVAL 1 MINUTE, 'UTC') AS known,
  if(critical, 'critical', 'warning') AS level, ids AS signals, pattern
FROM (
  SELECT
    e.machine AS machine, e.type AS type, e.line AS line, e.pattern AS pattern, e.minutes AS minutes, e.measured AS measured,
    toDateTime(intDiv(toUnixTimestamp(e.minute), e.window) * e.window, 'UTC') AS at,
    -- The minutes in which a symptom shows; two sensors of it are no more than one.
    ${places.map(i => `arraySort(groupUniqArrayIf(e.minute, e.place = ${i})) AS shown_${i}`).join(',\n    ')},
    max(e.place = ${otherwise}) AS is_something_else,
    max(e.is_critical) AS critical,
    arraySort(groupUniqArrayIf(e.id, e.place != ${otherwise})) AS ids,
    arrayConcat(
      groupUniqArrayIf(e.minute, e.is_enough AND e.is_critical),
      if(${places.map(i => `(${i === 0 ? '' : `NOT has(measured, ${i}) OR `}length(shown_${i}) >= minutes)`).join(' AND ')},
        [arrayMax([${places.map(i => `shown_${i}[minutes]`).join(', ')}])], [])) AS sure
  FROM shown AS e${atWork}
  GROUP BY machine, type, line, pattern, minutes, measured, at
)
WHERE notEmpty(sure) AND NOT is_something_else`
}

const viewName = (pattern: FaultPatternId): string => `detected_${pattern.replaceAll('-', '_')}`

/** A view for each pattern that limits tell: a row for each machine and window in which it shows. */
export const limitViews: readonly View[] = rules.map(rule => ({
  kind: 'view',
  name: viewName(rule.pattern),
  meaning: `${faultPattern(rule.pattern).name} as sensors tell it: ${rule.meaning}. A row for each machine and ${rule.window} minutes in which it shows; see docs/detection.md.`,
  columns: detectionColumns,
  select: `SELECT ${detectionColumns.map(({ name }) => name).join(', ')} FROM (${selectOf([rule])})`,
}))

/** The same of all these patterns for some minutes alone, with the column `pattern`. */
export const limitQueries = (stretch: Stretch): readonly string[] => [
  selectOf(
    rules.filter(({ sudden }) => !sudden),
    stretch,
  ),
  selectOf(
    rules.filter(({ sudden }) => sudden),
    stretch,
  ),
]
