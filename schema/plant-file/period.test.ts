import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatPeriod, parsePeriod } from './period.js'

describe('a period', () => {
  it.each([
    ['on-change', 0],
    ['1s', 1000],
    ['100ms', 100],
    ['0.5s', 500],
    ['2 min', 120_000],
    ['1h', 3_600_000],
  ])('%s is %i ms', (text, ms) => {
    expect(parsePeriod(text)).toBe(ms)
  })

  it.each(['', '1', 's', '0s', '-1s', '1 d', '1s ', 'On-Change', '1e3ms', '99999999999s'])(
    '"%s" is none',
    text => {
      expect(parsePeriod(text)).toBeUndefined()
    },
  )

  it('is read back as it was written', () => {
    fc.assert(
      fc.property(fc.nat(100_000_000), ms => {
        expect(parsePeriod(formatPeriod(ms))).toBe(ms)
      }),
    )
  })
})
