import type { Machine, Plant, Signal } from '../../schema/plant.js'
import { Quality } from '../../schema/quality.js'
import type { Entry, TwinSnapshot } from '../../schema/records.js'
import { SampleBatchBuilder } from '../../schema/sample-batch.js'
import { Dictionary } from './dictionary.js'
import { FloorClock } from './floor-clock.js'
import { LiveFloor } from './live-floor.js'
import { emptyIndexBook, makeRegistry } from './registry.js'

/** Where the tests' clocks start, Unix ms. */
export const start = Date.UTC(2026, 0, 5, 6)

/** A sensor of machine `machine`, a temperature each second unless said otherwise. */
export const sensor = (machine: string, name: string, rest: Partial<Signal> = {}): Signal => ({
  id: `${machine}.${name}`,
  name,
  role: 'sensor',
  quantity: 'temperature',
  unit: '°C',
  type: 'number',
  period: 1_000,
  range: [0, 200],
  resolution: 0.1,
  limits: {},
  source: 'plc',
  tag: `${machine}/${name}`,
  ...rest,
})

/** The state signal of a machine, which says ACTIVE, READY, FULL or DOWN when it changes. */
export const stateSignal = (machine: string): Signal =>
  sensor(machine, 'execution', {
    role: 'status',
    quantity: 'state',
    unit: '',
    type: 'text',
    period: 0,
    resolution: 0,
    stateMap: 'words',
  })

export const machineOf = (id: string, signals: readonly Signal[], rest: Partial<Machine> = {}): Machine => ({
  id,
  name: `Machine ${id}`,
  type: 'cnc-mill',
  source: 'plc',
  feeds: [],
  idealCycleTime: 60,
  signals,
  ...rest,
})

export const plantOf = (machines: readonly Machine[], clock: 'wall' | 'source' = 'wall'): Plant => ({
  name: 'Test plant',
  enterprise: 'Test',
  machineTypes: [],
  shifts: [],
  products: [],
  customers: [],
  crews: [],
  sites: [
    {
      id: 's1',
      name: 'Site',
      timeZone: 'UTC',
      areas: [{ id: 'a1', name: 'Area', lines: [{ id: 'l1', name: 'Line', kind: 'machining', machines }] }],
    },
  ],
  sources: [{ id: 'plc', adapter: 'test', clock, options: {} }],
  stateMaps: {
    words: {
      words: {
        ACTIVE: { state: 'Execute' },
        READY: { state: 'Idle' },
        FULL: { state: 'Suspended', reason: 'blocked' },
        WAITING: { state: 'Suspended' },
        DOWN: { state: 'Aborted' },
        FAILING: { state: 'Aborting' },
        PRODUCE: { mode: 'Production' },
        'BY HAND': { mode: 'Manual' },
      },
    },
    outer: {
      words: {
        DOWN: { state: 'Aborted' },
        FAILING: { state: 'Aborting' },
        CLEARED: { isInner: true },
        RUNNING: { isInner: true },
      },
    },
  },
})

export interface FloorOptions {
  readonly clock?: 'wall' | 'source'
  readonly isSimulated?: boolean
  readonly snapshots?: readonly TwinSnapshot[]
  readonly savesTwinsWithEntries?: boolean
  /** Where the wall's clock stands, Unix ms. */
  readonly at?: number
}

/** A live floor of these machines under a clock that the test moves, fed through one source, `plc`. */
export function floorOf(machines: readonly Machine[], options: FloorOptions = {}) {
  const wall = { time: options.at ?? start, now: () => wall.time }
  const plant = plantOf(machines, options.clock)
  const { registry } = makeRegistry(plant, emptyIndexBook)
  const dictionary = new Dictionary()
  const clock = new FloorClock(wall, options.clock ?? 'wall')
  const simulated = new Set(options.isSimulated ? ['plc'] : [])
  const { snapshots = [], savesTwinsWithEntries = false } = options
  const parts = { plant, registry, dictionary, clock, wall, snapshots, simulated, savesTwinsWithEntries }
  const floor = new LiveFloor(parts)
  /** A sample of a signal, now and good unless said otherwise. */
  const say = (
    id: string,
    value: number | string,
    time = wall.time,
    quality: Quality = Quality.good,
  ): Entry | undefined => {
    const batch = new SampleBatchBuilder()
    const code = typeof value === 'string' ? dictionary.intern(value) : value
    batch.push(registry.signalById(id)!.index, time, wall.time, code, quality)
    return floor.ingest('plc', { kind: 'samples', batch: batch.take() })
  }
  return { floor, wall, registry, say }
}
