import { expect, it } from 'vitest'
import { datatypes } from './datatype.js'
import { machineOfBirth } from './import-births.js'
import { bdSeq, double } from './test-edge.js'

const typed = (name: string, type: (typeof datatypes)[number]) => ({
  name,
  datatype: datatypes.indexOf(type),
})

it('tells what it leaves out of a birth: what is no single value, and what has no type', () => {
  const metrics = [
    bdSeq(0),
    double('speed', 1),
    typed('curve', 'FloatArray'),
    typed('image', 'File'),
    { name: 'odd' },
  ]
  const machine = machineOfBirth('g/n', 'd', { metrics } as never)
  expect(machine.signals.map(({ tag }) => tag)).toEqual(['g/n/d/speed'])
  expect(machine.leftOut).toEqual([
    'g/n/d/curve (FloatArray)',
    'g/n/d/image (File)',
    'g/n/d/odd (type unknown)',
  ])
})

it('has nothing to tell of a birth of single values', () => {
  expect(machineOfBirth('g/n', '', { metrics: [double('speed', 1)] } as never)).not.toHaveProperty('leftOut')
})
