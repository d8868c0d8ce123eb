import { expect, it } from 'vitest'
import { loadPlant } from '../../schema/plant-file/load-plant.js'
import { withCounterWidths } from './counter-widths.js'

const opcua = '{ adapter: opcua, endpoint: "opc.tcp://127.0.0.1:1" }'
const modbus = '{ adapter: modbus, host: 127.0.0.1 }'
const plantOf = (source: string, counters: string, packml = '') => `gemba: 1
name: Test
enterprise: Test
sources: { plc: ${source} }
types:
  saw:
    archetype: machining
    ratedPower: 5
    idealCycleTime: 30
    ${packml}
    signals: {}
    status:
${counters}
sites:
  - { id: here, timeZone: UTC, areas: [{ id: a, lines: [{ id: l, machines: [{ id: saw, type: saw }] }] }] }
`
const counter = (name: string, tag: string, more = '') =>
  `      ${name}: { quantity: counter, unit: parts, tag: "${tag}"${more} }`

it.each<[string, string, string[], number | undefined, string?]>([
  ['a uint16', modbus, [counter('produced', 'holding:3')], 65_536],
  ['a uint32', modbus, [counter('produced', 'holding:3:uint32')], 2 ** 32],
  ['a byte', modbus, [counter('produced', 'holding:3.0-7')], 256],
  ['one that is scaled', modbus, [counter('produced', 'holding:3?scale=10')], undefined],
  ['a float', modbus, [counter('produced', 'holding:3:float32')], undefined],
  ['two that differ', modbus, [counter('a', 'holding:3'), counter('b', 'holding:4:uint32')], undefined],
  ['what the plant file says', modbus, [counter('a', 'holding:3')], 1000, 'packml: { counterWidth: 1000 }'],
  ['a range of 16 bits', opcua, [counter('produced', 'ns=1;s=n', ', range: [0, 65535]')], 65_536],
  ['a range of 32 bits, which is also that of none,', opcua, [counter('produced', 'ns=1;s=n')], 2 ** 32],
  ['no other range', opcua, [counter('produced', 'ns=1;s=n', ', range: [0, 100000]')], undefined],
])('a part counter rolls over where %s says so', (_, source, counters, width, packml) => {
  const { plant, problems } = loadPlant(plantOf(source, counters.join('\n'), packml), { file: 'plant.yaml' })
  expect(problems).toBeUndefined()
  const [machine] = withCounterWidths(plant!).sites[0]!.areas[0]!.lines[0]!.machines
  expect(machine!.packml?.counterWidth).toBe(width)
})
