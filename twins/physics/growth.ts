import { exp } from '../../schema/elementary.js'
import type { FaultPatternId } from '../../schema/fault-catalogue.js'

/**
 * How damage grows from onset to failure: both the time that has passed and the damage go from 0 to 1, and neither ever
 * goes back.
 */
type Growth = (progress: number) => number

/** A little every hour: the vibration that a linear crack makes grows exponentially, see `effects.ts`. */
const steady: Growth = progress => progress

/** The more is worn, the faster it wears: a clogging filter (dp = k·Q², k growing), a gap whose leak goes with its cube. */
const accelerating: Growth = progress => progress * (0.4 + progress * (0.2 + 0.4 * progress))

/** Most of it at once: a burst hose, a lost phase. */
const settling: Growth = progress => (1 - exp(-4 * progress)) / (1 - exp(-4))

/**
 * Flank wear of a cutting tool over its life (ISO 3685): runs in, grows steadily, and accelerates from about 80 %.
 * VB = 0.03 (1 - e^(-10x)) + 0.22 x + 0.05 x⁸ mm, failed at 0.3 mm.
 */
const flankWear: Growth = progress => {
  const square = progress * progress
  const eighth = square * square * square * square
  return (0.03 * (1 - exp(-10 * progress)) + 0.22 * progress + 0.05 * eighth) / wornOut
}
const wornOut = 0.03 * (1 - exp(-10)) + 0.22 + 0.05

const growths: Readonly<Record<FaultPatternId, Growth>> = {
  'bearing-failure': steady,
  'motor-overheating': steady,
  'hydraulic-leak': steady,
  'tool-wear': flankWear,
  'welding-quality': steady,
  'pneumatic-failure': steady,
  'coolant-failure': accelerating,
  'robot-positioning': steady,
  'electrical-fault': settling,
  'sensor-drift': steady,
}

/** The damage, 0 to 1, of a fault that has gone this share of its way, 0 to 1. */
export const damageAt = (pattern: FaultPatternId, progress: number): number =>
  progress >= 1 ? 1 : growths[pattern](progress)

/** The share of its way on which a fault has done this damage: the inverse of `damageAt`, by halving. */
export function progressAt(pattern: FaultPatternId, damage: number): number {
  if (damage <= 0) return 0
  if (damage >= 1) return 1
  let [low, high] = [0, 1]
  for (let i = 0; i < 53 && low < high; i++) {
    const middle = (low + high) / 2
    if (damageAt(pattern, middle) < damage) low = middle
    else high = middle
  }
  return high
}
