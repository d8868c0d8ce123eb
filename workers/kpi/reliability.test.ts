import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { propertyRuns } from '../../twins/proof/runs.js'
import { pareto } from './pareto.js'
import { reliabilityOf } from './reliability.js'

const hour = 3_600_000

describe('mean times', () => {
  const tally = { failures: 4, repairMs: 8 * hour, upMs: 152 * hour, busyMs: 168 * hour }

  it('come out as by hand, by either divisor', () => {
    expect(reliabilityOf(tally, 'FE')).toMatchObject({
      mtbfMs: 40 * hour,
      mttfMs: 38 * hour,
      mttrMs: 2 * hour,
      inherentAvailability: 0.95,
      operationalAvailability: 152 / 168,
    })
    expect(reliabilityOf(tally, 'FE+1')).toMatchObject({
      mtbfMs: 32 * hour,
      mttrMs: 1.6 * hour,
      inherentAvailability: 0.95,
    })
  })

  it('without a failure are unknown, or the whole time', () => {
    const calm = { failures: 0, repairMs: 0, upMs: 10 * hour, busyMs: 10 * hour }
    expect(reliabilityOf(calm, 'FE')).toMatchObject({ mtbfMs: null, mttrMs: null, inherentAvailability: 1 })
    expect(reliabilityOf(calm, 'FE+1')).toMatchObject({ mtbfMs: 10 * hour, mttrMs: 0 })
  })

  it('without any time are null, not zero', () => {
    const nothing = { failures: 0, repairMs: 0, upMs: 0, busyMs: 0 }
    expect(reliabilityOf(nothing, 'FE')).toMatchObject({
      inherentAvailability: null,
      operationalAvailability: null,
    })
  })
})

describe('a Pareto', () => {
  it('puts the largest first, adds up to the whole, and loses nothing', () => {
    const item = fc.record({
      key: fc.constantFrom('a', 'b', 'c', 'd'),
      value: fc.nat(1_000),
      count: fc.nat(3),
    })
    fc.assert(
      fc.property(fc.array(item), items => {
        const bars = pareto(items)
        expect(bars.map(({ value }) => value)).toEqual(bars.map(({ value }) => value).sort((a, b) => b - a))
        const total = items.reduce((sum, { value }) => sum + value, 0)
        expect(bars.reduce((sum, { value }) => sum + value, 0)).toBe(total)
        if (total > 0) expect(bars.at(-1)?.cumulated).toBe(1)
      }),
      { numRuns: propertyRuns },
    )
  })
})
