import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseIsoTime, parseShdrTime } from './time.js'

const june = Date.UTC(2017, 5, 8, 9, 7, 44)

describe('the time of an SHDR row', () => {
  it.each([
    ['2017-06-08T09:07:44.696Z', june + 696],
    ['2017-06-08T09:07:44.696113Z', june + 696.113],
    ['2017-06-08T09:07:44Z', june],
    ['2017-06-08T09:07:44', june],
    ['2017-06-08 09:07:44,5', june + 500],
    ['2017-06-08T11:07:44+02:00', june],
    ['2017-06-08T04:37:44-0430', june],
  ])('%s is absolute', (text, time) => {
    expect(parseIsoTime(text)).toBeCloseTo(time, 3)
    expect(parseShdrTime(` ${text} `)).toEqual({ kind: 'absolute', time: parseIsoTime(text) })
  })

  it('leaves a duration out', () => {
    expect(parseShdrTime('2017-06-08T09:07:44Z@100.25')).toEqual({ kind: 'absolute', time: june })
  })

  it('may be relative to the source’s own beginning, or missing', () => {
    expect(parseShdrTime('1500.5')).toEqual({ kind: 'relative', offset: 1500.5 })
    expect(parseShdrTime('')).toEqual({ kind: 'none' })
  })

  it.each([
    'yesterday',
    '2017-02-30T00:00:00Z',
    '2017-13-01T00:00:00Z',
    '2017-00-10T00:00:00Z',
    '2017-06-08T24:00:00Z',
    '2017-06-08T09:60:00Z',
    '2017-06-08T09:07:44Z@soon',
    '-5',
    '1e5',
  ])('is not %s', text => {
    expect(parseShdrTime(text)).toBeUndefined()
  })

  it('reads back every time that Date writes', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('1970-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
        date => {
          expect(parseIsoTime(date.toISOString())).toBe(date.getTime())
        },
      ),
    )
  })
})
