import { expect, it } from 'vitest'
import { demoPlant } from './demo-plant.js'

it('has the size of the reference plant', () => {
  const plant = demoPlant()
  expect(plant.sites).toHaveLength(4)
  expect(plant.lines).toHaveLength(20)
  expect(plant.machines).toHaveLength(228)
  expect(plant.signals.filter(signal => signal.role === 'sensor')).toHaveLength(1716)
})
