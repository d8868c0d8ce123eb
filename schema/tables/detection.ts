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
    meaning: 'temperature and current of the motor',
    needs: [
      { quantity: 'temperature', side: 'high', named: 'motor|winding|drive' },
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
    meaning: 'a sag or a swell of the supply, in a single minute and whatever the state of the machine',
    needs: [{ quantity: 'voltage', side: 'either', named: '^voltage$|supply|mains|line' }],
    window: 5,
    minutes: 1,
    standing: true,
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

/** `t` is a minute of telemetry, `w` the signal with its limits. The mean: a single wild sample is no symptom. */
const beyond = (side: Symptom['side'], limit: 'warning' | 'critical'): string => {
  const low = `ifNull(t.mean < w.${limit}_low, 0)`
  const high = `ifNull(t.mean > w.${limit}_high, 0)`
  return side === 'either' ? `(${low} OR ${high})` : side === 'low' ? low : high
}

const isMeant = ({ quantity, named, notNamed }: Symptom, of: string): string =>
  [
    `${of}.quantity = '${quantity}'`,
    ...(named === undefined ? [] : [`match(${of}.name, '${named}')`]),
    ...(notNamed === undefined ? [] : [`NOT match(${of}.name, '${notNamed}')`]),
  ].join(' AND ')

/** `when`: which minutes it looks at. */
function selectOf(
  { pattern, needs, unless, window, minutes, standing }: DetectionRule,
  when?: string,
): string {
  const symptoms = unless === undefined ? needs : [...needs, unless]
  const shows = symptoms.map(one => `${isMeant(one, 'w')} AND ${beyond(one.side, 'warning')}`)
  const critical = needs.map(one => `(${isMeant(one, 'w')} AND ${beyond(one.side, 'critical')})`)
  /** The minutes in which a symptom shows; two sensors of it are no more than one. */
  const shown = symptoms.map((_, i) => `arraySort(groupUniqArrayIf(minute, shows_${i})) AS shown_${i}`)
  const isSure = needs.map((_, i) => {
    const lasts = `length(shown_${i}) >= ${minutes}`
    return i === 0 ? lasts : `(${lasts} OR NOT measured_${i})`
  })
  const isNothingElse = unless === undefined ? [] : [`empty(shown_${needs.length})`]
  /** Only of the machines in which something shows: what states a machine was in takes much longer to say than a minute's mean. Neighbouring states of readiness are one. */
  const atWork = standing
    ? ''
    : `
  ASOF INNER JOIN (
    SELECT machine, is_ready, start, leadInFrame(start, 1, toDateTime64('2100-01-01', 3, 'UTC')) OVER in_order AS until
    FROM (
      SELECT machine, start, state IN (${ready.map(state => `'${state}'`).join(', ')}) AS is_ready,
        lagInFrame(is_ready, 1, NOT is_ready) OVER in_order AS was_ready
      FROM {db}.state_intervals WHERE machine IN (SELECT machine FROM shown WHERE shows_0)
      WINDOW in_order AS (PARTITION BY machine ORDER BY start ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
    )
    WHERE is_ready != was_ready
    WINDOW in_order AS (PARTITION BY machine ORDER BY start ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
  ) AS s ON e.machine = s.machine AND e.minute >= s.start
  WHERE s.is_ready AND e.minute + INTERVAL 1 MINUTE <= s.until`
  return `
WITH
  watched AS (
    SELECT s.signal AS signal, s.id AS id, s.name AS name, s.machine AS machine, s.quantity AS quantity,
      s.warning_low AS warning_low, s.critical_low AS critical_low,
      s.warning_high AS warning_high, s.critical_high AS critical_high, m.type AS type, m.line AS line,
      ${needs.map((need, i) => `max(${isMeant(need, 's')}) OVER (PARTITION BY s.machine) AS measured_${i}`).join(',\n      ')}
    FROM {db}.signals AS s FINAL INNER JOIN {db}.machines AS m FINAL ON s.machine = m.id
    WHERE s.role = 'sensor' AND has(m.faults, '${pattern}')
      AND (${symptoms.map(symptom => `(${isMeant(symptom, 's')})`).join(' OR ')})
  ),
  shown AS (
    SELECT w.machine AS machine, w.type AS type, w.line AS line, w.id AS id, t.minute AS minute,
      ${needs.map((_, i) => `w.measured_${i} AS measured_${i}`).join(', ')},
      ${shows.map((show, i) => `${show} AS shows_${i}`).join(',\n      ')},
      ${critical.join(' OR ')} AS is_critical
    FROM (${looseMinutes('SELECT signal FROM watched', when)}
    ) AS t
    INNER JOIN watched AS w ON t.signal = w.signal
    WHERE ${shows.map((_, i) => `shows_${i}`).join(' OR ')}
  )
SELECT machine, type, line, at,
  toDateTime(arrayMax([${needs.map((_, i) => `shown_${i}[${minutes}]`).join(', ')}]) + INTERVAL 1 MINUTE, 'UTC') AS known,
  if(critical, 'critical', 'warning') AS level, ids AS signals
FROM (
  SELECT
    e.machine AS machine, e.type AS type, e.line AS line,
    toStartOfInterval(e.minute, INTERVAL ${window} MINUTE) AS at,
    ${shown.join(',\n    ')},
    ${needs.map((_, i) => `any(measured_${i}) AS measured_${i}`).join(', ')},
    max(is_critical) AS critical,
    arraySort(groupUniqArrayIf(e.id, ${needs.map((_, i) => `shows_${i}`).join(' OR ')})) AS ids
  FROM shown AS e${atWork}
  GROUP BY machine, type, line, at
)
WHERE ${[...isNothingElse, ...isSure].join(' AND ')}`
}

const viewName = (pattern: FaultPatternId): string => `detected_${pattern.replaceAll('-', '_')}`

/** A view for each pattern that limits tell: a row for each machine and window in which it shows. */
export const limitViews: readonly View[] = rules.map(rule => ({
  kind: 'view',
  name: viewName(rule.pattern),
  meaning: `${faultPattern(rule.pattern).name} as sensors tell it: ${rule.meaning}. A row for each machine and ${rule.window} minutes in which it shows; see docs/detection.md.`,
  columns: detectionColumns,
  select: selectOf(rule),
}))

/** The same for some minutes alone. */
export const limitQueries = (when: string): readonly (readonly [FaultPatternId, string])[] =>
  rules.map(rule => [rule.pattern, selectOf(rule, when)])
