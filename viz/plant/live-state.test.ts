import { describe, expect, it } from 'vitest'
import { displayNumber } from '../../schema/display-state.js'
import { levels, packSensorStatus } from '../../schema/sensor-state.js'
import { LatestColumns } from '../../schema/stream/latest-columns.js'
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

class Floor {
  readonly latest = new LatestColumns()
  readonly mirror = new Mirror(plant.signalCapacity, plant.machineCapacity)
  readonly live = new LiveState(plant)

  receive(signals: SignalColumns, machines: MachineColumns): void {
    this.latest.applySignals(signals)
    this.latest.applyMachines(machines)
    this.mirror.note(signals, machines)
  }

  pass(): void {
    this.live.apply(this.mirror.take(this.latest))
  }
}

describe('what the page knows of the floor', () => {
  it('starts with every machine unknown', () => {
    expect(new Floor().live.lookCounts[lookNumber.unknown]).toBe(228)
  })

  it('takes values and states over by index', () => {
    const floor = new Floor()
    const { live } = floor
    floor.receive(signal(7, 42.5, 0), machine(3, displayNumber.running, 99))
    floor.pass()
    expect(live.value[7]).toBe(42.5)
    expect(live.since[3]).toBe(99)
    expect(live.look[3]).toBe(lookNumber.running)
    expect(live.stateCounts[displayNumber.running]).toBe(1)
  })

  it('keeps a spike between two updates', () => {
    const floor = new Floor()
    const { live } = floor
    floor.receive(signal(7, 1, 0), noMachine)
    floor.receive(signal(7, 50, 0, 2, 50), noMachine)
    floor.receive(signal(7, 3, 0), noMachine)
    floor.pass()
    expect([live.value[7], live.min[7], live.max[7]]).toEqual([3, 1, 50])
    floor.receive(signal(7, 4, 0), noMachine)
    floor.pass()
    expect(live.max[7]).toBe(4)
  })

  it('lets a machine look like the worst of its sensors, and back', () => {
    const floor = new Floor()
    const { live } = floor
    const [first, second] = plant.signalsOf(0)
    floor.receive(noSignal, machine(0, displayNumber.running))
    floor.receive(signal(first!.index, 90, levels.indexOf('warning-high')), noMachine)
    floor.receive(signal(second!.index, 9, levels.indexOf('critical-high')), noMachine)
    floor.pass()
    expect(live.look[0]).toBe(lookNumber.high)
    floor.receive(signal(second!.index, 1, 0), noMachine)
    floor.pass()
    expect(live.look[0]).toBe(lookNumber.medium)
    floor.receive(signal(first!.index, 20, 0), noMachine)
    floor.pass()
    expect(live.look[0]).toBe(lookNumber.running)
    expect(live.lookCounts.reduce((sum, count) => sum + count, 0)).toBe(228)
  })

  it('names each changed machine once until the changes are cleared', () => {
    const floor = new Floor()
    const { live } = floor
    floor.receive(noSignal, machine(5, displayNumber.down))
    floor.pass()
    floor.receive(noSignal, machine(5, displayNumber.idle))
    floor.pass()
    expect([...live.changedLooks.subarray(0, live.changedLookCount)]).toEqual([5])
    live.clearChanges()
    expect(live.changedLookCount).toBe(0)
  })

  it('uses a returned buffer again', () => {
    const floor = new Floor()
    floor.receive(signal(1, 1, 0), noMachine)
    const { buffer } = floor.mirror.take(floor.latest)
    floor.receive(signal(2, 1, 0), noMachine)
    expect(floor.mirror.take(floor.latest, buffer).buffer).toBe(buffer)
    expect(floor.mirror.isDirty).toBe(false)
  })

  it('ignores an index beyond the manifest', () => {
    const floor = new Floor()
    floor.receive(signal(1_000_000, 1, 0), machine(1_000_000, 1))
    expect(floor.mirror.isDirty).toBe(false)
  })

  it('forgets what a new epoch has not told', () => {
    const floor = new Floor()
    floor.receive(signal(7, 42, 0), machine(3, displayNumber.down))
    floor.pass()
    floor.mirror.noteAll(new LatestColumns())
    floor.live.apply(floor.mirror.take(new LatestColumns()))
    expect(floor.live.value[7]).toBeNaN()
    expect(floor.live.lookCounts[lookNumber.unknown]).toBe(228)
  })
})
