import { describe, expect, it } from 'vitest'
import { isTextQuantity, unitFits } from '../units.js'
import { shippedMachineTypes } from './shipped-machine-types.js'

const sensors = shippedMachineTypes.flatMap(type =>
  Object.entries(type.signals).map(([name, sensor]) => ({ id: `${type.id}.${name}`, sensor })),
)

describe('the shipped machine types', () => {
  it('are the twelve of the catalogue', () => {
    expect(shippedMachineTypes.map(type => type.id)).toEqual([
      'cnc-mill',
      'cnc-lathe',
      'grinding-machine',
      'robot-arm',
      'welder',
      'press',
      'forming',
      'conveyor',
      'pick-and-place',
      'assembly-station',
      'tester',
      'paint-booth',
    ])
  })

  it('offer enough sensors for a machine with ten of them', () => {
    for (const type of shippedMachineTypes) {
      expect(Object.keys(type.signals).length, type.id).toBeGreaterThanOrEqual(10)
    }
  })

  it('report state, good parts and rejects', () => {
    for (const type of shippedMachineTypes) {
      expect(Object.keys(type.status), type.id).toEqual(['state', 'produced', 'rejected'])
      expect(type.status.state, type.id).toMatchObject({
        quantity: 'state',
        type: 'text',
        stateMap: 'packml',
      })
    }
  })

  it.each(sensors)('$id measures its quantity in a unit that fits, once a second', ({ sensor }) => {
    expect(isTextQuantity(sensor.quantity)).toBe(false)
    expect(unitFits(sensor.quantity, sensor.unit)).toBe(true)
    expect(sensor.period).toBe(1000)
  })

  it.each(sensors)(
    '$id is calm: its limits lie at least six spreads from where it normally is',
    ({ sensor }) => {
      const [centre, spread] = sensor.normal ?? [Number.NaN, Number.NaN]
      const { warningLow = Number.NEGATIVE_INFINITY, warningHigh = Number.POSITIVE_INFINITY } = sensor.limits
      expect(warningHigh - centre).toBeGreaterThanOrEqual(6 * spread)
      expect(centre - warningLow).toBeGreaterThanOrEqual(6 * spread)
      expect(Number.isFinite(warningHigh) || Number.isFinite(warningLow)).toBe(true)
    },
  )

  it.each(sensors)('$id can show its limits, and its step is finer than its spread', ({ sensor }) => {
    const [low, high] = sensor.range
    const { criticalLow = low, warningLow = criticalLow, criticalHigh = high } = sensor.limits
    const { warningHigh = criticalHigh } = sensor.limits
    const order = [low, criticalLow, warningLow, warningHigh, criticalHigh, high]
    expect(order).toEqual([...order].sort((a, b) => a - b))
    expect(new Set(Object.values(sensor.limits)).size).toBe(Object.values(sensor.limits).length)
    expect(sensor.resolution).toBeGreaterThan(0)
    expect(sensor.resolution).toBeLessThanOrEqual(sensor.normal?.[1] ?? 0)
  })
})
