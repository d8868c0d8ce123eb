import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { countPlant } from '../count-plant.js'
import type { Plant } from '../plant.js'
import { fnv1a } from './chance.js'
import { referencePlant } from './reference-plant.js'

const machinesOf = (plant: Plant) => linesOf(plant).flatMap(line => line.machines)
const linesOf = (plant: Plant) => plant.sites.flatMap(site => site.areas.flatMap(area => area.lines))
const hash = (plant: Plant) => fnv1a(JSON.stringify(plant))

describe('the reference plant', () => {
  it('has its sizes whatever the seed', () => {
    fc.assert(
      fc.property(fc.integer(), seed => {
        const plant = referencePlant({ seed })
        expect(countPlant(plant)).toEqual({ sites: 4, areas: 12, lines: 20, machines: 228, signals: 1716 })
        expect(new Set(machinesOf(plant).map(machine => machine.type)).size).toBe(12)
        expect(plant.machineTypes).toHaveLength(12)
        expect(plant.shifts).toHaveLength(24)
        expect(plant.products).toHaveLength(20)
        expect(plant.customers).toHaveLength(10)
        for (const line of linesOf(plant)) {
          expect(line.machines.length).toBeGreaterThanOrEqual(8)
          expect(line.machines.length).toBeLessThanOrEqual(15)
        }
        for (const machine of machinesOf(plant)) {
          // A meter is the machine's own record and no sensor.
          expect(machine.signals.filter(({ unit }) => unit === 'kWh')).toMatchObject([{ role: 'status' }])
          const sensors = machine.signals.filter(signal => signal.role === 'sensor').length
          expect(sensors).toBeGreaterThanOrEqual(5)
          expect(sensors).toBeLessThanOrEqual(10)
        }
      }),
      { numRuns: 20 },
    )
  })

  it('is the same, byte for byte, for the same seed', () => {
    expect(hash(referencePlant({ seed: 1 }))).toBe(hash(referencePlant()))
    expect(hash(referencePlant())).toBe(3_259_198_988)
    expect(hash(referencePlant({ seed: 2 }))).not.toBe(hash(referencePlant()))
  })

  it('stands in Yokohama, Detroit, Stuttgart and Chennai, each with two to four areas', () => {
    const { sites } = referencePlant()
    expect(sites.map(site => site.timeZone)).toEqual([
      'Asia/Tokyo',
      'America/Detroit',
      'Europe/Berlin',
      'Asia/Kolkata',
    ])
    for (const site of sites) {
      expect(site.areas.length).toBeGreaterThanOrEqual(2)
      expect(site.areas.length).toBeLessThanOrEqual(4)
    }
  })

  it('gives every line a product, every product a customer, and every shift a crew of its site', () => {
    const { products, customers, shifts, crews, ...plant } = referencePlant({ seed: 3 })
    const made = new Set(products.flatMap(product => product.lines))
    expect([...made].sort()).toEqual(
      linesOf({ ...plant, products, customers, shifts, crews })
        .map(line => line.id)
        .sort(),
    )
    const bought = new Set(customers.flatMap(customer => customer.products))
    expect([...bought].sort()).toEqual(products.map(product => product.id).sort())
    for (const shift of shifts) {
      expect(crews.find(crew => crew.id === shift.crew)?.site).toBe(shift.site)
    }
  })

  it('names every machine and signal once', () => {
    const machines = machinesOf(referencePlant({ scale: 3 }))
    const signals = machines.flatMap(machine => machine.signals)
    expect(new Set(machines.map(machine => machine.id)).size).toBe(machines.length)
    expect(new Set(signals.map(signal => signal.id)).size).toBe(signals.length)
    expect(new Set(signals.map(signal => signal.tag)).size).toBe(signals.length)
  })

  it('lets each machine feed the next of its line', () => {
    for (const line of linesOf(referencePlant())) {
      line.machines.forEach((machine, place) => {
        expect(machine.feeds).toEqual(line.machines.slice(place + 1, place + 2).map(next => next.id))
      })
    }
  })

  it('grows by whole lines, and what was there keeps its ids', () => {
    const large = referencePlant({ scale: 10 })
    expect(countPlant(large)).toMatchObject({ machines: 2280, signals: 17160 })
    const ids = new Set(machinesOf(large).map(machine => machine.id))
    expect(machinesOf(referencePlant()).every(machine => ids.has(machine.id))).toBe(true)
  })

  it('refuses a scale that is not a whole number from 1', () => {
    expect(() => referencePlant({ scale: 0 })).toThrow('scale is 0; it must be a whole number from 1.')
    expect(() => referencePlant({ scale: 1.5 })).toThrow(RangeError)
  })
})
