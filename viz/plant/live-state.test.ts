import { describe, expect, it } from 'vitest'
import { displayNumber } from '../../schema/display-state.js'
import { levels, packSensorStatus } from '../../schema/sensor-state.js'
import type { MachineColumns, SignalColumns } from '../../schema/stream/protocol.js'
import { demoPlant } from '../dev/demo-plant.js'
import { lookNumber } from '../looks/looks.js'
import { Mirror } from '../stream/mirror.js'
import { LiveState } from './live-state.js'
import { indexPlant } from './plant-index.js'

const plant = indexPlant(demoPlant())

const signal = (index: number, value: number, level: number, min = value, max = value): SignalColumns => ({
  index: Uint32Array.of(index),
  value: Float64Array.of(value),
  min: Float64Array.of(min),
  max: Float64Array.of(max),
  quality: Uint8Array.of(0),
  status: Uint8Array.of(packSensorStatus(0, level)),
  sourceTime: Float64Array.of(1000),
})

const machine = (index: number, display: number, since = 0): MachineColumns => ({
  index: Uint32Array.of(index),
  state: Uint8Array.of(6),
  mode: Uint8Array.of(1),
  display: Uint8Array.of(display),
  since: Float64Array.of(since),
})

const noSignal: SignalColumns = {
  index: new Uint32Array(0),
  value: new Float64Array(0),
  min: new Float64Array(0),
  max: new Float64Array(0),
  quality: new Uint8Array(0),
  status: new Uint8Array(0),
  sourceTime: new Float64Array(0),
}
const noMachine: MachineColumns = {
  index: new Uint32Array(0),
  state: new Uint8Array(0),
  mode: new Uint8Array(0),
  display: new Uint8Array(0),
  since: new Float64Array(0),
}

function floor(): { mirror: Mirror; live: LiveState; pass: () => void } {
  const mirror = new Mirror(plant.signalCapacity, plant.machineCapacity)
  const live = new LiveState(plant)
  return { mirror, live, pass: () => live.apply(mirror.take()) }
}

describe('what the page knows of the floor', () => {
  it('starts with every machine unknown', () => {
    expect(floor().live.lookCounts[lookNumber.unknown]).toBe(228)
  })

  it('takes values and states over by index', () => {
    const { mirror, live, pass } = floor()
    mirror.apply(signal(7, 42.5, 0), machine(3, displayNumber.running, 99))
    pass()
    expect(live.value[7]).toBe(42.5)
    expect(live.since[3]).toBe(99)
    expect(live.look[3]).toBe(lookNumber.running)
    expect(live.stateCounts[displayNumber.running]).toBe(1)
  })

  it('keeps a spike between two updates', () => {
    const { mirror, live, pass } = floor()
    mirror.apply(signal(7, 1, 0), noMachine)
    mirror.apply(signal(7, 50, 0, 2, 50), noMachine)
    mirror.apply(signal(7, 3, 0), noMachine)
    pass()
    expect([live.value[7], live.min[7], live.max[7]]).toEqual([3, 1, 50])
    mirror.apply(signal(7, 4, 0), noMachine)
    pass()
    expect(live.max[7]).toBe(4)
  })

  it('lets a machine look like the worst of its sensors, and back', () => {
    const { mirror, live, pass } = floor()
    const [first, second] = plant.signalsOf(0)
    mirror.apply(noSignal, machine(0, displayNumber.running))
    mirror.apply(signal(first!.index, 90, levels.indexOf('warning-high')), noMachine)
    mirror.apply(signal(second!.index, 9, levels.indexOf('critical-high')), noMachine)
    pass()
    expect(live.look[0]).toBe(lookNumber.high)
    mirror.apply(signal(second!.index, 1, 0), noMachine)
    pass()
    expect(live.look[0]).toBe(lookNumber.medium)
    mirror.apply(signal(first!.index, 20, 0), noMachine)
    pass()
    expect(live.look[0]).toBe(lookNumber.running)
    expect(live.lookCounts.reduce((sum, count) => sum + count, 0)).toBe(228)
  })

  it('names each changed machine once until the changes are cleared', () => {
    const { mirror, live, pass } = floor()
    mirror.apply(noSignal, machine(5, displayNumber.down))
    pass()
    mirror.apply(noSignal, machine(5, displayNumber.idle))
    pass()
    expect([...live.changedLooks.subarray(0, live.changedLookCount)]).toEqual([5])
    live.clearChanges()
    expect(live.changedLookCount).toBe(0)
  })

  it('uses a returned buffer again', () => {
    const { mirror } = floor()
    mirror.apply(signal(1, 1, 0), noMachine)
    const { buffer } = mirror.take()
    mirror.apply(signal(2, 1, 0), noMachine)
    expect(mirror.take(buffer).buffer).toBe(buffer)
    expect(mirror.isDirty).toBe(false)
  })

  it('ignores an index beyond the manifest', () => {
    const { mirror } = floor()
    mirror.apply(signal(1_000_000, 1, 0), machine(1_000_000, 1))
    expect(mirror.isDirty).toBe(false)
  })
})
