import { Vector3 } from 'three'
import { describe, expect, it } from 'vitest'
import { demoPlant } from '../dev/demo-plant.js'
import { layFloor } from '../layout/floor-plan.js'
import { MachinePicker } from './picking.js'

const { machines } = layFloor(demoPlant())
const picker = new MachinePicker(machines)
const down = new Vector3(0, -1, 0)

describe('what the pointer is on', () => {
  it('is the machine below it, for every machine', () => {
    for (const place of machines) {
      expect(picker.pick(new Vector3(place.x, 50, place.z), down)).toBe(place)
    }
  })

  it('is the nearer of two machines in one line of sight', () => {
    const [first, second] = machines
    const east = new Vector3(1, 0, 0)
    expect(picker.pick(new Vector3(first!.x - 40, 0.5, first!.z), east)).toBe(first)
    expect(picker.pick(new Vector3(second!.x + 40, 0.5, second!.z), east.clone().negate())).not.toBe(first)
  })

  it('is nothing beside the machines and behind the eye', () => {
    expect(picker.pick(new Vector3(-30, 50, -30), down)).toBeUndefined()
    expect(picker.pick(new Vector3(machines[0]!.x, 50, machines[0]!.z), new Vector3(0, 1, 0))).toBeUndefined()
  })
})
