/** How a shift will end if it goes on as it has gone. */
export interface Projection {
  /** Good parts at the end of the shift, and the bounds that hold it in 95 of 100 shifts that go on alike. */
  readonly expected: number
  readonly low: number
  readonly high: number
}

/** Two-sided 95 % quantiles of Student's t by degrees of freedom, from 1. */
const quantiles = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179]

/** What it is beyond those: the normal one and what the freedom still adds (Cornish and Fisher), right to 0.0002. */
function quantileOf(freedom: number): number {
  const z = 1.959964
  const terms = [
    z,
    (z ** 3 + z) / 4,
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96,
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384,
  ]
  return quantiles[freedom - 1] ?? terms.reduce((sum, term, power) => sum + term / freedom ** power, 0)
}

/**
 * Projects the end of a shift from the pieces of it that are over: each with its planned busy time, ms, and the good
 * parts of it. Parts of a piece scatter about a common rate, with a variance that grows with its length, so that what
 * is to come scatters alike, and the rate itself is known only so well. Undefined with fewer than two pieces.
 */
export function project(
  pieces: readonly { readonly busyMs: number; readonly good: number }[],
  remainingMs: number,
): Projection | undefined {
  const busy = pieces.filter(({ busyMs }) => busyMs > 0)
  if (busy.length < 2) return undefined
  const worked = busy.reduce((sum, { busyMs }) => sum + busyMs, 0)
  const made = busy.reduce((sum, { good }) => sum + good, 0)
  const rate = made / worked
  const freedom = busy.length - 1
  const variance =
    busy.reduce((sum, { busyMs, good }) => sum + (good - rate * busyMs) ** 2 / busyMs, 0) / freedom
  const spread = Math.sqrt(variance * remainingMs * (1 + remainingMs / worked))
  const margin = quantileOf(freedom) * spread
  const expected = made + rate * remainingMs
  // Good parts are not taken back.
  return { expected, low: Math.max(made, expected - margin), high: expected + margin }
}

/** Whether a target will be met, as far as can be said. */
export type Verdict = 'made' | 'will-make' | 'open' | 'will-miss'

export function verdictOf(target: number, actual: number, projection: Projection | undefined): Verdict {
  if (actual >= target) return 'made'
  if (projection === undefined) return 'open'
  if (projection.high < target) return 'will-miss'
  return projection.low >= target ? 'will-make' : 'open'
}
