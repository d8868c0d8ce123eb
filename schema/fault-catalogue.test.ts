import { describe, expect, it } from 'vitest'
import {
  faultCatalogue,
  faultPattern,
  faultPatternIds,
  faultsOf,
  mappedMachineTypes,
} from './fault-catalogue.js'
import { shippedMachineTypes } from './machine-types/shipped-machine-types.js'

describe('the fault catalogue', () => {
  it('describes ten patterns, each once, under a code of its own', () => {
    expect(faultCatalogue.map(pattern => pattern.id)).toEqual(faultPatternIds)
    expect(faultCatalogue).toHaveLength(10)
    expect(new Set(faultCatalogue.map(pattern => pattern.code)).size).toBe(10)
  })

  it('finds a pattern by its id', () => {
    expect(faultPattern('tool-wear').code).toBe('TOOL-001')
    expect(() => faultPattern('rust' as 'tool-wear')).toThrow('There is no fault pattern "rust".')
  })

  it('lets stages follow each other with growing damage, and time run forwards', () => {
    for (const { id, stages, takes } of faultCatalogue) {
      const thresholds = [0, stages.incipient, stages.developing, stages.severe, 1]
      expect(thresholds, id).toEqual([...new Set(thresholds)].sort((a, b) => a - b))
      expect(takes[0], id).toBeGreaterThan(0)
      expect(takes[1], id).toBeGreaterThanOrEqual(takes[0])
    }
  })

  it('names every shipped machine type and no other', () => {
    expect([...mappedMachineTypes].sort()).toEqual(shippedMachineTypes.map(type => type.id).sort())
  })

  it('gives a machine type only faults that its own sensors can show', () => {
    for (const type of shippedMachineTypes) {
      const measured = new Set(Object.values(type.signals).map(signal => signal.quantity))
      for (const id of faultsOf({ type: type.id })) {
        for (const quantity of faultPattern(id).showsIn) {
          if (quantity !== 'any') expect(measured, `${id} on ${type.id}`).toContain(quantity)
        }
      }
    }
  })

  it('uses every pattern on at least one shipped machine type', () => {
    const used = new Set(shippedMachineTypes.flatMap(type => faultsOf({ type: type.id })))
    expect([...used].sort()).toEqual([...faultPatternIds].sort())
  })

  it('gives every machine a sensor that may drift, a type of the plant’s own too', () => {
    expect(faultsOf({ type: 'oven' })).toEqual(['sensor-drift'])
    expect(faultsOf({ type: 'press', faults: ['tool-wear'] })).toEqual(['tool-wear', 'sensor-drift'])
    for (const type of shippedMachineTypes) expect(faultsOf({ type: type.id })).toContain('sensor-drift')
  })
})
