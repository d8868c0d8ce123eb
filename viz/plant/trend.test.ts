import { expect, it } from 'vitest'
import { Trend } from './trend.js'

it('keeps the newest points and lets the oldest go', () => {
  const trend = new Trend(2)
  for (let second = 0; second < trend.length + 5; second++)
    trend.sample(Float64Array.of(second, -second), () => true)
  expect(trend.filled).toBe(trend.length)
  expect(trend.at(0, 0)).toBe(trend.length + 4)
  expect(trend.at(1, 2)).toBe(-(trend.length + 2))
  expect(trend.at(0, trend.length - 1)).toBe(5)
})

it('leaves a gap where a signal was not live', () => {
  const trend = new Trend(1)
  trend.sample(Float64Array.of(1), () => true)
  trend.sample(Float64Array.of(1), () => false)
  expect(trend.at(0, 0)).toBeNaN()
  expect(trend.at(0, 1)).toBe(1)
})

it('keeps to its budget for a large plant', () => {
  const trend = new Trend(171_600)
  expect(trend.length * 171_600).toBeLessThanOrEqual(4_000_000)
})
