import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Quality } from '../../schema/quality.js'
import {
  describeDa,
  limitingOfDa,
  limitingOfStatusCode,
  qualityOfDa,
  qualityOfStatusCode,
  statusCodeOfDa,
} from './quality-codes.js'

const { good, uncertain, bad } = Quality

/** OPC 10000-8, A.3.2.3 and A.4.3.3. */
const rows = [
  [0, 'bad, non-specific', 0x80000000, bad],
  [4, 'configuration error', 0x80890000, bad],
  [8, 'not connected', 0x808a0000, bad],
  [12, 'device failure', 0x808b0000, bad],
  [16, 'sensor failure', 0x808c0000, bad],
  [20, 'last known value', 0x808d0000, bad],
  [24, 'communication failure', 0x80310000, bad],
  [28, 'out of service', 0x808d0000, bad],
  [32, 'waiting for initial data', 0x80320000, bad],
  [64, 'uncertain, non-specific', 0x40000000, uncertain],
  [68, 'last usable value', 0x40900000, uncertain],
  [80, 'sensor not accurate', 0x40930000, uncertain],
  [84, 'engineering units exceeded', 0x40940000, uncertain],
  [88, 'sub-normal', 0x40950000, uncertain],
  [192, 'good', 0x00000000, good],
  [216, 'local override', 0x00960000, good],
] as const

describe('OPC quality codes', () => {
  it.each(rows)('DA %d (%s) is StatusCode %i', (da, name, statusCode, quality) => {
    expect(describeDa(da)).toBe(name)
    expect(statusCodeOfDa(da)).toBe(statusCode)
    expect(qualityOfDa(da)).toBe(quality)
    expect(qualityOfStatusCode(statusCode)).toBe(quality)
  })

  it.each([
    [192, 'not limited'],
    [193, 'low limited'],
    [194, 'high limited'],
    [195, 'constant'],
  ] as const)('DA %d is %s, and so is its StatusCode', (code, limiting) => {
    expect(limitingOfDa(code)).toBe(limiting)
    expect(limitingOfStatusCode(statusCodeOfDa(code))).toBe(limiting)
  })

  it('reads the reserved classes as bad', () => {
    expect(qualityOfDa(128)).toBe(bad)
    expect(describeDa(128)).toBe('bad, reserved')
    expect(qualityOfStatusCode(0xc0000000)).toBe(bad)
  })

  it('leaves the limit bits of a code that is not of a data value alone', () => {
    expect(limitingOfStatusCode(0x80000300)).toBe('not limited')
  })

  it('says the same quality by either code, whatever the substatus, limits and vendor byte', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffff }), code => {
        expect(qualityOfStatusCode(statusCodeOfDa(code))).toBe(qualityOfDa(code))
        expect(describeDa(code)).not.toBe('')
      }),
    )
  })
})
