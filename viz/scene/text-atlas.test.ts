import { describe, expect, it } from 'vitest'
import { breakText } from './text-atlas.js'

const measure = (line: string): number => line.length

describe('a name that is too long for one line', () => {
  it('is broken at the space that makes the lines most alike', () => {
    expect(breakText('Pick-and-place unit 2', 16, measure)).toEqual(['Pick-and-place', 'unit 2'])
    expect(breakText('Assembly station 12', 12, measure)).toEqual(['Assembly', 'station 12'])
  })

  it('is cut with an ellipsis where it has no space to break at', () => {
    expect(breakText('Extraordinarily', 8, measure)).toEqual(['Extraor…'])
  })

  it('is left alone when it fits', () => {
    expect(breakText('CNC mill 2', 12, measure)).toEqual(['CNC mill 2'])
  })
})
