import { type LimitName, type Limits, levels, limitNames } from '../../schema/sensor-state.js'

/**
 * Limits with every gap filled: a missing limit is one that no measured value reaches. It is the largest number and
 * not infinity, because JSON has no infinity and a twin's context must survive JSON.
 */
export interface CompiledLimits extends Readonly<Record<LimitName, number>> {
  readonly deadband: number
  /** Delays before a level is entered and before it is left, ms, by the limit's place in `limitNames`. */
  readonly onDelay: readonly number[]
  readonly offDelay: readonly number[]
  /** Whether any delay is longer than nothing; where none is, levels need no timers. */
  readonly isDelayed: boolean
}

export function compileLimits(limits: Limits): CompiledLimits {
  const delay = (name: LimitName, kind: 'onDelay' | 'offDelay'): number =>
    limits[name] === undefined ? 0 : (limits.delays?.[name]?.[kind] ?? limits[kind] ?? 0)
  const onDelay = limitNames.map(name => delay(name, 'onDelay'))
  const offDelay = limitNames.map(name => delay(name, 'offDelay'))
  return {
    warningHigh: limits.warningHigh ?? Number.MAX_VALUE,
    criticalHigh: limits.criticalHigh ?? Number.MAX_VALUE,
    warningLow: limits.warningLow ?? -Number.MAX_VALUE,
    criticalLow: limits.criticalLow ?? -Number.MAX_VALUE,
    deadband: limits.deadband ?? 0,
    onDelay,
    offDelay,
    isDelayed: [...onDelay, ...offDelay].some(ms => ms > 0),
  }
}

/** Numbers of the levels. Level n + 1 is entered by limit n of `limitNames`. */
export const normal = levels.indexOf('normal')
export const warningHigh = levels.indexOf('warning-high')
export const criticalHigh = levels.indexOf('critical-high')
export const warningLow = levels.indexOf('warning-low')
export const criticalLow = levels.indexOf('critical-low')

/**
 * The level of `value` for a sensor that is at level number `from` and whose limits have no delays. A limit is entered
 * when it is reached and left only when the value has come back by the deadband (OPC UA Part 9, B.1.5), so that noise
 * on a limit does not chatter. `value` must be a finite number; callers keep bad values away.
 */
export function nextLevelNumber(from: number, value: number, limits: CompiledLimits): number {
  const { deadband } = limits
  const inCriticalHigh = from === criticalHigh
  if (value >= limits.criticalHigh - (inCriticalHigh ? deadband : 0)) return criticalHigh
  if (value >= limits.warningHigh - (inCriticalHigh || from === warningHigh ? deadband : 0))
    return warningHigh
  const inCriticalLow = from === criticalLow
  if (value <= limits.criticalLow + (inCriticalLow ? deadband : 0)) return criticalLow
  if (value <= limits.warningLow + (inCriticalLow || from === warningLow ? deadband : 0)) return warningLow
  return normal
}
