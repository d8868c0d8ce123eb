import type { Quantity } from '../../schema/plant.js'
import type { Level, Limits, SensorHealth } from '../../schema/sensor-state.js'
import type { EvidenceLevel, Growth } from './fault.events.js'
import type { Symptom } from './rules.js'

/** What one sensor of a machine shows now. */
export interface Reading {
  readonly signal: string
  readonly quantity: Quantity
  readonly value: number
  readonly level: Level
  /** Out of normal, at this end, since; Unix ms. Without meaning while the level is normal. */
  readonly since: number
  readonly limits: Limits
  readonly health: SensorHealth
  /** Present while the value lies unusually far from where the machine's own past puts it. */
  readonly anomaly?: {
    /** Distance in standard deviations, with its sign. */
    readonly sigma: number
    readonly since: number
  }
  /** The value a day and a week ago, where they are known. */
  readonly dayAgo?: number
  readonly weekAgo?: number
}

const minute = 60_000
/** A warning that lasts is an alert; so is a deviation that lasts longer. */
const warningPatience = 15 * minute
const anomalyPatience = 30 * minute
/** Deviations up to this many standard deviations are usual. */
const usualSigma = 3

const untrustworthy: readonly SensorHealth[] = ['drifting', 'stuck', 'noisy', 'out-of-range']

/** A sensor that is not well shows nothing but that. */
export const isTrustworthy = (reading: Reading): boolean => !untrustworthy.includes(reading.health)

const isAnomalous = ({ anomaly }: Reading): boolean =>
  anomaly !== undefined && Math.abs(anomaly.sigma) > usualSigma

/** How alarming a reading is: critical at once, a warning for 15 minutes an alert, a deviation for 30. */
export function alertOf(reading: Reading, now: number): EvidenceLevel {
  const { level, since, anomaly } = reading
  if (level.startsWith('critical')) return 'critical'
  const lasts = level !== 'normal' && now - since >= warningPatience
  const deviates = isAnomalous(reading) && anomaly !== undefined
  if (lasts || (deviates && now - anomaly.since >= anomalyPatience)) return 'alert'
  return level !== 'normal' || deviates ? 'warning' : 'none'
}

/** The next time after `now` at which the same readings mean more than they do now; infinite where they never will. */
export function nextAlertDue(readings: readonly Reading[], now: number): number {
  let next = Number.POSITIVE_INFINITY
  for (const reading of readings) {
    const dues = []
    if (reading.level.startsWith('warning')) dues.push(reading.since + warningPatience)
    if (isAnomalous(reading) && reading.anomaly) dues.push(reading.anomaly.since + anomalyPatience)
    for (const due of dues) if (due > now && due < next) next = due
  }
  return next
}

/** Whether a reading is the symptom: at the end that the symptom names. */
export function shows(reading: Reading, { quantity, side }: Symptom): boolean {
  if (reading.quantity !== quantity) return false
  const isHigh = reading.level.endsWith('high') || (isAnomalous(reading) && (reading.anomaly?.sigma ?? 0) > 0)
  const isLow = reading.level.endsWith('low') || (isAnomalous(reading) && (reading.anomaly?.sigma ?? 0) < 0)
  return (side !== 'low' && isHigh) || (side !== 'high' && isLow)
}

const atWarning = 0.25
const atCritical = 0.75

/** How bad a reading is, 0 to 1: a straight line through 0.25 at the warning limit and 0.75 at the critical one. */
export function severityOf({ level, value, limits }: Reading): number {
  const [warning, critical] = level.endsWith('low')
    ? [limits.warningLow, limits.criticalLow]
    : [limits.warningHigh, limits.criticalHigh]
  if (level === 'normal') return atWarning
  if (warning === undefined || critical === undefined || warning === critical) {
    return level.startsWith('critical') ? atCritical : atWarning
  }
  const severity = atWarning + (atCritical - atWarning) * ((value - warning) / (critical - warning))
  // A value within the deadband lies before its limit and still counts as beyond it.
  return Math.min(1, Math.max(level.startsWith('critical') ? atCritical : atWarning, severity))
}

/** Half as much again in a day is rapid, a fifth in a week gradual; up or down. */
export function growthOf({ value, dayAgo, weekAgo }: Reading): Growth {
  const change = (then: number | undefined) =>
    then === undefined || then === 0 ? 0 : Math.abs(value - then) / Math.abs(then)
  if (change(dayAgo) >= 0.5) return 'rapid'
  return change(weekAgo) >= 0.2 ? 'gradual' : 'steady'
}
