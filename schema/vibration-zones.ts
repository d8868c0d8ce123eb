import type { Limits } from './sensor-state.js'

/**
 * Vibration severity of rotating machines after ISO 10816/20816: casing velocity, RMS mm/s, 10 to 1,000 Hz, the worst
 * direction on the bearing housings. Zone A: as new. B: unrestricted long-term operation. C: for a limited time, until
 * it can be repaired. D: does damage.
 */
export type VibrationZone = 'A' | 'B' | 'C' | 'D'

export const vibrationSupports = ['rigid', 'flexible'] as const
/** Rigid: the lowest natural frequency of machine and support is at least 1.25 times the main excitation. */
export type VibrationSupport = (typeof vibrationSupports)[number]

export const vibrationGroups = ['1', '2', 'I', 'II', 'III', 'IV'] as const
/**
 * Groups 1 and 2 of ISO 20816-3 (industrial machines above 15 kW, 120 to 15,000 r/min), and the classes I to IV of
 * ISO 10816-1, Annex B (older; still on most wall charts).
 */
export type VibrationGroup = (typeof vibrationGroups)[number]

/** Where one zone ends and the next begins, mm/s RMS. */
export interface ZoneBoundaries {
  readonly group: VibrationGroup
  readonly support: VibrationSupport
  readonly description: string
  readonly ab: number
  readonly bc: number
  readonly cd: number
  /** The standard the numbers come from. */
  readonly source: string
}

const part3 = 'ISO 20816-3 (formerly ISO 10816-3), Annex A'
const annexB = 'ISO 10816-1, Annex B'

export const zoneBoundaries: readonly ZoneBoundaries[] = [
  row('1', 'rigid', '300 kW to 50 MW, or shaft height from 315 mm', [2.3, 4.5, 7.1], part3),
  row('1', 'flexible', '300 kW to 50 MW, or shaft height from 315 mm', [3.5, 7.1, 11], part3),
  row('2', 'rigid', '15 to 300 kW, or shaft height 160 to 315 mm', [1.4, 2.8, 4.5], part3),
  row('2', 'flexible', '15 to 300 kW, or shaft height 160 to 315 mm', [2.3, 4.5, 7.1], part3),
  row('I', 'rigid', 'small: motors to 15 kW', [0.71, 1.8, 4.5], annexB),
  row('II', 'rigid', 'medium: 15 to 75 kW, to 300 kW on a special foundation', [1.12, 2.8, 7.1], annexB),
  row('III', 'rigid', 'large, on a rigid foundation', [1.8, 4.5, 11.2], annexB),
  row('IV', 'flexible', 'large, on a soft foundation', [2.8, 7.1, 18], annexB),
]

/** The boundaries of a group on its support; undefined where the standard has none. */
export function boundariesOf(group: VibrationGroup, support: VibrationSupport): ZoneBoundaries | undefined {
  return zoneBoundaries.find(row => row.group === group && row.support === support)
}

/** The zone of a velocity, mm/s RMS; a value on a boundary belongs to the worse zone. */
export function zoneOf(velocityRms: number, boundaries: ZoneBoundaries): VibrationZone {
  if (velocityRms >= boundaries.cd) return 'D'
  if (velocityRms >= boundaries.bc) return 'C'
  return velocityRms >= boundaries.ab ? 'B' : 'A'
}

export interface VibrationLimits {
  readonly limits: Limits
  /** Where they come from, for people. */
  readonly source: string
}

/** How far the value must come back, as a share of the limit, and how long it must be beyond it, ms. */
const deadbandShare = 0.05
const onDelay = 10_000

/**
 * Limits of a vibration sensor as ISO 20816 advises for alarm and trip: the warning lies 25 % of the B/C boundary above the machine's
 * own baseline but not above 1.25 times that boundary; the critical limit at 1.25 times C/D. Without a baseline the
 * warning is the B/C boundary itself: the machine may run on, but not for ever. Undefined where the standard has no
 * boundaries for the group on this support. Deadband and delay are start values after ISA-TR18.2.3.
 */
export function vibrationLimits(
  group: VibrationGroup,
  support: VibrationSupport,
  baseline?: number,
): VibrationLimits | undefined {
  const boundaries = boundariesOf(group, support)
  if (boundaries === undefined) return undefined
  const { bc, cd, source } = boundaries
  const warningHigh = baseline === undefined ? bc : Math.min(baseline + 0.25 * bc, 1.25 * bc)
  return {
    limits: { warningHigh, criticalHigh: 1.25 * cd, deadband: deadbandShare * warningHigh, onDelay },
    source: `${source}, group ${group}, ${support}; alarm and trip as ISO 20816 advises`,
  }
}

function row(
  group: VibrationGroup,
  support: VibrationSupport,
  description: string,
  [ab, bc, cd]: readonly [number, number, number],
  source: string,
): ZoneBoundaries {
  return { group, support, description, ab, bc, cd, source }
}
