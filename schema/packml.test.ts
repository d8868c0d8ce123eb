import { describe, expect, it } from 'vitest'
import { isMode, modeNumber, modeOf, packmlNumber } from './packml.js'

describe('PackML by number', () => {
  it('numbers states as TR88.00.02 does', () => {
    expect(packmlNumber).toMatchObject({ Undefined: 0, Stopped: 2, Execute: 6, Aborted: 9, Complete: 17 })
  })

  it('numbers the modes of the standard and those of a plant', () => {
    expect((['Invalid', 'Production', 'Manual', 'Mode 4', 'Mode 31'] as const).map(modeNumber)).toEqual([
      0, 1, 3, 4, 31,
    ])
    expect([0, 1, 3, 4, 31, 32, -1].map(modeOf)).toEqual([
      'Invalid',
      'Production',
      'Manual',
      'Mode 4',
      'Mode 31',
      'Invalid',
      'Invalid',
    ])
  })

  it('knows a mode from what is none', () => {
    expect(['Production', 'Mode 4', 'Mode 31'].every(isMode)).toBe(true)
    expect(['Mode 3', 'Mode 32', 'Mode 04', 'Mode', 'manual', 'Mode 5 ', 5, undefined].some(isMode)).toBe(
      false,
    )
  })
})
