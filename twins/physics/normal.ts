import type { Signal } from '../../schema/plant.js'
import type { RandomStream } from '../flow/random.js'
import type { Response } from './response.js'

/** How many spreads a healthy value may use up toward a warning limit. */
const spreadsToLimit = 3.5

/** Centre and spread of a signal; where the plant does not say, the lower middle of its range. */
export function normalOf(signal: Signal): readonly [centre: number, spread: number] {
  const [low, high] = signal.range
  const [centre, spread] = signal.normal ?? [low + 0.4 * (high - low), 0.02 * (high - low)]
  return [centre, spreadOf(signal, centre, spread)]
}

/** A healthy machine keeps clear of its warnings: the spread gives way where the plant's limits are tight. */
function spreadOf({ limits }: Signal, centre: number, spread: number): number {
  const above = (limits.warningHigh ?? Number.POSITIVE_INFINITY) - centre
  const below = centre - (limits.warningLow ?? Number.NEGATIVE_INFINITY)
  return Math.max(0, Math.min(spread, above / spreadsToLimit, below / spreadsToLimit))
}

/** Where this very signal normally is: two machines of a type are never quite alike; a set value or a duration is. */
export function ownCentre(signal: Signal, response: Response, chance: RandomStream): number {
  const [centre, spread] = normalOf(signal)
  return centre + (response.noise === 0 ? 0 : spread * chance.between(-0.3, 0.3))
}
