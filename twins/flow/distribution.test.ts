import { describe, expect, it } from 'vitest'
import { type Distribution, distributionProblem } from '../../schema/distribution.js'
import { constant, Draws, exponential, normalQuantile, Sampler } from './distribution.js'
import { RandomStream } from './random.js'

const count = 20_000

function draw(distribution: Distribution): number[] {
  const sampler = new Sampler(distribution)
  const stream = new RandomStream(1, JSON.stringify(distribution))
  return Array.from({ length: count }, () => sampler.draw(stream) / 1000)
}

/** Largest distance between the share of draws below a value and the chance of it (Kolmogorov–Smirnov). */
function distance(values: readonly number[], chanceBelow: (value: number) => number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted.reduce((worst, value, i) => {
    const chance = chanceBelow(value)
    return Math.max(worst, Math.abs((i + 1) / count - chance), Math.abs(i / count - chance))
  }, 0)
}
/** Passed by all but one in a thousand samples that are what they should be. */
const criticalDistance = 1.95 / Math.sqrt(count)

/** Error function to 1.2e-7 (Numerical Recipes, erfc Chebyshev), for the cumulative normal. */
function normalBelow(z: number): number {
  const t = 1 / (1 + Math.abs(z) / Math.SQRT2 / 2)
  const polynomial =
    -1.26551223 +
    t *
      (1.00002368 +
        t *
          (0.37409196 +
            t *
              (0.09678418 +
                t *
                  (-0.18628806 +
                    t *
                      (0.27886807 +
                        t * (-1.13520398 + t * (1.48851587 + t * (-0.82215223 + t * 0.17087277))))))))
  const tail = 0.5 * t * Math.exp(-(z * z) / 2 + polynomial)
  return z >= 0 ? 1 - tail : tail
}

describe('a distribution', () => {
  const cases: readonly [Distribution, (value: number) => number][] = [
    [{ kind: 'uniform', low: 20, high: 300 }, value => (value - 20) / 280],
    [{ kind: 'exponential', mean: 40 }, value => 1 - Math.exp(-value / 40)],
    [{ kind: 'weibull', scale: 60, shape: 2.5 }, value => 1 - Math.exp(-((value / 60) ** 2.5))],
    [{ kind: 'weibull', scale: 60, shape: 0.7 }, value => 1 - Math.exp(-((value / 60) ** 0.7))],
    [
      { kind: 'lognormal', mean: 90, deviation: 80 },
      value => {
        const variance = Math.log(1 + (80 / 90) ** 2)
        return normalBelow((Math.log(value) - Math.log(90) + variance / 2) / Math.sqrt(variance))
      },
    ],
  ]

  for (const [distribution, chanceBelow] of cases) {
    it(`gives the times it says: ${JSON.stringify(distribution)}`, () => {
      expect(distance(draw(distribution), chanceBelow)).toBeLessThan(criticalDistance)
    })
  }

  it('in whole steps ends with each step by the same chance', () => {
    const values = draw({ kind: 'geometric', step: 2, mean: 10 })
    expect(values.every(value => value >= 2 && value % 2 === 0)).toBe(true)
    for (const steps of [1, 2, 5]) {
      const left = values.filter(value => value >= 2 * steps).length
      const ended = values.filter(value => value === 2 * steps).length
      expect(Math.abs(ended / left - 0.2)).toBeLessThan(4 * Math.sqrt((0.2 * 0.8) / left))
    }
    expect(new Set(draw({ kind: 'geometric', step: 3, mean: 3 }))).toEqual(new Set([3]))
  })

  it('of measured times gives each of them equally often, and only them', () => {
    const values = draw({ kind: 'empirical', values: [7, 3, 5.5, 3] })
    const share = (value: number) => values.filter(each => each === value).length / count
    expect(new Set(values)).toEqual(new Set([3, 5.5, 7]))
    expect(share(3)).toBeCloseTo(0.5, 1)
    expect(share(7)).toBeCloseTo(0.25, 1)
  })

  it('that is constant is so, nearly normal ones stay within their bounds', () => {
    expect(new Set(draw(constant(4.5)))).toEqual(new Set([4.5]))
    const values = draw({ kind: 'normal', mean: 60, deviation: 3 })
    const mean = values.reduce((sum, value) => sum + value, 0) / count
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count
    expect(Math.abs(mean - 60)).toBeLessThan((4 * 3) / Math.sqrt(count))
    expect(Math.sqrt(variance)).toBeCloseTo(3, 1)
    expect(Math.min(...values)).toBeGreaterThan(60 - 3.5 * 3)
  })

  it('gives whole milliseconds, one at least, and as much longer as the factor says', () => {
    const stream = () => new RandomStream(3, 'factor')
    const sampler = new Sampler({ kind: 'exponential', mean: 0.002 })
    const [one, two] = [stream(), stream()]
    for (let i = 0; i < 1000; i++) {
      const single = sampler.draw(one)
      expect(Number.isInteger(single) && single >= 1).toBe(true)
      expect(Math.abs(sampler.draw(two, 1000) - 1000 * single)).toBeLessThanOrEqual(1000)
    }
  })

  it('is refused with the reason when it cannot be drawn from', () => {
    const wrong: Distribution[] = [
      { kind: 'exponential', mean: 0 },
      { kind: 'exponential', mean: Number.NaN },
      { kind: 'constant', value: -1 },
      { kind: 'uniform', low: 5, high: 4 },
      { kind: 'weibull', scale: 1, shape: 0 },
      { kind: 'normal', mean: 10, deviation: 4 },
      { kind: 'geometric', step: 2, mean: 1 },
      { kind: 'empirical', values: [] },
      { kind: 'lognormal', mean: 0, deviation: 1 },
    ]
    for (const each of wrong) expect(distributionProblem(each), JSON.stringify(each)).toContain(each.kind)
    for (const [each] of cases) expect(distributionProblem(each)).toBeUndefined()
    expect(distributionProblem(constant(0))).toBeUndefined()
  })
})

describe('times drawn ahead', () => {
  it('are those that are drawn one by one, also where lengths change on the way', () => {
    for (const given of [exponential(30), constant(2), { kind: 'normal', mean: 5, deviation: 1 } as const]) {
      const ahead = new Draws(given, new RandomStream(1, 'x'))
      const sampler = new Sampler(given)
      const stream = new RandomStream(1, 'x')
      for (let i = 0; i < 100; i++) expect(ahead.next(1 + (i % 3))).toBe(sampler.draw(stream, 1 + (i % 3)))
    }
  })
})

describe('the normal quantile', () => {
  it('is the inverse of the normal distribution, to 6 digits, far into both tails', () => {
    for (const p of [1e-9, 1e-4, 0.01, 0.07, 0.2, 0.5, 0.8, 0.93, 0.999, 1 - 1e-6]) {
      expect(Math.abs(normalBelow(normalQuantile(p)) - p) / Math.min(p, 1 - p)).toBeLessThan(1e-5)
    }
  })
})
