import { type Level, type Limits, levels } from '../../schema/sensor-state.js'

/** Limits with every gap filled: a missing limit is one that no value reaches. */
export interface CompiledLimits {
  readonly warningHigh: number
  readonly criticalHigh: number
  readonly warningLow: number
  readonly criticalLow: number
  readonly deadband: number
}

export function compileLimits(limits: Limits): CompiledLimits {
  return {
    warningHigh: limits.warningHigh ?? Number.POSITIVE_INFINITY,
    criticalHigh: limits.criticalHigh ?? Number.POSITIVE_INFINITY,
    warningLow: limits.warningLow ?? Number.NEGATIVE_INFINITY,
    criticalLow: limits.criticalLow ?? Number.NEGATIVE_INFINITY,
    deadband: limits.deadband ?? 0,
  }
}

const normal = levels.indexOf('normal')
const warningHigh = levels.indexOf('warning-high')
const criticalHigh = levels.indexOf('critical-high')
const warningLow = levels.indexOf('warning-low')
const criticalLow = levels.indexOf('critical-low')

/**
 * The level of `value` for a sensor that is at level number `from`. A limit is entered when it is reached and left
 * only when the value has come back by the deadband (OPC UA Part 9, B.1.5), so that noise on a limit does not
 * chatter. `value` must be a number; callers keep bad values away.
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

/** The same by name, as the statechart's guards read it. */
export function nextLevel(from: Level, value: number, limits: CompiledLimits): Level {
  return levels[nextLevelNumber(levels.indexOf(from), value, limits)]!
}
