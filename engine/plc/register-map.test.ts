import { expect, it } from 'vitest'
import { referencePlant } from '../../schema/reference-plant/reference-plant.js'
import { machineOf, plantOf, sensor } from '../floor/floor.fixture.js'
import { registerCsv, registerMap } from './register-map.js'

it('has a unit for each line, and no two values that overlap or have a gap between them', () => {
  const plant = referencePlant()
  const lines = plant.sites.flatMap(({ areas }) => areas.flatMap(area => area.lines))
  const map = registerMap(plant)
  expect(map.map(({ signal }) => signal)).toEqual(
    lines.flatMap(({ machines }) => machines.flatMap(({ signals }) => signals)),
  )
  for (const [number, line] of lines.entries()) {
    const unit = map.filter(({ tag }) => tag.unit === number + 1)
    expect(unit).toHaveLength(line.machines.reduce((sum, { signals }) => sum + signals.length, 0))
    let next = 0
    for (const { tag } of unit) {
      expect(tag.address).toBe(next)
      next += tag.width
    }
  }
})

it('names what is where as a plant file does, and as CSV', () => {
  const bit = sensor('m', 'door', { quantity: 'number', unit: '', range: [0, 1], resolution: 1 })
  const parts = sensor('m', 'produced', { role: 'status', quantity: 'counter', unit: 'parts', period: 0 })
  const energy = sensor('m', 'energy', { role: 'status', quantity: 'counter', unit: 'kWh', period: 0 })
  const program = sensor('m', 'program', { role: 'status', quantity: 'text', type: 'text', unit: '' })
  const map = registerMap(plantOf([machineOf('m', [sensor('m', 'temp'), bit, parts, energy, program])]))
  expect(map.map(({ text }) => text)).toEqual([
    'holding:0:float64?unit=1',
    'coil:0?unit=1',
    'holding:4:uint32?unit=1',
    'holding:6:float64?unit=1',
    'holding:10:string[32]?unit=1',
  ])
  expect(registerCsv(map)).toBe(
    [
      'unit,table,address,width,type,signal,measured in',
      '1,holding,0,4,float64,m.temp,°C',
      '1,coil,0,1,bool,m.door,',
      '1,holding,4,2,uint32,m.produced,parts',
      '1,holding,6,4,float64,m.energy,kWh',
      '1,holding,10,16,string[32],m.program,',
      '',
    ].join('\n'),
  )
})

it('refuses a line that has more than a unit holds, and more lines than there are units', () => {
  const many = Array.from({ length: 16_385 }, (_, i) => sensor('m', `t${i}`))
  expect(() => registerMap(plantOf([machineOf('m', many)]))).toThrow(
    'The signals of line l1 need more than 65536 registers of a Modbus unit',
  )
  const plant = plantOf([])
  const [site] = plant.sites
  const lines = Array.from({ length: 248 }, (_, i) => ({ id: `l${i}`, name: '', kind: '', machines: [] }))
  const wide = { ...plant, sites: [{ ...site!, areas: [{ id: 'a', name: 'A', lines }] }] }
  expect(() => registerMap(wide)).toThrow('The plant has 248 lines, and a Modbus server 247 units')
})
