import type { DamageReport } from '../../schema/damage-report.js'
import type { LineRun } from '../../schema/line-run.js'
import type { Archetype, Machine, Plant, Signal } from '../../schema/plant.js'
import type { Duty } from '../flow/duty.js'
import { EventQueue } from '../flow/event-queue.js'
import { Flow } from '../flow/flow.js'
import { plantFlow } from '../flow/plant-flow.js'
import type { PlantPlan } from '../flow/plant-plan.js'
import { shareOf } from '../flow/random.js'
import { Faults } from '../physics/faults.js'
import { type PlacedSensor, SensorBank } from '../physics/sensor-bank.js'
import { LineRuns } from './line-runs.js'
import { isPartCounter, msPer, type StatusKind, statusKindOf, statusValue, vocabularyOf } from './status.js'

/** Status signals are said again this often, even when nothing changed, ms. */
const statusPeriod = 60_000
/** A sensor that is reported on change is read this often, ms. */
const onChangePeriod = 1000

/** How long the lines have been running when the plant is met, ms: long enough for buffers to be as they ever are. */
const warmUp = 4 * 3_600_000

/** Gets every sample in the order of time: the place of the signal in `signals`, Unix ms, the value (for texts the place in `words`). */
export type Emit = (signal: number, time: number, value: number) => void

export interface BehaviourMachine {
  readonly machine: Machine
  readonly archetype: Archetype
  /** kW. */
  readonly ratedPower: number
  /** The signals to simulate: all of the machine's, or those of one source. */
  readonly signals: readonly Signal[]
}

export interface BehaviourOptions {
  readonly seed: number
  /** Time at which the machines are met at work, Unix ms. */
  readonly start: number
  readonly duty?: Duty
  /** Who works when, and what is made; missing: round the clock, one product after another. */
  readonly plan?: PlantPlan
  /** Share of the period over which the samples of different machines are spread, 0 to 1; default 1. */
  readonly phaseSpread?: number
  /** Distance between samples of every periodic sensor in place of its own, ms. */
  readonly period?: number
  /** Share of machines that carry a fault of their own at any time, 0 to 1; default 0. */
  readonly faultShare?: number
  /** Hears how the hidden damage of machines comes and goes. */
  readonly onDamage?: (report: DamageReport) => void
  /** Hears what lines of the plan begin to make and have made. */
  readonly onRun?: (run: LineRun) => void
}

/** Sensors of a machine that are read together. */
interface Scan {
  readonly period: number
  /** Places in the bank, and the matching places in `signals`. */
  readonly sensors: number[]
  readonly slots: number[]
  readonly isOnChange: boolean
}

interface StatusSlot {
  readonly slot: number
  readonly kind: StatusKind
  readonly isText: boolean
}

/**
 * Machines with their lines and signals, simulated on demand: `advance` takes them to a time and hands over every
 * sample due on the way. Events and samples have times of their own, on a grid of whole milliseconds, and are taken
 * in one order, so the samples are the same however the way is divided.
 */
export class Behaviour {
  /** By the number that `Emit` names a signal with. */
  readonly signals: readonly Signal[]
  /** What text signals say, by the number that stands for it. */
  readonly words: readonly string[]
  readonly flow: Flow
  readonly faults: Faults
  readonly #bank: SensorBank
  /** Ids: the faults of each machine, then its status, then the scans; see `advance`. The flow comes before all. */
  readonly #queue: EventQueue
  readonly #scans: readonly Scan[]
  readonly #status: readonly (readonly StatusSlot[])[]
  /** Words for the programs of each machine. */
  readonly #programs: readonly (readonly number[])[]
  readonly #statusPeriod: Float64Array
  /** A machine's place within any period, 0 to 1. */
  readonly #phase: Float64Array
  readonly #machines: number
  readonly #places: ReadonlyMap<string, number>
  /** Last value of the sensors reported on change, by signal. */
  readonly #last: Float64Array
  /** By signal, what a counter has to be taken from: the parts that the warm-up made. 0 for all others. */
  readonly #zero: Float64Array
  readonly #runs: LineRuns | undefined
  #emit: Emit = () => undefined
  #emitted = 0
  #time: number

  constructor(machines: readonly BehaviourMachine[], options: BehaviourOptions) {
    const places = new Map(machines.map(({ machine }, place) => [machine.id, place]))
    const layout = layOut(machines, options)
    this.signals = machines.flatMap(machine => machine.signals)
    this.#places = places
    this.#machines = machines.length
    this.#time = options.start
    this.#queue = new EventQueue(2 * machines.length + layout.scans.length)
    const ids = machines.map(({ machine }) => machine.id)
    const listener = {
      onState: (machine: number, time: number) => this.#onState(machine, time),
      onPart: (machine: number, time: number) => this.#onPart(machine, time),
      onWork: (machine: number, time: number) => this.#bank.onEvent(machine, time),
      onOrder: (demand: number, time: number) => this.#runs?.onOrder(demand, time),
    }
    const { seed, start, duty, plan, faultShare = 0, onDamage, onRun } = options
    const placed = machines.map(({ machine }) => ({
      id: machine.id,
      idealCycleTime: machine.idealCycleTime,
      feeds: machine.feeds.flatMap(id => places.get(id) ?? []),
      buffer: machine.buffer,
      flow: machine.flow,
    }))
    const model = plantFlow(placed, seed, duty, plan)
    const { words, programs } = vocabularyOf(model.machines)
    this.words = words
    this.#programs = programs
    this.flow = new Flow(model, { seed, start, warmUp, listener })
    if (onRun !== undefined && plan !== undefined)
      this.#runs = new LineRuns({ machines: ids, model, flow: this.flow, plan, start, onRun })
    const equipment = machines.map(({ machine: { id, type, faults, signals }, archetype, ratedPower }) => {
      const sensors = signals.filter(({ role }) => role === 'sensor')
      return { id, type, archetype, ratedPower, ...(faults && { faults }), sensors }
    })
    this.faults = new Faults(
      equipment.map(({ sensors, ...machine }) => ({ ...machine, sensors: sensors.length })),
      this.flow,
      { seed, start, share: faultShare, onReport: onDamage },
    )
    const parts = { seed, start, machines: equipment, flow: this.flow, faults: this.faults }
    this.#bank = new SensorBank(layout.sensors, parts)
    this.#scans = layout.scans.map(({ scan }) => scan)
    this.#status = layout.status
    this.#statusPeriod = Float64Array.from(layout.status, (_, m) => statusPeriodOf(machines[m]!.signals))
    this.#last = new Float64Array(this.signals.length).fill(Number.NaN)
    this.#zero = new Float64Array(this.signals.length)
    for (const [m, slots] of layout.status.entries()) {
      for (const { slot, kind, isText } of slots) {
        if (isPartCounter(kind)) this.#zero[slot] = statusValue(kind, isText, this.flow, m, programs[m]!)
      }
    }
    this.#phase = Float64Array.from(ids, id => shareOf(id) * (options.phaseSpread ?? 1))
    for (const m of machines.keys()) {
      this.#awaitFaults(m, start)
      if (this.#status[m]!.length > 0) this.#queue.set(this.#machines + m, start)
    }
    for (const [s, { machine, scan }] of layout.scans.entries()) {
      this.#queue.set(2 * this.#machines + s, firstDue(start, scan.period, this.#phase[machine]!))
    }
  }

  /** Everything up to and including this time has happened, Unix ms. */
  get time(): number {
    return this.#time
  }

  /**
   * Lets time pass up to and including `until`, or until at least `limit` samples have been emitted (samples read
   * together stay together, so it may be a few more). Call again to go on. Returns the number of samples emitted.
   */
  advance(until: number, emit: Emit, limit = Number.POSITIVE_INFINITY): number {
    this.#emit = emit
    this.#emitted = 0
    const queue = this.#queue
    while (this.#emitted < limit && this.#nextTime <= until) {
      const time = this.#nextTime
      this.#time = time
      const id = queue.next
      if (this.flow.nextTime === time) this.flow.step()
      else if (id < this.#machines) this.#moveFaults(id, time)
      else if (id < 2 * this.#machines) this.#repeatStatus(id, time)
      else this.#readSensors(id, time)
    }
    if (this.#nextTime > until) this.#time = Math.max(this.#time, until)
    return this.#emitted
  }

  /** The place of a machine among those that are simulated here; undefined for another's. */
  placeOf(machine: string): number | undefined {
    return this.#places.get(machine)
  }

  /** Does something to the faults of a machine now, by its place: injects, clears, repairs. */
  changeFaults(machine: number, change: (faults: Faults, time: number) => void): void {
    change(this.faults, this.#time)
    this.#awaitFaults(machine, this.#time)
  }

  get #nextTime(): number {
    return Math.min(this.flow.nextTime, this.#queue.nextTime)
  }

  #onState(machine: number, time: number): void {
    this.#bank.onEvent(machine, time)
    // First, so that it is known by the state that it was drawn in.
    this.#report(machine, time, 'energy')
    this.#report(machine, time, 'blocked')
    this.#report(machine, time, 'starved')
    this.#report(machine, time, 'state')
    this.#report(machine, time, 'program')
  }

  #onPart(machine: number, time: number): void {
    this.#runs?.onPart(machine, time)
    this.#report(machine, time, 'produced')
    this.#report(machine, time, 'good')
    this.#report(machine, time, 'rejected')
  }

  #moveFaults(machine: number, time: number): void {
    this.faults.handle(machine, time)
    this.#awaitFaults(machine, time)
  }

  #awaitFaults(machine: number, time: number): void {
    this.#queue.set(machine, this.faults.due(machine, time))
  }

  #repeatStatus(id: number, time: number): void {
    const machine = id - this.#machines
    const status = this.#status[machine]!
    for (let i = 0; i < status.length; i++) this.#say(status[i]!, machine, time)
    this.#queue.set(id, firstDue(time + 1, this.#statusPeriod[machine]!, this.#phase[machine]!))
  }

  #readSensors(id: number, time: number): void {
    const { sensors, slots, period, isOnChange } = this.#scans[id - 2 * this.#machines]!
    for (let i = 0; i < sensors.length; i++) {
      const value = this.#bank.read(sensors[i]!, time)
      if (isOnChange && !this.#hasChanged(slots[i]!, value)) continue
      this.#emitted++
      this.#emit(slots[i]!, time, value)
    }
    this.#queue.set(id, time + period)
  }

  /** Reports signals of a kind if they differ from what was said last. */
  #report(machine: number, time: number, kind: StatusKind): void {
    const status = this.#status[machine]!
    for (let i = 0; i < status.length; i++) {
      const { slot } = status[i]!
      if (status[i]!.kind !== kind) continue
      if (this.#statusValue(status[i]!, machine, time) !== this.#last[slot])
        this.#say(status[i]!, machine, time)
    }
  }

  #statusValue({ slot, kind, isText }: StatusSlot, machine: number, time: number): number {
    switch (kind) {
      case 'energy':
        return this.#metered(slot, this.#bank.energy(machine, time))
      case 'working-time':
        return this.#metered(slot, this.flow.operatingTime(machine, time) / msPer[this.signals[slot]!.unit]!)
      default:
        return statusValue(kind, isText, this.flow, machine, this.#programs[machine]!) - this.#zero[slot]!
    }
  }

  /** What a meter shows: the steps that are full. */
  #metered(slot: number, value: number): number {
    const { resolution } = this.signals[slot]!
    if (resolution === 0) return value
    const steps = Math.round(1 / resolution)
    return resolution < 1 ? Math.floor(value * steps) / steps : Math.floor(value / resolution) * resolution
  }

  #say(status: StatusSlot, machine: number, time: number): void {
    const { slot } = status
    const value = this.#statusValue(status, machine, time)
    this.#last[slot] = value
    this.#emitted++
    this.#emit(slot, time, value)
  }

  #hasChanged(slot: number, value: number): boolean {
    const last = this.#last[slot]
    this.#last[slot] = value
    return last !== value
  }
}

/** What text signals of machines of this plan may say, whichever of its lines they stand in. */
export function wordsOf(plan?: PlantPlan): readonly string[] {
  return vocabularyOf([{ products: plan?.products.map(({ id }) => id) ?? [] }]).words
}

/** The machines of a plant of which `isWanted` takes at least one signal, with those signals. */
export function behaviourMachines(plant: Plant, isWanted: (signal: Signal) => boolean): BehaviourMachine[] {
  const types = new Map(plant.machineTypes.map(type => [type.id, type]))
  return plant.sites
    .flatMap(site => site.areas)
    .flatMap(area => area.lines)
    .flatMap(line => line.machines)
    .map(machine => ({
      machine,
      archetype: types.get(machine.type)?.archetype ?? 'station',
      ratedPower: types.get(machine.type)?.ratedPower ?? 0,
      signals: machine.signals.filter(isWanted),
    }))
    .filter(({ signals }) => signals.length > 0)
}

/** Sorts the signals into what is measured and what the machine says of itself. */
function layOut(machines: readonly BehaviourMachine[], options: BehaviourOptions) {
  const sensors: PlacedSensor[] = []
  const scans: { machine: number; scan: Scan }[] = []
  const status: StatusSlot[][] = machines.map(() => [])
  let slot = 0
  for (const [m, { machine, archetype, signals }] of machines.entries()) {
    const byPeriod = new Map<string, Scan>()
    for (const signal of signals) {
      const kind = statusKindOf(signal)
      if (kind !== undefined) {
        status[m]!.push({ slot: slot++, kind, isText: signal.type === 'text' })
        continue
      }
      const isOnChange = signal.period === 0
      const period = isOnChange ? onChangePeriod : (options.period ?? signal.period)
      const key = `${period} ${isOnChange}`
      const scan = byPeriod.get(key) ?? { period, isOnChange, sensors: [], slots: [] }
      if (!byPeriod.has(key)) scans.push({ machine: m, scan })
      byPeriod.set(key, scan)
      scan.slots.push(slot++)
      scan.sensors.push(sensors.length)
      sensors.push({ signal, machine: m, archetype, idealCycleTime: machine.idealCycleTime, period })
    }
  }
  return { sensors, scans, status }
}

function statusPeriodOf(signals: readonly Signal[]): number {
  const periods = signals.filter(signal => statusKindOf(signal) !== undefined && signal.period > 0)
  return Math.min(statusPeriod, ...periods.map(signal => signal.period))
}

/** The first time from `start` on the grid of `period`, moved by the machine's `phase` (0 to 1). */
function firstDue(start: number, period: number, phase: number): number {
  const offset = Math.floor(phase * period)
  return Math.ceil((start - offset) / period) * period + offset
}
