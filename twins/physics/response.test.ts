import { describe, expect, it } from 'vitest'
import { archetypes, quantities } from '../../schema/plant.js'
import { axisShape, responseOf, workShape } from './response.js'

const phases = Array.from({ length: 1000 }, (_, i) => i / 1000)

describe('the shape of a cycle', () => {
  it('stays between handling and the heaviest work, and averages out', () => {
    const values = phases.map(workShape)
    expect(Math.min(...values)).toBe(-1)
    expect(Math.max(...values)).toBeLessThan(0.7)
    expect(Math.abs(values.reduce((sum, value) => sum + value, 0) / values.length)).toBeLessThan(0.06)
  })

  it('never jumps, so that no sensor does', () => {
    for (const shape of [workShape, axisShape]) {
      for (const [i, phase] of phases.entries()) {
        expect(Math.abs(shape(phase) - shape(phases[(i + 1) % phases.length]!))).toBeLessThan(0.05)
      }
    }
  })
})

describe('the response of a sensor', () => {
  it('exists for every quantity on every kind of machine, with a memory to divide by', () => {
    for (const quantity of quantities) {
      for (const archetype of archetypes) expect(responseOf(quantity, archetype).memory).toBeGreaterThan(0)
    }
  })
})
