import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decay, exp, log, power } from './elementary.js'

const near = (actual: number, expected: number, share = 2e-15): void => {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(share * Math.abs(expected) + 5e-324)
}

describe('the exponential and the logarithm', () => {
  it('agree with the true ones over the whole range', () => {
    fc.assert(fc.property(fc.double({ min: -700, max: 700, noNaN: true }), x => near(exp(x), Math.exp(x))))
    fc.assert(
      fc.property(fc.double({ min: Number.MIN_VALUE, noNaN: true, noDefaultInfinity: true }), x =>
        near(log(x), Math.log(x)),
      ),
    )
    fc.assert(
      fc.property(fc.double({ min: 0.5, max: 2, noNaN: true }), x => {
        expect(Math.abs(log(x) - Math.log(x))).toBeLessThan(4e-16)
      }),
    )
  })

  it('know the ends of the range', () => {
    expect([exp(0), exp(-800), exp(800), exp(Number.NaN)]).toEqual([1, 0, Infinity, Number.NaN])
    expect(exp(709)).toBeGreaterThan(8e307)
    expect(exp(-740)).toBeGreaterThan(0)
    expect([log(1), log(0), log(-1), log(Infinity)]).toEqual([0, -Infinity, Number.NaN, Infinity])
  })

  it('give the same bits everywhere and in every release', () => {
    const bytes = new Uint8Array(Float64Array.from([exp(1), exp(-0.1), log(10), power(0.3, 2.7)]).buffer)
    const hex = Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')
    expect(hex).toMatchInlineSnapshot(`"6a57148b0abf05403a2bd5996df4ec3f1655b5bbb16b02400e59508f85d6a33f"`)
  })

  it('make powers, and what is left of a distance', () => {
    near(power(2, 10), 1024, 1e-14)
    near(power(7.1, 1 / 3), Math.cbrt(7.1), 1e-14)
    expect([power(0, 2), power(0, 0)]).toEqual([0, 1])
    near(decay(600, 300), Math.exp(-2))
    expect(decay(1, 0)).toBe(0)
  })
})
