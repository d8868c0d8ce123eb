import type { Plant, Signal } from '../../schema/plant.js'
import { Dictionary } from '../floor/dictionary.js'
import type { Floor } from '../floor/floor.js'
import { LatestMachines, LatestSignals } from '../floor/latest-table.js'
import { emptyIndexBook, makeRegistry } from '../floor/registry.js'

/** A small floor under a test's own clock: the gateway's tests move it by hand. */
export interface TestFloor extends Floor {
  readonly dictionary: Dictionary
  /** Moves both clocks, ms. */
  advance(ms: number): void
  /** A good value, now. */
  sample(signal: number, value: number): void
}

export const testStart = 1_763_000_000_000

const sensor = (machine: string, name: string, parts: Partial<Signal> = {}): Signal => ({
  id: `${machine}.${name}`,
  name,
  role: 'sensor',
  quantity: 'temperature',
  unit: '°C',
  type: 'number',
  period: 1_000,
  range: [-50, 150],
  resolution: 0.1,
  limits: { warningHigh: 80, criticalHigh: 90 },
  source: 'plc',
  tag: `${machine}/${name}`,
  ...parts,
})

/** Areas `body` and `paint`, one line each, with `machines` machines of `sensors` sensors and a text signal. */
export function testPlant(machines = 2, sensors = 3): Plant {
  const line = (id: string) => ({
    id,
    name: `Line ${id}`,
    kind: 'machining',
    machines: Array.from({ length: machines }, (_, order) => {
      const machine = `${id}-${String(order + 1).padStart(2, '0')}`
      const signals = Array.from({ length: sensors }, (_, i) => sensor(machine, `t${i + 1}`))
      const program = sensor(machine, 'program', {
        role: 'status',
        quantity: 'text',
        unit: '',
        type: 'text',
        resolution: 0,
        limits: {},
      })
      return {
        id: machine,
        name: `Machine ${machine}`,
        type: 'mill',
        source: 'plc',
        feeds: [],
        idealCycleTime: 60,
        signals: [...signals, program],
      }
    }),
  })
  return {
    name: 'Test plant',
    enterprise: 'Test',
    sites: [
      {
        id: 'north',
        name: 'North',
        timeZone: 'UTC',
        areas: [
          { id: 'body', name: 'Body shop', lines: [line('b')] },
          { id: 'paint', name: 'Paint shop', lines: [line('p')] },
        ],
      },
    ],
    sources: [],
    machineTypes: [{ id: 'mill', name: 'Mill', archetype: 'machining', ratedPower: 10 }],
    shifts: [],
    products: [],
    customers: [],
    crews: [],
    stateMaps: {},
  }
}

export function testFloor(plant = testPlant(), startAt = testStart, indexes = emptyIndexBook): TestFloor {
  const { registry } = makeRegistry(plant, indexes)
  const dictionary = new Dictionary()
  const signals = new LatestSignals(registry.signalCapacity)
  const machines = new LatestMachines(registry.machineCapacity)
  let now = startAt
  const clock = { now: () => now }
  return {
    plant,
    registry,
    clock,
    wall: clock,
    signals,
    machines,
    dictionary,
    text: code => dictionary.text(code),
    advance: ms => {
      now += ms
    },
    sample: (signal, value) => signals.set(signal, value, 0, now, now),
  }
}
