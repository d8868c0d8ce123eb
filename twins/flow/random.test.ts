import { describe, expect, it } from 'vitest'
import { RandomStream, shareOf } from './random.js'

const draw = (stream: RandomStream, count: number) => Array.from({ length: count }, () => stream.uniform())

describe('a random stream', () => {
  it('repeats itself for the same seed and names', () => {
    expect(draw(new RandomStream(1, 'press-1', 'stops'), 20)).toEqual(
      draw(new RandomStream(1, 'press-1', 'stops'), 20),
    )
  })

  it('is another one for another seed, another machine and another purpose', () => {
    const streams = [
      new RandomStream(1, 'press-1', 'stops'),
      new RandomStream(2, 'press-1', 'stops'),
      new RandomStream(1, 'press-2', 'stops'),
      new RandomStream(1, 'press-1', 'cycles'),
    ]
    expect(new Set(streams.map(stream => stream.uniform())).size).toBe(streams.length)
  })

  it('draws the numbers it has always drawn', () => {
    expect(draw(new RandomStream(1, 'press-1', 'stops'), 3)).toMatchInlineSnapshot(`
      [
        0.5561734018847346,
        0.3392038489691913,
        0.530579020967707,
      ]
    `)
  })

  it('draws noise of mean 0 and standard deviation 1 that never leaves ±3.5', () => {
    const stream = new RandomStream(1, 'noise')
    const values = Array.from({ length: 100_000 }, () => stream.noise())
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
    expect(mean).toBeCloseTo(0, 1)
    expect(Math.sqrt(variance)).toBeCloseTo(1, 1)
    expect(Math.max(...values.map(Math.abs))).toBeLessThan(3.5)
  })

  it('inside never gives an end of its span, where logarithms are infinite', () => {
    const stream = new RandomStream(1, 'inside')
    for (let i = 0; i < 100_000; i++) {
      const value = stream.inside()
      expect(value > 0 && value < 1).toBe(true)
    }
  })
})

describe('exponential numbers', () => {
  it('are minus the logarithm of the uniform ones', () => {
    const [one, same] = [new RandomStream(1, 'exponential'), new RandomStream(1, 'exponential')]
    for (let i = 0; i < 100_000; i++) {
      expect(Math.abs(one.exponential() + Math.log(same.inside()))).toBeLessThan(1e-12)
    }
  })
})

describe('skewed numbers', () => {
  it('lie inside their span, a quarter of the way up on average', () => {
    const stream = new RandomStream(1, 'skewed')
    const values = Array.from({ length: 50_000 }, () => stream.skewed(20, 300))
    expect(Math.min(...values)).toBeGreaterThanOrEqual(20)
    expect(Math.max(...values)).toBeLessThan(300)
    expect(values.reduce((sum, value) => sum + value, 0) / values.length).toBeCloseTo(90, -1)
  })
})

describe('the share of a name', () => {
  it('spreads names evenly over 0 to 1', () => {
    const quarters = [0, 0, 0, 0]
    for (let i = 0; i < 4000; i++) quarters[Math.floor(shareOf(`line-${i % 20}-machine-${i}`) * 4)]!++
    for (const count of quarters) expect(count).toBeGreaterThan(900)
  })
})
