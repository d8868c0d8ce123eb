import type { FaultPatternId } from '../../schema/fault-catalogue.js'
import { type Evidence, type EvidenceLevel, evidenceLevels, growths } from './fault.events.js'
import { alertOf, growthOf, isTrustworthy, type Reading, severityOf, shows } from './reading.js'
import { type FaultRule, faultRules, type Symptom } from './rules.js'

/** A rule whose every needed symptom shows, with the readings that show it. */
interface Match {
  readonly rule: FaultRule
  readonly needed: readonly Reading[]
  readonly supporting: readonly Reading[]
}

const nothing = {
  level: 'none',
  rule: '',
  signals: [],
  severity: 0,
  confidence: 0,
  growth: 'steady',
} as const

/**
 * What a machine's sensors say of each of the patterns it may have: one piece of evidence per pattern, `none` where
 * nothing shows. A rule that explains only part of what another one explains gives way to it: temperature and
 * vibration are a bearing, with the current they are an overload. Pure; the same readings at the same time say the same.
 */
export function evaluateFaults(
  patterns: readonly FaultPatternId[],
  readings: readonly Reading[],
  now: number,
): readonly Evidence[] {
  const trusted = readings.filter(isTrustworthy)
  const matches = faultRules
    .filter(rule => patterns.includes(rule.pattern))
    .map(rule => matchOf(rule, trusted))
    .filter(match => match !== undefined)
  const best = matches.filter(match => !matches.some(other => explainsMore(other.rule, match.rule)))
  return patterns.map(pattern => {
    if (pattern === 'sensor-drift') return driftOf(readings)
    const match = best.find(({ rule }) => rule.pattern === pattern)
    return match === undefined ? { pattern, ...nothing } : evidenceOf(match, trusted, now)
  })
}

function matchOf(rule: FaultRule, readings: readonly Reading[]): Match | undefined {
  const needed = rule.needs.map(symptom => worst(readings, symptom)).filter(found => found !== undefined)
  if (needed.length < rule.needs.length) return undefined
  const supporting = rule.supports
    .map(symptom => worst(readings, symptom))
    .filter(found => found !== undefined)
  return { rule, needed, supporting }
}

/** Of several sensors that show a symptom, the one that shows it most; the first where they are alike. */
function worst(readings: readonly Reading[], symptom: Symptom): Reading | undefined {
  let found: Reading | undefined
  for (const reading of readings) {
    if (!shows(reading, symptom)) continue
    if (found === undefined || severityOf(reading) > severityOf(found)) found = reading
  }
  return found
}

function explainsMore(other: FaultRule, rule: FaultRule): boolean {
  const covers = (symptom: Symptom) =>
    other.needs.some(
      ({ quantity, side }) =>
        quantity === symptom.quantity &&
        (side === symptom.side || side === 'either' || symptom.side === 'either'),
    )
  return other.needs.length > rule.needs.length && rule.needs.every(covers)
}

function evidenceOf(
  { rule, needed, supporting }: Match,
  readings: readonly Reading[],
  now: number,
): Evidence {
  const measured = new Set(readings.map(reading => reading.quantity))
  const possible = rule.supports.filter(symptom => measured.has(symptom.quantity)).length
  const shown = [...needed, ...supporting]
  return {
    pattern: rule.pattern,
    rule: rule.name,
    level: highest(
      evidenceLevels,
      needed.map(reading => alertOf(reading, now)),
    ),
    signals: shown.map(reading => reading.signal),
    severity: Math.max(...needed.map(severityOf)),
    confidence: shown.length / (rule.needs.length + possible),
    growth: highest(growths, needed.map(growthOf)),
  }
}

/** The last in the order of `scale` that occurs. */
function highest<Step extends string>(scale: readonly [Step, ...Step[]], steps: readonly Step[]): Step {
  return scale.findLast(step => steps.includes(step)) ?? scale[0]
}

/** Sensor drift and its kin: what the sensors' own health says. A sensor out of its range is of no use any more. */
function driftOf(readings: readonly Reading[]): Evidence {
  const unwell = readings.filter(reading => !isTrustworthy(reading))
  if (unwell.length === 0) return { pattern: 'sensor-drift', ...nothing }
  const isUseless = unwell.some(({ health }) => health === 'stuck' || health === 'out-of-range')
  const level: EvidenceLevel = isUseless ? 'critical' : 'alert'
  return {
    pattern: 'sensor-drift',
    rule: 'sensor health',
    level,
    signals: unwell.map(reading => reading.signal),
    severity: isUseless ? 0.75 : 0.5,
    confidence: 1,
    growth: 'steady',
  }
}
