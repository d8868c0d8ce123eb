import { expect, it } from 'vitest'
import type { ImportedSignal } from '../../adapters/imported-machine.js'
import { makePlant } from './make-plant.js'

const number = (name: string, more: Partial<ImportedSignal> = {}): ImportedSignal => ({
  name,
  tag: name,
  type: 'number',
  unit: '',
  ...more,
})

it('calls nothing bad of a number of which no range is told, and keeps the range that is', () => {
  const signals = [number('Serial'), number('Level', { range: [0, 10] })]
  const source = { id: 'plc', adapter: 'opcua', clock: 'wall' as const, options: {} }
  const plant = makePlant([{ name: 'mill', group: 'line', signals }], { name: 'Test', source })
  const [serial, level] = plant.sites[0]!.areas[0]!.lines[0]!.machines[0]!.signals
  // A big counter, milliseconds since 1970, a Float near its end.
  for (const value of [2 ** 53, Date.UTC(2026, 0, 1), -9e37]) {
    expect(serial!.range[0]).toBeLessThan(value)
    expect(serial!.range[1]).toBeGreaterThan(value)
  }
  expect(level!.range).toEqual([0, 10])
})
