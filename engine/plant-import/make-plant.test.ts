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

const source = { id: 'plc', adapter: 'opcua', clock: 'wall' as const, options: {} }
const plantOf = (...machines: (readonly ImportedSignal[])[]) => {
  const imported = machines.map((signals, i) => ({ name: `mill-${i}`, group: 'line', signals }))
  const plant = makePlant(imported, { name: 'Test', source })
  const [line] = plant.sites[0]!.areas[0]!.lines
  return { plant, signals: line!.machines.flatMap(machine => machine.signals) }
}
const whole = (name: string, word: string): ImportedSignal => number(name, { isWhole: true, word })

it('takes a number that is called state for one, with a map to fill in of the numbers that were seen', () => {
  const { plant, signals } = plantOf([whole('Status.State', '6')], [whole('Status.State', '11')])
  const state = { role: 'status', quantity: 'state', type: 'text', range: [0, 0] }
  expect(signals).toMatchObject([state, state])
  expect(signals.map(({ stateMap }) => stateMap)).toEqual(['status-state-numbers', 'status-state-numbers'])
  const nothing = { state: 'Undefined' }
  expect(plant.stateMaps).toEqual({ 'status-state-numbers': { words: { '6': nothing, '11': nothing } } })
})

it('takes the state of the machine for its own, not that of a part, and shows how a number is filled in', () => {
  const { plant, signals } = plantOf([
    number('Valve.State', { isWhole: true }),
    number('State', { isWhole: true }),
    number('Door.State', { isWhole: true }),
  ])
  expect(signals.map(({ name, quantity }) => [name, quantity])).toEqual([
    ['Valve-State', 'number'],
    ['Door-State', 'number'],
    ['State', 'state'],
  ])
  expect(plant.stateMaps).toEqual({ 'state-numbers': { words: { '0': { state: 'Undefined' } } } })
})

it('knows the numbers of PackTags', () => {
  const { plant, signals } = plantOf([
    whole('Status.StateCurrent', '6'),
    whole('Status.UnitModeCurrent', '1'),
  ])
  expect(signals.map(({ quantity, type, stateMap }) => [quantity, type, stateMap])).toEqual([
    ['state', 'text', 'packml'],
    ['mode', 'text', 'packml-mode'],
  ])
  expect(Object.keys(plant.stateMaps).sort()).toEqual(['packml', 'packml-mode'])
})

it('believes words before numbers, and takes no flag, no word of bits and no measurement for a state', () => {
  const text: ImportedSignal = { ...number('MachineState'), type: 'text', word: 'running' }
  const { signals } = plantOf(
    [whole('State', '6'), text],
    [
      number('State', { range: [0, 1] }),
      whole('Status', '513'),
      number('State', { isWhole: true, unit: 'bar' }),
    ],
  )
  expect(signals.map(({ name, quantity, type }) => [name, quantity, type])).toEqual([
    ['State', 'number', 'number'],
    ['MachineState', 'state', 'text'],
    ['State', 'number', 'number'],
    ['Status', 'number', 'number'],
    ['State-2', 'pressure', 'number'],
  ])
})

it('counts as far as the type of a counter goes', () => {
  const { signals } = plantOf([
    whole('PartCountGood', '5000000000'),
    number('Produced', { isWhole: true, range: [0, 65_535] }),
    number('Parts', { quantity: 'counter', unit: 'parts' }),
  ])
  expect(signals.map(({ quantity, range }) => [quantity, range[1]])).toEqual([
    ['counter', Number.MAX_SAFE_INTEGER],
    ['counter', 65_535],
    // Of which nobody says how wide it is.
    ['counter', 4_294_967_295],
  ])
})

it('calls nothing bad of a number of which no range is told, and keeps the range that is', () => {
  const [serial, level] = plantOf([number('Serial'), number('Level', { range: [0, 10] })]).signals
  // A big counter, milliseconds since 1970, a Float near its end.
  for (const value of [2 ** 53, Date.UTC(2026, 0, 1), -9e37]) {
    expect(serial!.range[0]).toBeLessThan(value)
    expect(serial!.range[1]).toBeGreaterThan(value)
  }
  expect(level!.range).toEqual([0, 10])
})
