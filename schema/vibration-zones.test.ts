import { describe, expect, it } from 'vitest'
import { boundariesOf, vibrationLimits, zoneBoundaries, zoneOf } from './vibration-zones.js'

describe('vibration zones', () => {
  it.each([
    ['1', 'rigid', 2.3, 4.5, 7.1],
    ['1', 'flexible', 3.5, 7.1, 11],
    ['2', 'rigid', 1.4, 2.8, 4.5],
    ['2', 'flexible', 2.3, 4.5, 7.1],
    ['I', 'rigid', 0.71, 1.8, 4.5],
    ['II', 'rigid', 1.12, 2.8, 7.1],
    ['III', 'rigid', 1.8, 4.5, 11.2],
    ['IV', 'flexible', 2.8, 7.1, 18],
  ] as const)('of group %s on a %s support begin at %d, %d and %d mm/s', (group, support, ab, bc, cd) => {
    const boundaries = boundariesOf(group, support)!
    expect(boundaries).toMatchObject({ ab, bc, cd })
    const zones = [ab, bc, cd].map(limit => [zoneOf(limit - 0.01, boundaries), zoneOf(limit, boundaries)])
    expect(zones).toEqual([
      ['A', 'B'],
      ['B', 'C'],
      ['C', 'D'],
    ])
  })

  it('name the standard each comes from', () => {
    for (const { group, source } of zoneBoundaries) {
      expect(source).toContain(group === '1' || group === '2' ? 'ISO 20816-3' : 'ISO 10816-1')
    }
  })

  it('give no limits where the standard has none', () => {
    expect(vibrationLimits('I', 'flexible')).toBeUndefined()
  })

  it('give the warning at B/C and the critical limit at 1.25 C/D', () => {
    const { limits, source } = vibrationLimits('2', 'rigid')!
    expect(limits).toMatchObject({ warningHigh: 2.8, criticalHigh: 5.625, onDelay: 10_000 })
    expect(limits.deadband).toBeCloseTo(0.14)
    expect(source).toContain('20816-3')
  })

  it.each([
    [1, 1.7],
    [2.6, 3.3],
    [9, 3.5],
  ])('of a machine whose baseline is %d mm/s warn at %d mm/s', (baseline, warning) => {
    expect(vibrationLimits('2', 'rigid', baseline)!.limits.warningHigh).toBeCloseTo(warning)
  })
})
