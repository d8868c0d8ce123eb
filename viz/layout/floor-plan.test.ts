import { describe, expect, it } from 'vitest'
import type { Manifest } from '../../schema/manifest.js'
import { demoPlant } from '../dev/demo-plant.js'
import { type Area, layFloor } from './floor-plan.js'
import { footprints } from './footprints.js'

const manifest = demoPlant()
const plan = layFloor(manifest)

const isInside = (inner: Area, outer: Area): boolean =>
  inner.west >= outer.west &&
  inner.east <= outer.east &&
  inner.north >= outer.north &&
  inner.south <= outer.south

const overlaps = (a: Area, b: Area): boolean =>
  a.west < b.east && b.west < a.east && a.north < b.south && b.north < a.south

describe('the floor plan', () => {
  it('gives every machine its place, in the order of the manifest', () => {
    expect(plan.machines.map(place => place.machine.id)).toEqual(manifest.machines.map(machine => machine.id))
  })

  it('stands every machine inside the lane of its line', () => {
    const lanes = new Map(plan.lanes.map(lane => [lane.id, lane]))
    for (const { machine, x, z } of plan.machines) {
      const { width, depth } = footprints[machine.archetype]
      const body = { west: x - width / 2, east: x + width / 2, north: z - depth / 2, south: z + depth / 2 }
      expect(isInside(body, lanes.get(machine.line)!)).toBe(true)
    }
  })

  it('lets no two machines, lanes or sites overlap', () => {
    const bodies = plan.machines.map(({ machine, x, z }) => {
      const { width, depth } = footprints[machine.archetype]
      return { west: x - width / 2, east: x + width / 2, north: z - depth / 2, south: z + depth / 2 }
    })
    for (const areas of [bodies, plan.lanes, plan.sites] as readonly (readonly Area[])[]) {
      areas.forEach((one, i) => {
        for (const other of areas.slice(i + 1)) expect(overlaps(one, other)).toBe(false)
      })
    }
  })

  it('keeps lanes within the bounds', () => {
    for (const lane of plan.lanes) expect(isInside(lane, plan.bounds)).toBe(true)
  })

  it('lets parts flow from west to east between neighbours', () => {
    expect(plan.flows).toHaveLength(228 - 20)
    for (const flow of plan.flows) expect(flow.toX).toBeGreaterThan(flow.fromX)
  })

  it('takes the positions that the plant file gives', () => {
    const machines = manifest.machines
      .slice(0, 2)
      .map((machine, i) => ({ ...machine, position: { x: 10 + i * 20, y: i * 4 } }))
    const [first, second] = layFloor({ ...manifest, machines } as Manifest).machines
    expect(second!.x - first!.x).toBeCloseTo(20)
    expect(second!.z - first!.z).toBeCloseTo(4)
  })

  it('lays an empty plant without failing', () => {
    const empty = layFloor({
      plant: '',
      enterprise: '',
      sites: [],
      areas: [],
      lines: [],
      machines: [],
      signals: [],
    })
    expect(empty.machines).toEqual([])
    expect(empty.bounds.east).toBeGreaterThan(0)
  })
})
