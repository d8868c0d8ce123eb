import { describe, expect, it } from 'vitest'
import type { Plant, Signal } from '../../schema/plant.js'
import { Quality } from '../../schema/quality.js'
import { SampleBatchBuilder } from '../../schema/sample-batch.js'
import type { MachineContext } from '../../twins/machine/machine.context.js'
import { Dictionary } from './dictionary.js'
import { FloorClock } from './floor-clock.js'
import { LiveFloor } from './live-floor.js'
import { partCounterOf } from './part-counters.js'
import { emptyIndexBook, makeRegistry } from './registry.js'

const signal = (name: string, rest: Partial<Signal> = {}): Signal => ({
  id: `m1.${name}`,
  name,
  role: 'status',
  quantity: 'counter',
  unit: 'parts',
  type: 'number',
  period: 0,
  range: [0, 2 ** 32 - 1],
  resolution: 1,
  limits: {},
  source: 'plc',
  tag: name,
  ...rest,
})

function makeFloor(signals: readonly Signal[]) {
  const machine = {
    id: 'm1',
    name: 'Mill',
    type: 'cnc-mill',
    source: 'plc',
    feeds: [],
    idealCycleTime: 60,
    signals,
  }
  const line = { id: 'l1', name: 'Line', kind: 'machining', machines: [machine] }
  const plant: Plant = {
    name: 'p',
    enterprise: 'e',
    machineTypes: [],
    shifts: [],
    products: [],
    customers: [],
    crews: [],
    sites: [{ id: 's1', name: 'Site', timeZone: 'UTC', areas: [{ id: 'a1', name: 'Area', lines: [line] }] }],
    sources: [{ id: 'plc', adapter: 'test', clock: 'wall', options: {} }],
    stateMaps: {},
  }
  const wall = { now: () => 1_000_000 }
  const { registry } = makeRegistry(plant, emptyIndexBook)
  const clock = new FloorClock(wall, 'wall')
  return new LiveFloor({ plant, registry, dictionary: new Dictionary(), clock, wall })
}

describe('the part counters of a machine', () => {
  it.each([
    ['produced', {}, 'processed'],
    ['PartCountAct', {}, 'processed'],
    ['rejected', {}, 'defective'],
    ['scrap_count', {}, 'defective'],
    ['good', {}, undefined],
    ['total_time', { unit: 's' }, undefined],
    ['parts', { type: 'text' }, undefined],
    ['parts', { quantity: 'number' }, undefined],
  ] as const)('are fed by %s %j: %s', (name, rest, counter) => {
    expect(partCounterOf(signal(name, rest))).toBe(counter)
  })

  it('count the parts between readings, never a repeated, bad, missing or late one', () => {
    const floor = makeFloor([signal('produced'), signal('rejected')])
    const batch = new SampleBatchBuilder()
    const readings: [index: number, value: number, time: number, quality?: Quality][] = [
      [0, 100, 10],
      [0, 100, 11],
      [0, 104, 12],
      [1, 7, 12],
      [0, 900, 13, Quality.bad],
      [0, Number.NaN, 14],
      [0, 900, 5],
      [0, 105, 15],
      [1, 9, 16],
      [0, 3, 17],
    ]
    for (const [index, value, time, quality] of readings)
      batch.push(index, time, time, value, quality ?? Quality.good)
    const entry = floor.ingest('plc', { kind: 'samples', batch: batch.take() })
    const twin = floor.twins.get('machine:m1')!
    const { context } = twin.snapshot as unknown as { context: MachineContext }
    expect([context.processed.count, context.defective.count]).toEqual([8, 2])
    const counted = entry?.twinEvents?.filter(({ type }) => type === 'parts.counted')
    expect(counted?.map(({ payload }) => payload.by)).toEqual([4, 1, 2, 3])
  })

  it('count nothing for a correction, and refuse a fraction of a part', () => {
    const floor = makeFloor([signal('produced')])
    const batch = new SampleBatchBuilder()
    for (const [i, value] of [1000, 1001, 1000, 1000.5, 1002].entries())
      batch.push(0, 10 + i, 10 + i, value, Quality.good)
    const entry = floor.ingest('plc', { kind: 'samples', batch: batch.take() })
    const { context } = floor.twins.get('machine:m1')!.snapshot as unknown as { context: MachineContext }
    expect(context.processed).toMatchObject({ count: 3, reading: 1002 })
    expect(entry?.rejects).toMatchObject([{ rule: 'value.not-whole', value: 1000.5 }])
    expect(floor.twins.refused['bad-payload']).toBe(0)
  })

  it.each([
    ['that tells its state', [signal('state', { quantity: 'state' })]],
    ['that only counts', []],
  ])('of a machine %s make up no part when its source comes back with less', (_, others) => {
    const floor = makeFloor([signal('produced'), ...others])
    const says = (value: number, time: number) => {
      const batch = new SampleBatchBuilder()
      batch.push(0, time, time, value, Quality.good)
      floor.ingest('plc', { kind: 'samples', batch: batch.take() })
      const { context } = floor.twins.get('machine:m1')!.snapshot as unknown as { context: MachineContext }
      return context.processed.count
    }
    floor.ingest('plc', { kind: 'connected' })
    expect([says(263, 10), says(270, 20)]).toEqual([0, 7])
    floor.ingest('plc', { kind: 'connected' })
    expect([says(64, 30), says(66, 40)]).toEqual([7, 9])
    floor.ingest('plc', { kind: 'connected' })
    expect([says(70, 50), says(2, 60)]).toEqual([13, 15])
    floor.ingest('plc', { kind: 'connected' })
    expect([says(2, 70), says(0, 80), says(3, 90)]).toEqual([15, 15, 18])
    floor.ingest('plc', { kind: 'connected' })
    expect([says(3, 100), says(1, 110)]).toEqual([18, 19])
  })
})
