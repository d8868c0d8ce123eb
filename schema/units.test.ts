import { describe, expect, it } from 'vitest'
import { quantities } from './plant.js'
import { unitFits, unitsOf, usualSpelling } from './units.js'

describe('units', () => {
  it.each(quantities)('measure %s in at least one way', quantity => {
    const units = unitsOf(quantity)
    if (quantity === 'number') expect(units).toBeUndefined()
    else expect(units?.length).toBeGreaterThan(0)
  })

  it('fit their quantity only', () => {
    expect(unitFits('temperature', '°C')).toBe(true)
    expect(unitFits('temperature', 'mm')).toBe(false)
    expect(unitFits('number', 'bananas')).toBe(true)
  })

  it('are recognised in other spellings, where they fit', () => {
    expect(usualSpelling('temperature', 'DegC')).toBe('°C')
    expect(usualSpelling('flow', 'l/min')).toBe('L/min')
    expect(usualSpelling('pressure', 'degC')).toBeUndefined()
    expect(usualSpelling('pressure', 'constructor')).toBeUndefined()
  })
})
