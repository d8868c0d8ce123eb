import { expect, it } from 'vitest'
import { referencePlant } from '../../schema/reference-plant/reference-plant.js'
import { LedgerSetups, machinePlans } from './machine-plan.js'

it('a source’s words are reasons on machines of the type that they are said of, in any case, and on no other', () => {
  const plant = { ...referencePlant(), faultReasons: { press: { 'E-101 ': 'mechanical/hydraulic' } } }
  const plans = machinePlans(plant)
  const lines = plant.sites.flatMap(site => site.areas.flatMap(area => area.lines))
  for (const { id, type } of lines.flatMap(line => line.machines)) {
    const words = Object.entries(plans.get(id)!.faultReasons)
    expect(words).toEqual(type === 'press' ? [[expect.stringMatching(/^e-101/), 'mechanical/hydraulic']] : [])
  }
})

it('machines of one site share a calendar, and a product has its own ideal cycle where it says so', () => {
  const plant = referencePlant()
  const [product] = plant.products
  const [line] = product!.lines
  const plans = machinePlans({ ...plant, products: [{ ...product!, cycleTimes: { [line!]: 12 } }] })
  const setups = new LedgerSetups()
  const ofLine = [...plans.values()].filter(plan => plan.line === line)
  expect(new Set(ofLine.map(plan => setups.calendarOf(plan))).size).toBe(1)
  for (const plan of ofLine) {
    const { idealMs } = setups.of(plan)
    expect([idealMs(product!.id), idealMs('')]).toEqual([12_000, plan.idealMs])
  }
})
