import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { describe, expect, it } from 'vitest'
import { project, verdictOf } from './projection.js'

const hour = 3_600_000

describe('the end of a shift', () => {
  it('is what the rate so far brings, and certain where nothing scatters', () => {
    const even = [1, 2, 3].map(() => ({ busyMs: hour, good: 100 }))
    expect(project(even, 5 * hour)).toEqual({ expected: 800, low: 800, high: 800 })
  })

  it('is not said from one piece', () => {
    expect(project([{ busyMs: hour, good: 100 }], hour)).toBeUndefined()
  })

  it('lies within its bounds in about 95 of 100 shifts', () => {
    let within = 0
    const shifts = 1_000
    for (let seed = 0; seed < shifts; seed++) {
      const draw = uniform(seed)
      const pieces = Array.from({ length: 8 }, () => {
        // Twelve even draws make a bell.
        const bell = Array.from({ length: 12 }, draw).reduce((sum, each) => sum + each, -6)
        return { busyMs: hour, good: Math.round(1_000 + 60 * bell) }
      })
      const end = pieces.reduce((sum, { good }) => sum + good, 0)
      const { low, high } = project(pieces.slice(0, 4), 4 * hour)!
      if (low <= end && end <= high) within++
    }
    expect(within / shifts).toBeGreaterThan(0.93)
    expect(within / shifts).toBeLessThan(0.97)
  })

  it("has bounds by Student's t for as many pieces as there are", () => {
    // Each 10 off its 100 parts: the spread of twice as long is by hand.
    const quantile = (pieces: number): number => {
      const even = Array.from({ length: pieces }, (_, at) => ({ busyMs: 1, good: at % 2 === 0 ? 90 : 110 }))
      const { expected, high } = project(even, pieces)!
      return (high - expected) / Math.sqrt((pieces * 100 * 2 * pieces) / (pieces - 1))
    }
    // Of 3, 11, 13, 15, 31 and 121 degrees of freedom, from printed tables.
    const printed = [3.182, 2.201, 2.16, 2.131, 2.0395, 1.98]
    expect([4, 12, 14, 16, 32, 122].map(quantile)).toEqual(printed.map(t => expect.closeTo(t, 3)))
  })

  it('is judged against the target', () => {
    const range = { expected: 100, low: 90, high: 110 }
    expect([95, 80, 120, 40].map(target => verdictOf(target, 50, range))).toEqual([
      'open',
      'will-make',
      'will-miss',
      'made',
    ])
  })
})

function uniform(seed: number): () => number {
  const generator = xoroshiro128plus(seed)
  for (let i = 0; i < 16; i++) generator.next()
  return () => (generator.next() >>> 0) / 2 ** 32
}
