import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { faultPatternIds } from '../../schema/fault-catalogue.js'
import { damageAt, progressAt } from './growth.js'

describe('the growth of damage', () => {
  it.each(faultPatternIds)('of %s goes from nothing to failure and never back', pattern => {
    expect([damageAt(pattern, 0), damageAt(pattern, 1), damageAt(pattern, 2)]).toEqual([0, 1, 1])
    let before = 0
    for (let i = 1; i <= 1000; i++) {
      const damage = damageAt(pattern, i / 1000)
      expect(damage).toBeGreaterThan(before)
      before = damage
    }
  })

  it.each(faultPatternIds)('of %s can be turned round', pattern => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), damage => {
        expect(Math.abs(damageAt(pattern, progressAt(pattern, damage)) - damage)).toBeLessThan(1e-12)
      }),
    )
  })

  it('of a tool follows its flank wear: runs in, steady, fast from 80 % of its life', () => {
    const [runIn, steady, late] = [
      damageAt('tool-wear', 0.1) / 0.1,
      (damageAt('tool-wear', 0.6) - damageAt('tool-wear', 0.4)) / 0.2,
      (damageAt('tool-wear', 1) - damageAt('tool-wear', 0.9)) / 0.1,
    ]
    expect(runIn).toBeGreaterThan(1.5 * steady)
    expect(late).toBeGreaterThan(1.5 * steady)
  })
})
