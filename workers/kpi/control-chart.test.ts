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
  it('has the limits of ISO 7870-2', () => {
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

describe('examples of the NIST/SEMATECH e-Handbook of Statistical Methods', () => {
  it('6.3.2.2: individuals of a flow rate', () => {
    const flows = [49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1]
    const [{ centre, high, low } = { centre: 0, high: 0, low: 0 }] = individuals(flows)
    expect([centre, high, low].map(value => value.toFixed(4))).toEqual(['50.8100', '55.8041', '45.8159'])
  })

  it('6.3.3.2: shares of bad chips on wafers, 30 samples of 50', () => {
    const bad = [12, 15, 8, 10, 4, 7, 16, 9, 14, 10, 5, 6, 17, 12, 22, 8, 10, 5, 13, 11]
    const points = pChart(
      [...bad, 20, 18, 24, 15, 9, 12, 7, 13, 9, 6].map(defective => ({ defective, size: 50 })),
    )
    expect(points[0]!.centre.toFixed(4)).toBe('0.2313')
    expect([points[0]!.high, points[0]!.low].map(value => value.toFixed(3))).toEqual(['0.410', '0.052'])
    const beyond = points.flatMap(({ breaks }, place) => (breaks.includes('beyond') ? [place + 1] : []))
    expect(beyond).toEqual([15, 23])
  })

  it('6.1.6: Cp and Cpk of a mean of 16 and a spread of 2 between 8 and 20', () => {
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
