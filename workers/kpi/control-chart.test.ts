import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { propertyRuns } from '../../twins/proof/runs.js'
import { capability, individuals, pChart, xbarR } from './control-chart.js'

/** Values about 0 whose mean moving range makes σ 1: 1.128 up and down. */
const calm = Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? 0.564 : -0.564))
/** The calm values with some of them replaced, which is judged with the limits of a long calm run around it. */
const withEnd = (...end: number[]) => [...calm, ...calm, ...calm, ...calm, ...end]
const rulesAtEnd = (...end: number[]) => individuals(withEnd(...end)).at(-1)!.breaks

describe('a control chart of individuals', () => {
  it('has its limits at three times the mean moving range over 1.128', () => {
    const [point] = individuals([10, 12, 11, 13, 12])
    // Moves 2, 1, 2, 1: mean 1.5.
    expect(point).toMatchObject({
      centre: 11.6,
      high: expect.closeTo(11.6 + (3 * 1.5) / 1.128, 10),
      low: expect.closeTo(11.6 - (3 * 1.5) / 1.128, 10),
    })
  })

  it('finds each rule where it first shows, and none in a calm process', () => {
    expect(individuals(calm).flatMap(({ breaks }) => breaks)).toEqual([])
    expect(rulesAtEnd(5)).toEqual(['beyond'])
    expect(rulesAtEnd(2.5, 0, 2.5)).toEqual(['two-of-three'])
    expect(rulesAtEnd(1.6, 1.5, -0.5, 1.6, 1.5)).toEqual(['four-of-five'])
    expect(rulesAtEnd(0.6, 0.5, 0.6, 0.5, 0.6, 0.5, 0.6, 0.5)).toContain('eight')
    expect(rulesAtEnd(-0.9, -0.6, -0.3, 0.1, 0.4, 0.7)).toContain('trend')
  })

  it('turned over breaks the same rules', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 2, maxLength: 30 }), values => {
        const up = individuals(values).map(({ breaks }) => breaks)
        expect(individuals(values.map(value => -value)).map(({ breaks }) => breaks)).toEqual(up)
      }),
      { numRuns: propertyRuns },
    )
  })
})

describe('a chart of means and ranges', () => {
  it('has 2.282 for D4 and none for D3 in groups of four (ASTM E2587, table 1)', () => {
    const { ranges } = xbarR([10, 12, 11, 13, 12, 9, 10, 12], 4)
    // Ranges 3 and 3.
    expect(ranges[0]).toMatchObject({ centre: expect.closeTo(3), high: expect.closeTo(2.282 * 3, 10) })
  })

  it('has its limits at A2, D3 and D4 times the mean range', () => {
    const { means, ranges } = xbarR([10, 12, 11, 11, 13, 10, 9, 12, 11, 12, 99], 5)
    // Ranges 3 and 3, means 11.4 and 10.8.
    expect(means[0]).toMatchObject({
      centre: expect.closeTo(11.1),
      high: expect.closeTo(11.1 + 0.577 * 3, 10),
    })
    expect(ranges[0]).toMatchObject({ value: 3, centre: 3, low: 0, high: expect.closeTo(6.342, 10) })
    expect(means).toHaveLength(2)
  })

  it('refuses a subgroup without constants', () => {
    expect(() => xbarR([1, 2, 3], 1)).toThrow(/use 2 to 10 values/)
  })
})

describe('a chart of shares', () => {
  it('has limits by the size of each sample, none below 0', () => {
    const points = pChart([
      { defective: 5, size: 100 },
      { defective: 15, size: 100 },
      { defective: 10, size: 400 },
    ])
    expect(points).toHaveLength(3)
    expect(points[0]).toMatchObject({
      value: 0.05,
      centre: 0.05,
      low: 0,
      high: expect.closeTo(0.05 + 3 * Math.sqrt(0.000475), 10),
    })
    expect(points[1]!.breaks).toContain('beyond')
  })
})

/** Φ of the normal distribution in steps of 0.02 σ from −6 σ to 6 σ: its density, which is e^(−x²/2) / √(2π), added up. */
const step = 0.02
const phi: readonly number[] = (() => {
  const density = (x: number): number => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)
  const sums = [0]
  // Simpson's rule within each step.
  for (let i = 0; i < 600; i++) {
    const x = -6 + i * step
    const part = (density(x) + 4 * density(x + step / 2) + density(x + step)) / 6
    sums.push(sums[i]! + part * step)
  }
  return sums
})()

/**
 * Mean and spread of the range of n normal values. A point lies within the range unless all values are above or all
 * below it; so the mean is the integral of that chance, and the mean square that of the chance of two points at once.
 */
function rangeOfNormals(n: number): { readonly d2: number; readonly d3: number } {
  let mean = 0
  let square = 0
  for (const [i, x] of phi.entries()) {
    mean += (1 - x ** n - (1 - x) ** n) * step
    for (let k = i; k < phi.length; k++) {
      const y = phi[k]!
      const both = 1 - y ** n - (1 - x) ** n + (y - x) ** n
      square += (k === i ? 1 : 2) * both * step * step
    }
  }
  return { d2: mean, d3: Math.sqrt(square - mean ** 2) }
}

describe('examples worked from the definition of the constants', () => {
  it('the limits of means and ranges are those of the range of 2 to 10 normal values', () => {
    for (let n = 2; n <= 10; n++) {
      const { d2, d3 } = rangeOfNormals(n)
      // One subgroup from 0 to 1: its range is 1.
      const group = Array.from({ length: n }, (_, place) => place / (n - 1))
      const { means, ranges } = xbarR(group, n)
      const { cm } = capability([...group, ...group], 0, 6, n)
      const found = [means[0]!.high - 0.5, 0.5 - means[0]!.low, ranges[0]!.low, ranges[0]!.high, 1 / cm!]
      const a2 = 3 / (d2 * Math.sqrt(n))
      const right = [a2, a2, Math.max(0, 1 - (3 * d3) / d2), 1 + (3 * d3) / d2, 1 / d2]
      // To three digits, as the tables are.
      expect(found).toEqual(right.map(value => expect.closeTo(value, 2.7)))
      expect(Math.abs(1 / found[4]! - d2)).toBeLessThan(0.0006)
    }
    // Of two values it is known in closed form: 2 / √π, and √(2 − 4/π).
    const { d2, d3 } = rangeOfNormals(2)
    expect([d2, d3]).toEqual([
      expect.closeTo(2 / Math.sqrt(Math.PI), 6),
      expect.closeTo(Math.sqrt(2 - 4 / Math.PI), 4),
    ])
  })

  it('means and ranges of subgroups of five', () => {
    const groups = [
      [49.8, 50.2, 50.0, 50.3, 49.7],
      [50.1, 49.9, 50.4, 50.0, 49.6],
      [49.9, 50.0, 50.1, 49.8, 50.2],
      [51.2, 51.0, 50.8, 51.1, 50.9],
      [50.0, 48.4, 50.3, 49.9, 51.4],
    ]
    // By hand: means 50, 50, 50, 51, 50 and ranges 0.6, 0.8, 0.4, 0.4, 3.
    const { means, ranges } = xbarR(groups.flat(), 5)
    const { d2, d3 } = rangeOfNormals(5)
    const within = (3 * 1.04) / (d2 * Math.sqrt(5))
    expect(means[0]).toMatchObject({
      value: expect.closeTo(50, 9),
      centre: expect.closeTo(50.2, 9),
      low: expect.closeTo(50.2 - within, 2.7),
      high: expect.closeTo(50.2 + within, 2.7),
    })
    // 50.2 ± 0.600: the fourth is out; and 1.04 · 2.114 = 2.199: the range of the fifth.
    expect(means.map(({ breaks }) => breaks.includes('beyond'))).toEqual([false, false, false, true, false])
    expect(ranges.map(({ value }) => Math.round(value * 10) / 10)).toEqual([0.6, 0.8, 0.4, 0.4, 3])
    expect(ranges[0]!.high).toBeCloseTo(1.04 * (1 + (3 * d3) / d2), 2.7)
    expect(ranges.map(({ breaks }) => breaks.length)).toEqual([0, 0, 0, 0, 1])
  })

  it('individuals', () => {
    const values = [49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1]
    const [point] = individuals(values)
    // By hand: moves 2, 2.3, 1.4, 3.5, 3.4, 1.4, 0.2, 1.2 and 1.5, together 16.9.
    const sigma = 16.9 / 9 / (2 / Math.sqrt(Math.PI))
    expect(point).toMatchObject({
      centre: expect.closeTo(50.81, 9),
      high: expect.closeTo(50.81 + 3 * sigma, 2),
      low: expect.closeTo(50.81 - 3 * sigma, 2),
    })
  })

  it('shares of rejects', () => {
    const defective = [12, 15, 8, 10, 4, 7, 16, 9, 14, 10, 5, 6, 17, 12, 22, 8, 10, 5, 13, 11]
    const points = pChart(defective.map(bad => ({ defective: bad, size: 50 })))
    // By hand: 214 of 1,000; σ of 50 is √(0.214 · 0.786 / 50) = 0.0580.
    expect(points[0]!.centre).toBeCloseTo(0.214, 12)
    expect([points[0]!.high, points[0]!.low].map(value => value.toFixed(3))).toEqual(['0.388', '0.040'])
    expect(points.flatMap(({ breaks }, place) => (breaks.includes('beyond') ? [place + 1] : []))).toEqual([
      15,
    ])
  })

  it('Cp and Cpk of a mean of 16 and a spread of 2 between 8 and 20', () => {
    const { cp, cpk } = capability([14, 16, 18], 8, 20)
    expect([cp, cpk]).toEqual([1, 2 / 3])
  })
})

describe('capability', () => {
  it('takes the short-term spread from the subgroups of the chart: their mean range over d2', () => {
    // Ranges 2 and 4: mean 3. Between the two subgroups lies a jump that their ranges do not see.
    const values = [10, 11, 12, 30, 32, 34]
    const { cm } = capability(values, 0, 60, 3)
    expect(cm).toBeCloseTo(60 / (6 * (3 / 1.693)), 12)
    // Moves 1, 1, 18, 2, 2: mean 4.8.
    expect(capability(values, 0, 60).cm).toBeCloseTo(60 / (6 * (4.8 / 1.128)), 12)
  })

  it('comes out as by hand', () => {
    const { cp, cpk } = capability([9, 10, 11], 7, 14)
    expect([cp, cpk]).toEqual([7 / 6, 1])
  })

  it('is null where nothing scatters, and refuses limits in no order', () => {
    expect(capability([3, 3, 3], 0, 5)).toEqual({ cp: null, cpk: null, cm: null, cmk: null })
    expect(() => capability([1, 2], 5, 5)).toThrow(/must lie below/)
  })
})
