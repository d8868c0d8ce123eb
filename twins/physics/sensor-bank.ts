import { decay } from '../../schema/elementary.js'
import type { Archetype, Signal } from '../../schema/plant.js'
import type { Flow } from '../flow/flow.js'
import { RandomStream } from '../flow/random.js'
import { autoregression } from './autoregression.js'
import { FaultHeat } from './fault-heat.js'
import type { Faults } from './faults.js'
import { frameRiseOf, type HeatBody, heatBodyOf } from './heat-body.js'
import { quantise, type Scale, scaleOf } from './instrument.js'
import { ambientMean, MachineLoad } from './machine-load.js'
import { normalOf, ownCentre } from './normal.js'
import { axisShape, cycleDepth, type Response, responseOf, workShape } from './response.js'
import { lagWithoutDrives, restOf, rests } from './rest.js'
import { runningOf, shareOfRunning } from './running.js'
import { Supply, type SupplyMachine } from './supply.js'
import { bledDown, magnetising, roomForStart, supplyNatures } from './supply-nature.js'
import { Symptoms } from './symptoms.js'
import { plainFrame, Warmth } from './thermal.js'

const kinds = [
  'process',
  'heat',
  'axis',
  'duration',
  'rotation',
  'power',
  'mains',
] as const satisfies readonly Response['kind'][]
const heat = kinds.indexOf('heat')
const axis = kinds.indexOf('axis')
const duration = kinds.indexOf('duration')
const rotation = kinds.indexOf('rotation')
const power = kinds.indexOf('power')
const mains = kinds.indexOf('mains')

const held = rests.indexOf('held')
const pumped = rests.indexOf('pumped')
const driven = rests.indexOf('driven')
const valved = rests.indexOf('valved')
/** Oil that still goes round while a pump only holds its pressure. */
const pumpedInStandby = 0.1

/** How fast a fluid or a space takes on the heat that a fault makes, seconds; see `FaultHeat` for what is solid. */
const faultLag: Readonly<Record<HeatBody, number>> = { winding: 0, frame: 0, fluid: 60, space: 120 }
/** How fast it loses it: a tank through its cooler, and three times slower while nothing is pumped, seconds. */
const cooling = 600
const coolingAtRest = 1800

/** A sensor to simulate and where it sits. */
export interface PlacedSensor {
  readonly signal: Signal
  readonly machine: number
  readonly archetype: Archetype
  /** Ideal cycle of its machine, seconds. */
  readonly idealCycleTime: number
  /** Distance between two samples, ms. */
  readonly period: number
}

export interface SensorBankParts {
  readonly seed: number
  /** Unix ms. */
  readonly start: number
  /** The machines, with all sensors that the plant knows of them, simulated here or not. */
  readonly machines: readonly SupplyMachine[]
  readonly flow: Flow
  readonly faults: Faults
}

/**
 * The sensors of a plant: what each shows when it is read. A reading is the target that state, phase of the cycle,
 * load, warmth and damage of the machine set, through a first-order lag, with noise that remembers itself, clipped to
 * the instrument's range and rounded to its resolution. Columns are by sensor; a reading allocates nothing.
 */
export class SensorBank {
  readonly #flow: Flow
  readonly #load: MachineLoad
  readonly #warmth: Warmth
  readonly #faultHeat: FaultHeat
  /** Place of a sensor of something solid in `#faultHeat`; -1 for all others. */
  readonly #heated: Int32Array
  readonly #supply: Supply
  readonly #symptoms: Symptoms
  readonly #chance: RandomStream[] = []
  readonly #scales: Scale[] = []
  readonly #machine: Uint32Array
  readonly #kind: Uint8Array
  readonly #isFrame: Uint8Array
  readonly #rest: Uint8Array
  /** Of each machine, the sensor that shows the pressure of its oil; -1: none does. */
  readonly #gauge: Int32Array
  /** Of currents, in their unit: what a run-up of 1 adds. */
  readonly #surge: Float64Array
  readonly #centre: Float64Array
  readonly #spread: Float64Array
  readonly #restShare: Float64Array
  readonly #follow: Float64Array
  /** The same while the drives have no power. */
  readonly #runDown: Float64Array
  readonly #swing: Float64Array
  readonly #loadGain: Float64Array
  readonly #noiseGain: Float64Array
  readonly #keep: Float64Array
  readonly #innovation: Float64Array
  readonly #faultFollow: Float64Array
  /** Of the heat of fluids: how fast it is lost at work and at rest. */
  readonly #cool: Float64Array
  readonly #coolAtRest: Float64Array
  /** Distance between two samples, ms. */
  readonly #period: Float64Array
  readonly #idealCycle: Float64Array
  /** The lagged value, the noise in standard deviations, what faults add by now, and what was shown last. */
  readonly #value: Float64Array
  readonly #noise: Float64Array
  readonly #excursion: Float64Array
  readonly #shown: Float64Array

  constructor(sensors: readonly PlacedSensor[], parts: SensorBankParts) {
    const { flow, faults, machines, seed, start } = parts
    const column = (): Float64Array => new Float64Array(sensors.length)
    this.#flow = flow
    this.#load = new MachineLoad(
      machines.map(({ id }) => id),
      seed,
      start,
    )
    const rises = machines.map(({ sensors: known, archetype }) => frameRiseOf(known, archetype, ambientMean))
    this.#warmth = new Warmth(machines.length, this.#load, start, m => rises[m] ?? plainFrame)
    const isHeated = sensors.map(({ signal, archetype }) => isSolid(signal, archetype))
    let heated = 0
    this.#heated = Int32Array.from(isHeated, is => (is ? heated++ : -1))
    this.#faultHeat = new FaultHeat(
      sensors.filter((_, s) => isHeated[s]),
      { seed, start, machines, faults },
    )
    this.#machine = Uint32Array.from(sensors, sensor => sensor.machine)
    this.#kind = new Uint8Array(sensors.length)
    this.#supply = new Supply(machines, { seed, start, flow, faults, load: this.#load })
    this.#isFrame = new Uint8Array(sensors.length)
    this.#rest = new Uint8Array(sensors.length)
    this.#surge = column()
    this.#centre = column()
    this.#spread = column()
    this.#restShare = column()
    this.#follow = column()
    this.#runDown = column()
    this.#swing = column()
    this.#loadGain = column()
    this.#noiseGain = column()
    this.#keep = column()
    this.#innovation = column()
    this.#faultFollow = column()
    this.#cool = column()
    this.#coolAtRest = column()
    this.#period = column()
    this.#idealCycle = column()
    this.#value = column()
    this.#noise = column()
    this.#excursion = column()
    this.#shown = column()
    for (const m of machines.keys()) this.onEvent(m, start)
    for (const [s, sensor] of sensors.entries()) this.#place(s, sensor, seed)
    this.#gauge = Int32Array.from(machines, (_, m) =>
      sensors.findIndex((sensor, s) => sensor.machine === m && this.#rest[s] === held),
    )
    this.#symptoms = new Symptoms(
      sensors.map(({ signal, machine, archetype }, s) => {
        const place = machines[machine]!.sensors.findIndex(({ id }) => id === signal.id)
        return { signal, machine, archetype, centre: this.#centre[s]!, place }
      }),
      machines.map(machine => machine.sensors),
      faults,
    )
  }

  #place(s: number, sensor: PlacedSensor, seed: number): void {
    const { signal, archetype } = sensor
    const chance = new RandomStream(seed, signal.id, 'noise')
    const response = responseOf(signal.quantity, archetype)
    const [, spread] = normalOf(signal)
    const step = sensor.period / 1000
    const noise = autoregression(response.memory, step)
    this.#chance.push(chance)
    this.#scales.push(scaleOf(signal))
    const body = heatBodyOf(signal, archetype)
    const isHeat = response.kind === 'heat'
    this.#kind[s] = kinds.indexOf(response.kind)
    this.#isFrame[s] = isHeat && body !== 'winding' ? 1 : 0
    const isExact = response.noise === 0
    const centre = ownCentre(signal, response, chance)
    this.#centre[s] = centre
    this.#rest[s] = rests.indexOf(restOf(signal, response, body, archetype))
    const room = roomForStart * ((signal.limits.warningHigh ?? Number.POSITIVE_INFINITY) / centre - 1)
    this.#surge[s] = centre * Math.min(1, Math.max(0, room) / supplyNatures[archetype].inrush)
    this.#spread[s] = spread
    this.#restShare[s] = response.rest
    this.#follow[s] = 1 - decay(step, response.lag)
    this.#runDown[s] = 1 - decay(step, lagWithoutDrives(signal, response))
    this.#faultFollow[s] = 1 - decay(step, isHeat ? faultLag[body] : response.lag)
    this.#cool[s] = isHeat ? 1 - decay(step, cooling) : this.#faultFollow[s]!
    this.#coolAtRest[s] = isHeat ? 1 - decay(step, coolingAtRest) : this.#faultFollow[s]!
    this.#swing[s] = spread * response.swing * cycleDepth[archetype]
    this.#loadGain[s] = spread * response.load
    this.#noiseGain[s] = spread * response.noise
    this.#keep[s] = noise.keep
    this.#innovation[s] = noise.innovation
    this.#period[s] = sensor.period
    this.#idealCycle[s] = sensor.idealCycleTime * 1000
    this.#noise[s] = isExact ? 0 : chance.noise()
    const isRunning = this.#runningOf(sensor.machine) > 0 || isHeat
    this.#value[s] = this.#centre[s]! * (isRunning ? 1 : response.rest)
    this.#shown[s] = this.#value[s]!
  }

  /** A machine has changed its state, or begins or stops to work on a part. */
  onEvent(machine: number, time: number): void {
    this.#warmth.advance(machine, time)
    const running = runningOf[this.#flow.state[machine]!]!
    this.#warmth.setRunning(machine, time, running)
    this.#faultHeat.setRunning(machine, time, running)
    this.#supply.onEvent(machine, time)
  }

  /** What the machine's meter has counted since the start, kWh. */
  energy(machine: number, time: number): number {
    this.#warmth.advance(machine, time)
    return this.#supply.energy(machine, time)
  }

  /** Reads a sensor at `time` (Unix ms); one period has passed since it was read last. */
  read(s: number, time: number): number {
    const machine = this.#machine[s]!
    // First, because both ask for the load, and its time does not go back.
    this.#warmth.advance(machine, time)
    const share = this.#runningOf(machine)
    const isTouched = this.#symptoms.isTouched(s)
    const isHeld = this.#rest[s] === held && !this.#supply.hasDrives(machine)
    const value = isHeld ? this.#bleeding(s, time, isTouched) : this.#driven(s, share, time, isTouched)
    const shown = value + this.#noiseNow(s, share, time, isTouched)
    if (!isTouched) return quantise(this.#scales[s]!, shown)
    if (!this.#symptoms.isStuck(s, time)) this.#shown[s] = shown + this.#symptoms.drift(s, time)
    return quantise(this.#scales[s]!, this.#shown[s]!)
  }

  /** The value that the machine brings about, and what its faults make of it. */
  #driven(s: number, share: number, time: number, isTouched: boolean): number {
    const machine = this.#machine[s]!
    const target = this.#kind[s] === heat ? this.#warm(s, machine) : this.#healthy(s, machine, share, time)
    const follow = this.#supply.hasDrives(machine) ? this.#follow[s]! : this.#runDown[s]!
    this.#value[s]! += (target - this.#value[s]!) * follow
    const heated = this.#heated[s]!
    if (heated >= 0) {
      this.#faultHeat.advance(machine, time)
      return this.#value[s]! + this.#faultHeat.rise(heated)
    }
    const off = isTouched || this.#excursion[s] !== 0 ? this.#excursed(s, share, time, isTouched) : 0
    return this.#value[s]! + off
  }

  /** A pressure without its pump: what was there when it stopped runs out, and a repair brings none of it back. */
  #bleeding(s: number, time: number, isTouched: boolean): number {
    const machine = this.#machine[s]!
    const centre = this.#centre[s]!
    const lost = isTouched ? Math.max(0, -this.#symptoms.excursion(s, time)) / centre : 0
    const elapsed = Math.min(this.#period[s]!, this.#supply.cutFor(machine, time))
    this.#value[s] = bledDown(this.#value[s]! + this.#excursion[s]!, centre, elapsed, lost)
    this.#excursion[s] = 0
    return this.#value[s]!
  }

  /** Where a healthy machine would have the value: between its rest and its work. */
  #healthy(s: number, machine: number, share: number, time: number): number {
    const kind = this.#kind[s]!
    if (kind === power) return this.#centre[s]! * this.#supply.power(machine, time)
    const rest = this.#resting(s, machine, time)
    // The force of an unbalance grows with the square of the speed.
    const part = kind === rotation ? share * share : share
    const value = share === 0 ? rest : rest + (this.#working(s, machine, time) - rest) * part
    return kind === mains ? value + this.#surge[s]! * this.#supply.inrush(machine, time) : value
  }

  /** Where the value is while nothing is made. */
  #resting(s: number, machine: number, time: number): number {
    const centre = this.#centre[s]!
    const supply = this.#supply
    switch (rests[this.#rest[s]!]!) {
      case 'share':
      case 'held':
        return centre * this.#restShare[s]!
      case 'mains': {
        const share = supply.restShare(machine, time)
        return centre * (supply.hasDrives(machine) ? share + magnetising : share)
      }
      case 'driven':
      case 'valved':
        return supply.hasDrives(machine) ? centre * this.#restShare[s]! : 0
      case 'pressed':
        return centre * this.#restShare[s]! * this.#heldShare(machine, time)
      case 'pumped':
        if (!supply.hasDrives(machine)) return 0
        return centre * (supply.isStandingBy(machine, time) ? pumpedInStandby : this.#restShare[s]!)
      case 'kept':
        return supply.hasDrives(machine) ? centre * this.#restShare[s]! : this.#load.ambient[machine]!
    }
  }

  /** What is left of the oil's pressure, as a share of the usual one. */
  #heldShare(machine: number, time: number): number {
    if (this.#supply.hasDrives(machine)) return 1
    const gauge = this.#gauge[machine]!
    if (gauge >= 0) return Math.max(0, this.#value[gauge]!) / this.#centre[gauge]!
    return bledDown(1, 1, this.#supply.cutFor(machine, time), 0)
  }

  #working(s: number, machine: number, time: number): number {
    const kind = this.#kind[s]!
    if (kind === duration) return this.#centre[s]! * (this.#flow.cycleLength[machine]! / this.#idealCycle[s]!)
    const centre = this.#centre[s]! + this.#loadGain[s]! * this.#load.at(machine, time)
    const elapsed = (time - this.#flow.cycleStart[machine]!) / this.#flow.cycleLength[machine]!
    const phase = this.#flow.isWorking(machine) ? Math.min(Math.max(elapsed, 0), 1) : 0
    return centre + this.#swing[s]! * (kind === axis ? axisShape(phase) : workShape(phase))
  }

  /** Between the surroundings and where the work of some hours has brought it. */
  #warm(s: number, machine: number): number {
    const warmth = this.#warmth
    const rise = this.#isFrame[s] === 1 ? warmth.frame[machine]! : warmth.winding[machine]!
    const ambient = this.#load.ambient[machine]!
    return ambient + (this.#centre[s]! - ambient) * rise + this.#loadGain[s]! * warmth.strain[machine]!
  }

  /** What damage adds: like the value itself, as far as the machine runs, and heat of fluids after a while. */
  #excursed(s: number, share: number, time: number, isTouched: boolean): number {
    const kind = this.#kind[s]!
    // Oil that no pump moves does not run faster either, and drives that are cut draw nothing more.
    const isMovedByDrives = this.#rest[s] === pumped || this.#rest[s] === driven
    const isDriven = isMovedByDrives || kind === power || kind === mains
    const isStill = isDriven && !this.#supply.hasDrives(this.#machine[s]!)
    // What does not turn does not shake, however damaged it is; what does not move presses nothing.
    const part = kind === rotation ? share * share : share
    const stands = kind === rotation || (share === 0 && this.#isMoved(s))
    const rest = kind === heat || isStill || stands ? 0 : this.#restShare[s]!
    const goal = isTouched ? this.#symptoms.excursion(s, time) * (rest + (1 - rest) * part) : 0
    const isCooling = goal < this.#excursion[s]!
    const loses = share > 0 ? this.#cool[s]! : this.#coolAtRest[s]!
    const follow = kind === heat && isCooling ? loses : this.#faultFollow[s]!
    const off = this.#excursion[s]! + (goal - this.#excursion[s]!) * follow
    // What is left of a fault that is gone ends where nobody can see it.
    this.#excursion[s] = goal === 0 && Math.abs(off) < 1e-3 * this.#spread[s]! ? 0 : off
    return this.#excursion[s]!
  }

  #noiseNow(s: number, share: number, time: number, isTouched: boolean): number {
    const gain = this.#noiseGain[s]!
    if (gain === 0) return 0
    const noise = this.#noise[s]! * this.#keep[s]! + this.#innovation[s]! * this.#chance[s]!.noise()
    this.#noise[s] = noise
    // What stands still does not shake, worn or not; the instrument's own noise is left.
    const isMoved = this.#isMoved(s) || this.#isFed(s)
    const rest = this.#rest[s]!
    const isPumped = rest === held || rest === pumped || rest === driven || rest === valved
    const isStill = isPumped && !this.#supply.hasDrives(this.#machine[s]!)
    const quiet = isMoved || isStill ? 0.2 + 0.8 * share : 1
    const stands = share === 0 && (isStill || this.#isMoved(s))
    return gain * noise * quiet * (isTouched ? this.#symptoms.noise(s, time, stands) : 1)
  }

  /** Whether the sensor shows what is there only while the machine moves: shaking, speed, torque, force. */
  #isMoved(s: number): boolean {
    return this.#restShare[s]! < 0.5 && this.#kind[s] !== heat && !this.#isFed(s)
  }

  /** Whether it shows what the machine draws from its mains. */
  #isFed(s: number): boolean {
    return this.#kind[s] === power || this.#kind[s] === mains
  }

  #runningOf(machine: number): number {
    return shareOfRunning(this.#flow.state[machine]!, this.#flow.isWorking(machine))
  }
}

/** Whether a sensor shows the temperature of a winding or a frame by the heat that its machine makes. */
function isSolid(signal: Signal, archetype: Archetype): boolean {
  const body = heatBodyOf(signal, archetype)
  const { kind } = responseOf(signal.quantity, archetype)
  return kind === 'heat' && (body === 'winding' || body === 'frame')
}
