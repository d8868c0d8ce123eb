import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Chance, fnv1a } from './chance.js'

describe('Chance', () => {
  it('repeats itself for the same seed and purpose, and only then', () => {
    const draw = (seed: number, purpose: string) => {
      const chance = new Chance(seed, purpose)
      return Array.from({ length: 8 }, () => chance.integer(0, 1_000_000))
    }
    expect(draw(1, 'a')).toEqual(draw(1, 'a'))
    expect(draw(1, 'a')).not.toEqual(draw(2, 'a'))
    expect(draw(1, 'a')).not.toEqual(draw(1, 'b'))
  })

  it('samples different items in the order of the list', () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat(12), (seed, count) => {
        const items = [1, 2, 3, 4, 5, 6, 7, 8]
        const sample = new Chance(seed, 'sample').sample(items, count)
        expect(sample).toHaveLength(Math.min(count, items.length))
        expect(sample).toEqual([...new Set(sample)].sort((a, b) => a - b))
      }),
    )
  })

  it('distributes exactly the total, each share within its bounds', () => {
    const bounds = [
      { least: 1, most: 3 },
      { least: 0, most: 9 },
      { least: 2, most: 2 },
    ]
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 3, max: 14 }), (seed, total) => {
        const shares = new Chance(seed, 'shares').distribute(total, bounds)
        expect(shares.reduce((sum, share) => sum + share, 0)).toBe(total)
        shares.forEach((share, place) => {
          expect(share).toBeGreaterThanOrEqual(bounds[place]?.least ?? 0)
          expect(share).toBeLessThanOrEqual(bounds[place]?.most ?? 0)
        })
      }),
    )
  })

  it('says so when a total fits no shares, or there is nothing to pick', () => {
    const chance = new Chance(1, 'impossible')
    expect(() => chance.distribute(5, [{ least: 0, most: 4 }])).toThrow('A total of 5 does not fit')
    expect(() => chance.distribute(1, [{ least: 2, most: 4 }])).toThrow('A total of 1 does not fit')
    expect(() => chance.pick([])).toThrow('Nothing to pick from')
  })
})

describe('fnv1a', () => {
  it('agrees with the published vectors', () => {
    expect(fnv1a('')).toBe(0x811c9dc5)
    expect(fnv1a('a')).toBe(0xe40c292c)
    expect(fnv1a('foobar')).toBe(0xbf9cf968)
  })
})
