// Measures twins in a process of its own (its heap is nobody else's): `floor`, `scale` or `speeds`; sends the figures.
import { isDeepStrictEqual } from 'node:util'
import { machineAddress, machineKind, sensorAddress, sensorKind } from '../engine/floor/twin-kinds.js'
import { rememberedEvents } from '../engine/twin-system/event-ring.js'
import { TwinSystem } from '../engine/twin-system/twin-system.js'
import type { Plant } from '../schema/plant.js'
import { referencePlant } from '../schema/reference-plant/reference-plant.js'
import { compileLimits } from '../twins/sensor/level.js'
import { machineSpeed } from './twins-machine.js'
import { classifierSpeed, healthSpeed } from './twins-sensor.js'

/** What a run of this file sends: figures by name. */
export type TwinFigures = Readonly<Record<string, number>>

const startTime = 1_763_000_000_000

const machinesOf = (plant: Plant) =>
  plant.sites.flatMap(({ areas }) => areas.flatMap(({ lines }) => lines.flatMap(({ machines }) => machines)))
const sensorsOf = (plant: Plant) =>
  machinesOf(plant).flatMap(({ signals }) => signals.filter(({ role }) => role === 'sensor'))

function addFloor(system: TwinSystem, plant: Plant): void {
  for (const { id } of machinesOf(plant)) system.add(machineAddress(id), machineKind, undefined)
  for (const { id, limits } of sensorsOf(plant)) {
    system.add(sensorAddress(id), sensorKind, { limits: compileLimits(limits) })
  }
}

/** A little life: every twin has lived through a few events, as after some minutes. */
function live(system: TwinSystem, plant: Plant): void {
  for (const { id } of machinesOf(plant)) {
    const address = machineAddress(id)
    const seen = { reason: 'none', sourceState: 'RUN' }
    system.send(address, { type: 'OBSERVED', state: 'Execute', ...seen, time: startTime })
    system.send(address, { type: 'OBSERVED', state: 'Held', ...seen, time: startTime + 60_000 })
  }
  for (const { id } of sensorsOf(plant)) liveSensor(system, sensorAddress(id))
}

function liveSensor(system: TwinSystem, address: string): void {
  system.send(address, { type: 'SOURCE_FOUND', time: startTime })
  system.send(address, { type: 'SAMPLE', value: 20, quality: 0, time: startTime + 1_000 })
  system.send(address, { type: 'SAMPLE', value: 21, quality: 1, time: startTime + 2_000 })
}

/** As many events as a twin remembers, as after some hours. What is refused is remembered as well, and costs least time. */
function fillRing(system: TwinSystem, address: string): void {
  for (let n = 0; n < rememberedEvents; n++) {
    system.send(address, { type: 'PROBE', time: startTime + 3_000 + n / 10 })
  }
}

/** Milliseconds of the quickest of some turns. */
function quickest(turns: number, act: () => void): number {
  let best = Number.POSITIVE_INFINITY
  for (let turn = 0; turn < turns; turn++) {
    const started = performance.now()
    act()
    best = Math.min(best, performance.now() - started)
  }
  return best
}

function heapBytes(): number {
  const collect = (globalThis as { gc?: () => void }).gc
  collect?.()
  collect?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** The reference plant: restored, forked, weighed. The first restore counts: that is what a start pays. */
function measureFloor(): TwinFigures {
  const plant = referencePlant()
  const before = heapBytes()
  const system = new TwinSystem(() => {})
  addFloor(system, plant)
  live(system, plant)
  const twins = system.size
  const bytes = (heapBytes() - before) / twins
  const firstFork = quickest(1, () => system.fork(startTime))
  const fork = quickest(5, () => structuredClone(system.fork(startTime)))
  const saved = new Map(system.fork(startTime).twins.map(one => [one.address, one]))
  const next = new TwinSystem(() => {})
  const restore = quickest(1, () => {
    for (const { id } of machinesOf(plant)) {
      const address = machineAddress(id)
      next.add(address, machineKind, undefined, saved.get(address))
    }
    for (const { id, limits } of sensorsOf(plant)) {
      const address = sensorAddress(id)
      next.add(address, sensorKind, { limits: compileLimits(limits) }, saved.get(address))
    }
  })
  const isSame = isDeepStrictEqual(statesOf(next), statesOf(system))
  return { twins, bytes, firstFork, fork, restore, isSame: isSame ? 1 : 0 }
}

const statesOf = (system: TwinSystem): unknown[] =>
  system.fork(startTime).twins.map(({ snapshot }) => JSON.parse(snapshot) as unknown)

/** A hundred times the sensors of the reference plant in one process. */
function measureScale(): TwinFigures {
  const sensors = sensorsOf(referencePlant())
  const before = heapBytes()
  const system = new TwinSystem(() => {})
  const started = performance.now()
  for (let copy = 0; copy < 100; copy++) {
    for (const { id, limits } of sensors) {
      system.add(`${sensorAddress(id)}/${copy}`, sensorKind, { limits: compileLimits(limits) })
    }
  }
  const create = performance.now() - started
  for (let copy = 0; copy < 100; copy++) {
    for (const { id } of sensors) liveSensor(system, `${sensorAddress(id)}/${copy}`)
  }
  const bytes = heapBytes() - before
  for (let copy = 0; copy < 100; copy++) {
    for (const { id } of sensors) fillRing(system, `${sensorAddress(id)}/${copy}`)
  }
  const fullBytes = heapBytes() - before
  const { rss } = process.memoryUsage()
  return { twins: system.size, create, bytes: bytes / system.size, fullBytes: fullBytes / system.size, rss }
}

/** What samples cost: the classifier and the health estimator; and the compiled table against `actor.send` of the same events. */
function measureSpeeds(): TwinFigures {
  return { ...classifierSpeed(), ...healthSpeed(), ...machineSpeed() }
}

const measured = { floor: measureFloor, scale: measureScale, speeds: measureSpeeds }
const wanted = process.argv[2]
if (process.send !== undefined && wanted !== undefined && wanted in measured) {
  process.send(measured[wanted as keyof typeof measured]())
}
