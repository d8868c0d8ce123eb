import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { quantities } from './plant.js'
import { conversion } from './unit-conversion.js'
import { conversionFrom, unitsSpelled } from './unit-spelling.js'
import { unitsOf } from './units.js'

const units = [...new Set(quantities.flatMap(quantity => unitsOf(quantity) ?? []))].filter(
  unit => unit !== '',
)

describe('a conversion between units', () => {
  it.each([
    [100, '°C', 212, '°F'],
    [-40, '°F', -40, '°C'],
    [0, '°C', 273.15, 'K'],
    [1, 'in/s', 25.4, 'mm/s'],
    [1, 'bar', 14.503_773_773, 'psi'],
    [1, 'g', 9.806_65, 'm/s²'],
    [50, 'Hz', 3000, 'rpm'],
    [6, '°/s', 1, 'rpm'],
    [1, 'hp', 745.699_871_582, 'W'],
    [1, 'lbf·ft', 1.355_817_948, 'Nm'],
    [1, 'gal/min', 3.785_411_784, 'L/min'],
    [1, 'm³/h', 16.666_666_667, 'L/min'],
    [180, '°', Math.PI, 'rad'],
    [1500, 'ms', 1.5, 's'],
    [60, 'in/min', 25.4, 'mm/s'],
  ])('%d %s is %d %s', (value, from, expected, to) => {
    const { scale, offset } = conversion(from, to)!
    expect(value * scale + offset).toBeCloseTo(expected, 8)
  })

  it.each([
    ['°C', 'bar'],
    ['g', 'mm/s'],
    ['kVA', 'kW'],
    ['%', 'mm'],
    ['mm/rev', 'mm/s'],
  ])('from %s to %s there is none', (from, to) => expect(conversion(from, to)).toBeUndefined())

  it('leads back to where it came from, for every pair of units that there is', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...units),
        fc.constantFrom(...units),
        fc.double({ min: -1e6, max: 1e6, noNaN: true }),
        (from, to, value) => {
          const there = conversion(from, to)
          const back = conversion(to, from)
          expect(back === undefined).toBe(there === undefined)
          if (there === undefined || back === undefined) return
          const returned = (value * there.scale + there.offset) * back.scale + back.offset
          expect(Math.abs(returned - value)).toBeLessThanOrEqual(1e-9 * Math.max(1000, Math.abs(value)))
        },
      ),
    )
  })
})

describe('a spelled unit', () => {
  it.each(units)('%s stands for itself', unit => expect(unitsSpelled(unit)).toContain(unit))

  it.each([
    ['mms', 'mm/s', 'mm/s'],
    ['C', '°C', '°C'],
    ['degC', '°F', '°C'],
    ['ms', 's', 'ms'],
    ['ms', 'mm/s', 'm/s'],
    ['ms2', 'g', 'm/s²'],
    ['m3h', 'L/min', 'm³/h'],
    ['lpm', 'L/min', 'L/min'],
    ['um', 'mm', 'µm'],
    ['RPM', 'rpm', 'rpm'],
    ['KW', 'kW', 'kW'],
    ['pct', '%', '%'],
    ['Nm', 'Nm', 'Nm'],
  ])('%s, where %s is measured, is %s', (spelling, wanted, meant) => {
    expect(conversionFrom(spelling, wanted)).toEqual(conversion(meant, wanted))
  })

  it.each([
    ['mW', 'MW'],
    ['mPa', 'MPa'],
    ['total', 'kW'],
    ['1', 'A'],
    ['', 'A'],
    ['', '°'],
    ['C', 'A'],
  ])('%s is nothing that could be %s', (spelling, wanted) =>
    expect(conversionFrom(spelling, wanted)).toBeUndefined(),
  )
})
