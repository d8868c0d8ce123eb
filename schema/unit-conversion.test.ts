import { describe, expect, it } from 'vitest'
import { quantities } from './plant.js'
import { convertUnit, likelyUnit } from './unit-conversion.js'
import { unitsOf } from './units.js'

describe('units', () => {
  it.each([
    ['temperature', 212, '°F', '°C', 100],
    ['temperature', 0, 'K', '°C', -273.15],
    ['temperature', 52, '°C', '°F', 125.6],
    ['pressure', 100, 'psi', 'bar', 6.894_757],
    ['pressure', 0.6, 'MPa', 'bar', 6],
    ['flow', 1, 'm³/h', 'L/min', 16.666_667],
    ['torque', 1, 'lbf·ft', 'Nm', 1.355_818],
    ['vibration', 0.1, 'in/s', 'mm/s', 2.54],
    ['power', 1, 'hp', 'kW', 0.745_7],
  ] as const)('of %s: %s %s in %s', (quantity, value, from, to, turned) => {
    expect(convertUnit(quantity, value, from, to)).toBeCloseTo(turned, 5)
  })

  it('turn back into themselves', () => {
    for (const quantity of quantities) {
      for (const from of unitsOf(quantity) ?? []) {
        for (const to of unitsOf(quantity) ?? []) {
          const there = convertUnit(quantity, 12.5, from, to)
          if (there !== undefined) expect(convertUnit(quantity, there, to, from)).toBeCloseTo(12.5, 6)
        }
      }
    }
  })

  it('that need knowledge of the process cannot be turned into each other', () => {
    expect(convertUnit('vibration', 1, 'g', 'mm/s')).toBeUndefined()
    expect(convertUnit('feed-rate', 1, 'mm/rev', 'mm/s')).toBeUndefined()
    expect(convertUnit('state', 1, '', 'x')).toBeUndefined()
  })

  it('are recognised by where the value would usually lie', () => {
    const isUsual = (value: number): boolean => value > 40 && value < 60
    expect(likelyUnit('temperature', '°C', 125.6, isUsual)).toMatchObject({
      unit: '°F',
      value: expect.closeTo(52, 9),
    })
    expect(likelyUnit('temperature', '°C', 325.15, isUsual)).toMatchObject({ unit: 'K' })
    expect(likelyUnit('temperature', '°C', 5_000, isUsual)).toBeUndefined()
  })
})
