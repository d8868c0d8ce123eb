import type { Manifest, ManifestMachine, ManifestSignal } from '../../schema/manifest.js'
import { type Archetype, archetypes } from '../../schema/plant.js'
import type { Limits } from '../../schema/sensor-state.js'

const kinds: Readonly<Record<Archetype, string>> = {
  machining: 'Machining centre',
  robot: 'Handling robot',
  press: 'Stamping press',
  welder: 'Spot welder',
  conveyor: 'Belt conveyor',
  station: 'Assembly station',
  booth: 'Paint booth',
  tester: 'End-of-line tester',
}

interface Sensor {
  readonly name: string
  readonly quantity: string
  readonly unit: string
  readonly range: readonly [number, number]
  readonly resolution: number
  readonly limits: Limits
}

const sensors: readonly Sensor[] = [
  sensor('spindle-temperature', 'temperature', '°C', [0, 150], 0.1, { warningHigh: 85, criticalHigh: 95 }),
  sensor('vibration', 'vibration', 'mm/s', [0, 50], 0.01, { warningHigh: 4.5, criticalHigh: 7.1 }),
  sensor('motor-current', 'current', 'A', [0, 200], 0.1, { warningHigh: 120, criticalHigh: 150 }),
  sensor('hydraulic-pressure', 'pressure', 'bar', [0, 250], 0.1, { warningLow: 60, criticalLow: 40 }),
  sensor('coolant-flow', 'flow', 'L/min', [0, 60], 0.1, { warningLow: 8, criticalLow: 5 }),
  sensor('active-power', 'power', 'kW', [0, 90], 0.01, {}),
  sensor('cabinet-temperature', 'temperature', '°C', [0, 90], 0.1, { warningHigh: 50, criticalHigh: 60 }),
  sensor('speed', 'speed', '1/min', [0, 12_000], 1, {}),
]

function sensor(
  name: string,
  quantity: string,
  unit: string,
  range: readonly [number, number],
  resolution: number,
  limits: Limits,
): Sensor {
  return { name, quantity, unit, range, resolution, limits }
}

const siteNames = ['Stuttgart', 'Győr', 'Puebla', 'Chennai']
const areaNames = ['Machining', 'Body and assembly']
const lineKinds = ['machining', 'welding', 'stamping', 'assembly', 'painting']
const kindOrder: Readonly<Record<string, readonly Archetype[]>> = {
  machining: ['conveyor', 'machining', 'machining', 'robot', 'machining', 'tester'],
  welding: ['conveyor', 'robot', 'welder', 'robot', 'welder', 'tester'],
  stamping: ['conveyor', 'press', 'robot', 'press', 'robot', 'press'],
  assembly: ['station', 'robot', 'station', 'station', 'conveyor', 'tester'],
  painting: ['conveyor', 'booth', 'booth', 'conveyor', 'booth', 'tester'],
}

/**
 * A plant of the reference size for tests of the viewer: 4 sites, 20 lines, 228 machines, 1,716 sensors, and a status
 * signal for each machine. Everything in it follows from its numbers, so that a test can name what it expects.
 */
export function demoPlant(): Manifest {
  const machines: ManifestMachine[] = []
  const signals: ManifestSignal[] = []
  const lines: Manifest['lines'][number][] = []
  const areas: Manifest['areas'][number][] = []
  const sites = siteNames.map((name, place) => ({ id: `site-${place + 1}`, name }))

  for (const site of sites) {
    for (const [place, name] of areaNames.entries())
      areas.push({ id: `${site.id}-area-${place + 1}`, name, site: site.id })
    for (const [place, kind] of lineKinds.entries()) {
      const number = lines.length + 1
      const id = `line-${number}`
      lines.push({ id, name: `Line ${number}`, kind, area: `${site.id}-area-${place < 2 ? 1 : 2}` })
      addMachines(id, number <= 8 ? 12 : 11, kindOrder[kind]!, machines, signals)
    }
  }
  return { plant: 'Demo plant', enterprise: 'Example Works', sites, areas, lines, machines, signals }
}

function addMachines(
  line: string,
  count: number,
  order: readonly Archetype[],
  machines: ManifestMachine[],
  signals: ManifestSignal[],
): void {
  for (let place = 0; place < count; place++) {
    const archetype = order[place % order.length] ?? archetypes[0]
    const index = machines.length
    const number = String(index + 1).padStart(3, '0')
    const id = `m-${number}`
    const isLast = place === count - 1
    machines.push({
      index,
      id,
      name: `M-${number}`,
      type: archetype,
      typeName: kinds[archetype],
      archetype,
      line,
      order: place,
      feeds: isLast ? [] : [`m-${String(index + 2).padStart(3, '0')}`],
    })
    addSignals(id, index, index < 120 ? 8 : 7, signals)
  }
}

function addSignals(machine: string, index: number, count: number, signals: ManifestSignal[]): void {
  for (const { name, quantity, unit, range, resolution, limits } of sensors.slice(0, count)) {
    signals.push({
      index: signals.length,
      id: `${machine}.${name}`,
      name,
      machine: index,
      role: 'sensor',
      quantity,
      unit,
      type: 'number',
      period: 1000,
      range,
      resolution,
      limits,
    })
  }
  signals.push({
    index: signals.length,
    id: `${machine}.program`,
    name: 'program',
    machine: index,
    role: 'status',
    quantity: 'text',
    unit: '',
    type: 'text',
    period: 0,
    range: [0, 0],
    resolution: 0,
    limits: {},
  })
}
