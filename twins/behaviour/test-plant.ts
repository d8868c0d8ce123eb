import type { Archetype, Machine, Plant, Quantity, Signal } from '../../schema/plant.js'
import type { Limits } from '../../schema/sensor-state.js'

/** One line of three machines on one source: small enough to read, for the tests of this folder and the simulator's. */
export function testPlant(more: readonly Machine[] = []): Plant {
  const archetypes: readonly (readonly [string, Archetype])[] = [
    ['mill', 'machining'],
    ['press', 'press'],
    ['belt', 'conveyor'],
  ]
  const lines = [
    {
      id: 'line-1',
      name: 'Line 1',
      kind: 'machining',
      machines: [
        testMachine('mill-1', 'mill', 30, ['press-1']),
        testMachine('press-1', 'press', 29, ['belt-1']),
        testMachine('belt-1', 'belt', 28, []),
      ],
    },
    { id: 'line-2', name: 'Line 2', kind: 'machining', machines: more },
  ]
  return {
    name: 'Test plant',
    enterprise: 'Test',
    sites: [{ id: 'site', name: 'Site', timeZone: 'UTC', areas: [{ id: 'area', name: 'Area', lines }] }],
    sources: [{ id: 'simulator', adapter: 'simulator', clock: 'wall', options: {} }],
    machineTypes: archetypes.map(([id, archetype]) => ({ id, name: id, archetype, ratedPower: 20 })),
    shifts: [],
    products: [],
    customers: [],
    crews: [],
    stateMaps: {},
  }
}

export function testMachine(
  id: string,
  type: string,
  idealCycleTime: number,
  feeds: readonly string[],
): Machine {
  return {
    id,
    name: id,
    type,
    source: 'simulator',
    feeds,
    idealCycleTime,
    signals: [
      sensor(id, 'temperature', 'temperature', [50, 1.5], [-20, 150], 0.1, { warningHigh: 60 }),
      sensor(id, 'vibration', 'vibration', [1.1, 0.12], [0, 25], 0.01, { warningHigh: 2.8 }),
      sensor(id, 'current', 'current', [26, 1.2], [0, 100], 0.1, { warningHigh: 41 }),
      sensor(id, 'load', 'load', [55, 3], [0, 150], 0.5, { warningHigh: 100 }),
      sensor(id, 'power', 'power', [13, 0.7], [0, 60], 0.01, { warningHigh: 24 }),
      sensor(id, 'speed', 'speed', [8000, 60], [0, 15000], 1, { warningHigh: 11500 }),
      sensor(id, 'pressure', 'pressure', [6, 0.08], [0, 16], 0.01, { warningLow: 5, warningHigh: 7.5 }),
      sensor(id, 'voltage', 'voltage', [400, 1.5], [0, 500], 0.1, { warningLow: 380, warningHigh: 420 }),
      status(id, 'state', 'state', 'text'),
      status(id, 'produced', 'counter', 'number'),
      status(id, 'rejected', 'counter', 'number'),
    ],
  }
}

function sensor(
  machine: string,
  name: string,
  quantity: Quantity,
  normal: readonly [number, number],
  range: readonly [number, number],
  resolution: number,
  limits: Limits,
): Signal {
  return {
    ...status(machine, name, quantity, 'number'),
    role: 'sensor',
    period: 1000,
    normal,
    range,
    resolution,
    limits,
  }
}

function status(machine: string, name: string, quantity: Quantity, type: Signal['type']): Signal {
  return {
    id: `${machine}.${name}`,
    name,
    role: 'status',
    quantity,
    unit: '',
    type,
    period: 0,
    range: [0, 2 ** 32 - 1],
    resolution: 1,
    limits: {},
    source: 'simulator',
    tag: `${machine}.${name}`,
  }
}
