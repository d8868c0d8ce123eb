import { exp, log, power } from '../../schema/elementary.js'
import { type FaultPatternId, faultPattern } from '../../schema/fault-catalogue.js'
import type { RandomStream } from '../flow/random.js'
import { faultNatures } from './effects.js'

/** A Weibull distribution of the time to onset: R(t) = exp(-(t / scale)^shape). */
export interface Life {
  readonly shape: number
  /** Characteristic life: 63 % have had the fault by then; ms of work. */
  readonly scale: number
}

/** How long a fault usually takes from onset to failure, and its repair after that, ms: geometric means. */
export function usualTimes(pattern: FaultPatternId): { readonly growth: number; readonly repair: number } {
  const [least, greatest] = faultPattern(pattern).takes
  const [quick, slow] = faultNatures[pattern].repair
  return { growth: Math.sqrt(least * greatest), repair: Math.sqrt(quick * slow) }
}

/** The share of the time between its onset and the end of its repair in which a fault grows. */
export function growingShare(pattern: FaultPatternId): number {
  const { growth, repair } = usualTimes(pattern)
  return growth / (growth + repair)
}

/**
 * The life of a part such that about a `share` of all machines (0 to 1) carries a fault at any time: each of the
 * `patterns` that a machine may have gets an equal part of it. What is quick to fail and to mend comes up the more often.
 */
export function lifeOf(pattern: FaultPatternId, share: number, patterns: number): Life {
  const { growth, repair } = usualTimes(pattern)
  return { shape: faultNatures[pattern].shape, scale: (growth + repair) * (patterns / share - 1) }
}

/** Draws a time to onset, ms of work. */
export function drawLife({ shape, scale }: Life, chance: RandomStream): number {
  return scale * power(-log(1 - chance.uniform()), 1 / shape)
}

/** Draws between two bounds such that each doubling is as likely as any other. */
export function drawBetween([least, greatest]: readonly [number, number], chance: RandomStream): number {
  return least * exp(chance.uniform() * log(greatest / least))
}
