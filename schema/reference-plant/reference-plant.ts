import { energyMeter } from '../machine-types/common-status.js'
import type { MachineTypeTemplate } from '../machine-types/machine-type-template.js'
import { makeSignal, type SignalPlace } from '../machine-types/make-signal.js'
import { shippedMachineTypes } from '../machine-types/shipped-machine-types.js'
import type { Area, Line, Machine, Plant, Site } from '../plant.js'
import { shippedStateMaps } from '../state-maps.js'
import { Chance } from './chance.js'
import { type LineKindId, lineKinds, siteLayouts, standardSensors } from './layout.js'
import { makeCrews, makeCustomers, makeProducts, makeShifts } from './orders.js'

/** The sizes of the reference plant, whatever the seed. */
const machineTotal = 228
const sensorTotal = 1716
const machinesPerLine = { least: 8, most: 15 }
const sensorsPerMachine = { least: 5, most: 10 }

const source = 'simulator'
const tagPatterns = new Map([[source, '{machine}.{signal}']])
const types = new Map(shippedMachineTypes.map(type => [type.id, type]))

export interface ReferencePlantOptions {
  /** The same seed gives the same plant; default 1. */
  readonly seed?: number
  /** Every line this many times, for load tests; default 1 = 228 machines, 1,716 sensors. */
  readonly scale?: number
}

/** A machine before it has its place in a copy of its line. */
interface PlannedMachine {
  readonly type: MachineTypeTemplate
  /** Which of its type's sensors are fitted. */
  readonly sensors: readonly string[]
  readonly idealCycleTime: number
}

/**
 * The plant that Gemba starts on when it is given none: a car parts maker with 4 sites, 20 lines, 228 machines of 12
 * types and 1,716 sensors, all on the simulator.
 */
export function referencePlant(options: ReferencePlantOptions = {}): Plant {
  const { seed = 1, scale = 1 } = options
  if (!Number.isSafeInteger(scale) || scale < 1) {
    throw new RangeError(`scale is ${scale}; it must be a whole number from 1.`)
  }
  const plans = planLines(seed)
  const lineGroups: Line[][] = []
  const sites = siteLayouts.map((site): Site => {
    const lineCount = new Map<LineKindId, number>()
    const areas = site.areas.map((area): Area => {
      const lines = area.lines.flatMap(kindId => {
        const number = (lineCount.get(kindId) ?? 0) + 1
        lineCount.set(kindId, number)
        const plan = plans[lineGroups.length] ?? []
        const copies = Array.from({ length: scale }, (_, copy) =>
          makeLine(`${site.id}-${kindId}-${number}`, kindId, number, plan, copy),
        )
        lineGroups.push(copies)
        return copies
      })
      return { id: `${site.id}-${area.id}`, name: area.name, lines }
    })
    return { id: site.id, name: site.name, timeZone: site.timeZone, areas }
  })
  const products = makeProducts(lineGroups, new Chance(seed, 'products'))
  return {
    name: 'Reference plant',
    enterprise: 'Gemba Motors',
    sites,
    sources: [{ id: source, adapter: 'simulator', clock: 'wall', options: { seed } }],
    machineTypes: shippedMachineTypes.map(({ id, name, archetype, ratedPower }) => ({
      id,
      name,
      archetype,
      ratedPower,
    })),
    shifts: makeShifts(),
    products,
    customers: makeCustomers(products, new Chance(seed, 'customers')),
    crews: makeCrews(new Chance(seed, 'crews')),
    stateMaps: { packml: shippedStateMaps.packml ?? { words: {} } },
  }
}

/** Which machines with which sensors stand in each of the twenty lines. */
function planLines(seed: number): PlannedMachine[][] {
  const kindIds = siteLayouts.flatMap(site => site.areas.flatMap(area => area.lines))
  const sizes = new Chance(seed, 'machines per line').distribute(
    machineTotal,
    kindIds.map(() => machinesPerLine),
  )
  const flows = kindIds.map((kindId, line) =>
    extendFlow(lineKinds[kindId].flow, sizes[line] ?? 0, new Chance(seed, `flow of line ${line}`)),
  )
  const sensorCounts = new Chance(seed, 'sensors per machine').distribute(
    sensorTotal,
    flows.flat().map(type => ({
      least: Math.max(sensorsPerMachine.least, standardSensors[type.id]?.length ?? 0),
      most: Math.min(sensorsPerMachine.most, Object.keys(type.signals).length),
    })),
  )
  let machine = 0
  return flows.map((flow, line) => {
    const takt = new Chance(seed, `takt of line ${line}`).integer(40, 75)
    return flow.map((type): PlannedMachine => {
      const chance = new Chance(seed, `machine ${machine}`)
      const sensors = pickSensors(type, sensorCounts[machine++] ?? 0, chance)
      // A balanced line: every station a little faster than the takt, none much.
      return { type, sensors, idealCycleTime: Math.round(takt * chance.integer(85, 100)) / 100 }
    })
  })
}

/** The flow with stations doubled, next to their like, until the line has `size` machines. */
function extendFlow(flow: readonly string[], size: number, chance: Chance): MachineTypeTemplate[] {
  const copies = chance.distribute(
    size,
    flow.map(() => ({ least: 1, most: 3 })),
  )
  return flow.flatMap((typeId, station) => {
    const type = types.get(typeId)
    if (type === undefined)
      throw new RangeError(`The reference plant uses the unknown machine type "${typeId}".`)
    return Array.from({ length: copies[station] ?? 1 }, () => type)
  })
}

function pickSensors(type: MachineTypeTemplate, count: number, chance: Chance): string[] {
  const standard = standardSensors[type.id] ?? []
  const candidates = Object.keys(type.signals)
  const extra = chance.sample(
    candidates.filter(name => !standard.includes(name)),
    count - standard.length,
  )
  return candidates.filter(name => standard.includes(name) || extra.includes(name))
}

function makeLine(
  place: string,
  kindId: LineKindId,
  number: number,
  plan: readonly PlannedMachine[],
  copy: number,
): Line {
  const { kind, name } = lineKinds[kindId]
  const id = copy === 0 ? place : `${place}-copy-${copy + 1}`
  const counts = new Map<string, number>()
  const ids = plan.map(({ type }) => {
    const count = (counts.get(type.id) ?? 0) + 1
    counts.set(type.id, count)
    return `${id}-${type.id}-${String(count).padStart(2, '0')}`
  })
  return {
    id,
    name: copy === 0 ? `${name} ${number}` : `${name} ${number}, copy ${copy + 1}`,
    kind,
    machines: plan.map((planned, order) =>
      makeMachine(ids[order] ?? '', planned, ids.slice(order + 1, order + 2)),
    ),
  }
}

function makeMachine(id: string, planned: PlannedMachine, feeds: readonly string[]): Machine {
  const { type, sensors, idealCycleTime } = planned
  const place: SignalPlace = { machine: id, source, tagPatterns }
  return {
    id,
    name: `${type.name} ${Number(id.slice(-2))}`,
    type: type.id,
    source,
    feeds,
    idealCycleTime,
    signals: [
      ...Object.entries(type.signals).flatMap(([name, template]) =>
        sensors.includes(name) ? [makeSignal(name, 'sensor', template, place)] : [],
      ),
      ...Object.entries({ ...type.status, energy: energyMeter }).map(([name, template]) =>
        makeSignal(name, 'status', template, place),
      ),
    ],
  }
}
