import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { editDistance, nearest } from './nearest.js'

describe('nearest', () => {
  it('finds what was meant', () => {
    expect(nearest('temprature', ['temperature', 'pressure'])).toBe('temperature')
    expect(nearest('Timezone', ['name', 'timeZone'])).toBe('timeZone')
    expect(nearest('mills', ['cnc-mill', 'mill', 'mill2'])).toBe('mill')
  })

  it('says nothing rather than something far off', () => {
    expect(nearest('banana', ['temperature', 'pressure'])).toBeUndefined()
    expect(nearest('V', ['K', '°C'])).toBeUndefined()
    expect(nearest('', ['a'])).toBeUndefined()
  })
})

describe('editDistance', () => {
  it.each([
    ['', '', 0],
    ['abc', '', 3],
    ['kitten', 'sitting', 3],
    ['ab', 'ba', 1],
    ['ca', 'abc', 3],
  ])('between "%s" and "%s" is %i', (from, to, distance) => {
    expect(editDistance(from, to)).toBe(distance)
  })

  it('is the same both ways, 0 only for the same word, and at most the length of the longer', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (from, to) => {
        const distance = editDistance(from, to)
        expect(distance).toBe(editDistance(to, from))
        expect(distance === 0).toBe(from === to)
        expect(distance).toBeLessThanOrEqual(Math.max(from.length, to.length))
      }),
    )
  })
})
