import { decay } from '../../schema/elementary.js'
import type { Archetype, Signal } from '../../schema/plant.js'
import { conversion } from '../../schema/unit-conversion.js'
import type { Flow } from '../flow/flow.js'
import { RandomStream } from '../flow/random.js'
import type { Faults } from './faults.js'
import type { MachineLoad } from './machine-load.js'
import { normalOf, ownCentre } from './normal.js'
import { cycleDepth, responseOf, workShape, workShapeIntegral } from './response.js'
import { shareOfRunning } from './running.js'
import {
  drivesOf,
  offShare,
  readyFor,
  roomForStart,
  runUpPowerFactor,
  type SupplyNature,
  standbyFor,
  supplyNatures,
} from './supply-nature.js'
import { Symptoms } from './symptoms.js'

/** Share of its rated power that a machine draws at work, where no signal of it says what is normal, and its spread. */
const usualLoad = 0.57
const usualSpread = 0.055
/** Beyond this share of the mean the swings of the work do not go, so that power is never less than nothing. */
const widestSpread = 0.25
/** What is left of a run-up after so many time constants nobody can measure. */
const runUpEnd = 40
const msPerHour = 3_600_000
const never = Number.POSITIVE_INFINITY

export interface SupplyMachine {
  readonly id: string
  readonly archetype: Archetype
  /** kW. */
  readonly ratedPower: number
  readonly sensors: readonly Signal[]
}

/**
 * What machines draw from the mains, and what their meters have counted. Power follows state (ready, standby and off as
 * ISO 14955-1 has them), phase of the cycle, load and damage; between two events of a machine it has a closed form,
 * and so has its integral: energy is exactly what the power adds up to, whoever asks for either, and when.
 *
 * The owner tells of every event of a machine, in the order of time, and asks for no time before it.
 */
export class Supply {
  /** Mean power at work, kW. */
  readonly mean: Float64Array
  readonly #flow: Flow
  readonly #load: MachineLoad
  readonly #symptoms: Symptoms
  readonly #natures: readonly SupplyNature[]
  /** Per standard deviation of the load, and per unit of the shape of the work, as shares of the mean. */
  readonly #loadGain: Float64Array
  readonly #swing: Float64Array
  readonly #surge: Float64Array
  /** Running share since the last event, and whether it works on a part. */
  readonly #share: Float64Array
  readonly #isWorking: Uint8Array
  /** When a resting machine goes to standby and off, Unix ms; infinite: not by itself. */
  readonly #readyUntil: Float64Array
  readonly #standbyUntil: Float64Array
  /** When the drives lost their power, Unix ms; infinite while they have it. When they got it last. */
  readonly #cutAt: Float64Array
  readonly #startedAt: Float64Array
  /** Up to when the meter has counted, Unix ms, and what was there then: kWh, integral of the load, power of faults. */
  readonly #countedTo: Float64Array
  readonly #counted: Float64Array
  readonly #loadSum: Float64Array
  readonly #excess: Float64Array

  constructor(
    machines: readonly SupplyMachine[],
    parts: {
      readonly seed: number
      readonly start: number
      readonly flow: Flow
      readonly faults: Faults
      readonly load: MachineLoad
    },
  ) {
    const { seed, start, flow, faults, load } = parts
    const column = (value = 0): Float64Array => new Float64Array(machines.length).fill(value)
    const meters = machines.map(machine => mainsOf(machine, seed))
    this.#flow = flow
    this.#load = load
    this.mean = Float64Array.from(meters, ({ mean }) => mean)
    this.#natures = machines.map(({ archetype }) => supplyNatures[archetype])
    const power = machines.map(({ archetype }) => responseOf('power', archetype))
    this.#loadGain = Float64Array.from(meters, ({ spread }, m) => spread * power[m]!.load)
    this.#swing = Float64Array.from(
      meters,
      ({ spread }, m) => spread * power[m]!.swing * cycleDepth[machines[m]!.archetype],
    )
    this.#surge = Float64Array.from(meters, ({ room }, m) =>
      Math.min(this.#natures[m]!.inrush * runUpPowerFactor, room),
    )
    this.#symptoms = new Symptoms(
      meters.map(({ signal, mean }, machine) => {
        return { signal, machine, archetype: machines[machine]!.archetype, centre: mean, place: -1 }
      }),
      machines.map(({ sensors }) => sensors),
      faults,
    )
    this.#share = column()
    this.#isWorking = new Uint8Array(machines.length)
    this.#readyUntil = column(never)
    this.#standbyUntil = column(never)
    this.#cutAt = column(never)
    this.#startedAt = column(-never)
    this.#countedTo = column(start)
    this.#counted = column()
    this.#loadSum = column()
    this.#excess = column()
    for (const m of machines.keys()) {
      this.#loadSum[m] = load.sum(m, start)
      this.#take(m, start)
    }
  }

  /** The machine has changed its state, or begins or stops to work on a part. */
  onEvent(machine: number, time: number): void {
    this.#count(machine, time)
    this.#take(machine, time)
  }

  /** Power as a share of the mean at work; 1 = as in normal production. What damage adds is not in it. */
  power(machine: number, time: number): number {
    const rest = this.restShare(machine, time)
    const share = this.#share[machine]!
    const surge = this.#surge[machine]! * this.#runUp(machine, time)
    if (share === 0) return rest + surge
    const swing = this.#swing[machine]! * this.#shape(machine, time)
    const load = this.#loadGain[machine]! * this.#load.at(machine, time)
    return rest + share * (1 - rest + load + swing) + surge
  }

  /** Power with what damage adds, kW. */
  kilowatts(machine: number, time: number): number {
    return this.mean[machine]! * (this.power(machine, time) + this.#excessAt(machine, time))
  }

  /** What the meter has counted since the start, kWh; never less than before. */
  energy(machine: number, time: number): number {
    return this.#counted[machine]! + this.#since(machine, time)
  }

  /** Share of the mean that is drawn for nothing: ready, standby or off. */
  restShare(machine: number, time: number): number {
    const { ready, standby } = this.#natures[machine]!
    if (time < this.#readyUntil[machine]!) return ready
    return time < this.#standbyUntil[machine]! ? standby : offShare
  }

  /** Current on top as motors run up, as a share of the mean at work. */
  inrush(machine: number, time: number): number {
    return this.#natures[machine]!.inrush * this.#runUp(machine, time)
  }

  /** Whether the drives have power. */
  hasDrives(machine: number): boolean {
    return this.#cutAt[machine] === never
  }

  /** Whether pumps and drives stand by, without having lost their power. */
  isStandingBy(machine: number, time: number): boolean {
    return this.hasDrives(machine) && time >= this.#readyUntil[machine]!
  }

  /** How long the drives have been without power, ms; 0 while they have it. */
  cutFor(machine: number, time: number): number {
    return Math.max(0, time - this.#cutAt[machine]!)
  }

  #runUp(machine: number, time: number): number {
    const elapsed = time - this.#startedAt[machine]!
    const { runUp } = this.#natures[machine]!
    return elapsed < runUpEnd * runUp ? decay(elapsed, runUp) : 0
  }

  #phase(machine: number, time: number): number {
    const elapsed = (time - this.#flow.cycleStart[machine]!) / this.#flow.cycleLength[machine]!
    return Math.min(Math.max(elapsed, 0), 1)
  }

  #shape(machine: number, time: number): number {
    return workShape(this.#isWorking[machine] === 1 ? this.#phase(machine, time) : 0)
  }

  /** What damage adds, as a share of the mean. */
  #excessAt(machine: number, time: number): number {
    // What has no power draws none for its fault either.
    if (!this.#symptoms.isTouched(machine) || !this.hasDrives(machine)) return 0
    const { ready } = this.#natures[machine]!
    const share = ready + (1 - ready) * this.#share[machine]!
    return (share * Math.max(0, this.#symptoms.excursion(machine, time))) / this.mean[machine]!
  }

  /** Takes over what the machine does from now on. */
  #take(machine: number, time: number): void {
    const wasResting = this.#readyUntil[machine] !== never
    const wasReady = time < this.#readyUntil[machine]!
    const state = this.#flow.state[machine]!
    const isWorking = this.#flow.isWorking(machine)
    const share = shareOfRunning(state, isWorking)
    this.#share[machine] = share
    this.#isWorking[machine] = isWorking ? 1 : 0
    if (drivesOf[state] === 0) {
      if (this.#cutAt[machine] === never) {
        this.#cutAt[machine] = time
        this.#readyUntil[machine] = time
        this.#standbyUntil[machine] = time + standbyFor
        this.#startedAt[machine] = -never
      }
    } else {
      if (!wasReady && (share > 0 || !this.hasDrives(machine))) this.#startedAt[machine] = time
      const goesOnResting = share === 0 && wasResting && this.hasDrives(machine)
      if (!goesOnResting) this.#readyUntil[machine] = share > 0 ? never : time + readyFor
      this.#standbyUntil[machine] = never
      this.#cutAt[machine] = never
    }
    this.#excess[machine] = this.#excessAt(machine, time)
  }

  #count(machine: number, time: number): void {
    this.#counted[machine]! += this.#since(machine, time)
    this.#loadSum[machine] = this.#load.sum(machine, time)
    this.#countedTo[machine] = time
    this.#excess[machine] = this.#excessAt(machine, time)
  }

  /** Energy since the meter counted last, kWh: the integral of `power`, term by term, and of what damage added. */
  #since(machine: number, time: number): number {
    const from = this.#countedTo[machine]!
    const elapsed = time - from
    if (elapsed <= 0) return 0
    const share = this.#share[machine]!
    let sum = this.#restIntegral(machine, from, time) + this.#runUpIntegral(machine, from, time)
    if (share > 0) {
      const load = this.#load.sum(machine, time) - this.#loadSum[machine]!
      const { ready } = this.#natures[machine]!
      const work = (1 - ready) * elapsed + this.#loadGain[machine]! * load
      sum += share * (work + this.#swing[machine]! * this.#shapeIntegral(machine, from, time))
    }
    // Damage grows far more slowly than events come: straight from one to the next.
    const excess = this.#excessAt(machine, time)
    if (excess > 0 || this.#excess[machine]! > 0) sum += ((this.#excess[machine]! + excess) / 2) * elapsed
    return Math.max(0, (this.mean[machine]! * sum) / msPerHour)
  }

  #restIntegral(machine: number, from: number, to: number): number {
    const { ready, standby } = this.#natures[machine]!
    const readyEnd = Math.min(Math.max(this.#readyUntil[machine]!, from), to)
    const standbyEnd = Math.min(Math.max(this.#standbyUntil[machine]!, readyEnd), to)
    return ready * (readyEnd - from) + standby * (standbyEnd - readyEnd) + offShare * (to - standbyEnd)
  }

  #runUpIntegral(machine: number, from: number, to: number): number {
    const { runUp } = this.#natures[machine]!
    return this.#surge[machine]! * runUp * (this.#runUp(machine, from) - this.#runUp(machine, to))
  }

  #shapeIntegral(machine: number, from: number, to: number): number {
    if (this.#isWorking[machine] === 0) return workShape(0) * (to - from)
    const between =
      workShapeIntegral(this.#phase(machine, to)) - workShapeIntegral(this.#phase(machine, from))
    return this.#flow.cycleLength[machine]! * between
  }
}

/** Mean power at work, kW, spread and room for a start as shares of it, and the signal that shows it or would. */
function mainsOf({ id, archetype, ratedPower, sensors }: SupplyMachine, seed: number) {
  const signal = sensors.find(
    ({ quantity, unit }) => quantity === 'power' && conversion(unit, 'kW') !== undefined,
  )
  if (signal === undefined) {
    const mean = usualLoad * ratedPower * new RandomStream(seed, id, 'mains').between(0.98, 1.02)
    const range = [0, 3 * ratedPower] as const
    const normal = [mean, usualSpread * mean] as const
    const would = { ...unseen, id: `${id}.power`, range, normal }
    return { mean, spread: usualSpread, room: never, signal: would }
  }
  const toKilowatts = conversion(signal.unit, 'kW')!.scale
  const centre = ownCentre(signal, responseOf('power', archetype), new RandomStream(seed, signal.id, 'noise'))
  const [, spread] = normalOf(signal)
  const warning = signal.limits.warningHigh ?? never
  const normal = [centre * toKilowatts, spread * toKilowatts] as const
  return {
    mean: centre * toKilowatts,
    spread: Math.min(spread / centre, widestSpread),
    room: Math.max(0, roomForStart * (warning / centre - 1)),
    signal: { ...scaled(signal, toKilowatts), normal },
  }
}

const unseen: Omit<Signal, 'id' | 'range' | 'normal'> = {
  name: 'power',
  role: 'sensor',
  quantity: 'power',
  unit: 'kW',
  type: 'number',
  period: 0,
  resolution: 0,
  limits: {},
  source: '',
  tag: '',
}

/** The signal in kW. */
function scaled(signal: Signal, scale: number): Signal {
  const { warningHigh, criticalHigh, ...rest } = signal.limits
  const limits = {
    ...rest,
    ...(warningHigh !== undefined && { warningHigh: warningHigh * scale }),
    ...(criticalHigh !== undefined && { criticalHigh: criticalHigh * scale }),
  }
  const [low, high] = signal.range
  return { ...signal, unit: 'kW', limits, range: [low * scale, high * scale] }
}
