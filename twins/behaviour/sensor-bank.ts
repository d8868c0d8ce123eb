import { type PackmlState, packmlStates } from '../../schema/packml.js'
import type { Archetype, Signal } from '../../schema/plant.js'
import type { Flow } from '../flow/flow.js'
import { RandomStream } from '../flow/random.js'
import { autoregression, type MachineLoad } from './load.js'
import { axisShape, cycleDepth, type Response, responseOf, workShape } from './response.js'

/** How much of the machine runs in each PackML state: 1 = as in normal production, 0 = at rest. */
const running: Readonly<Record<PackmlState, number>> = {
  Undefined: 0,
  Clearing: 0,
  Stopped: 0,
  Starting: 0.6,
  Idle: 0,
  Suspended: 0,
  Execute: 1,
  Stopping: 0.3,
  Aborting: 0,
  Aborted: 0,
  Holding: 0.3,
  Held: 0,
  Unholding: 0.6,
  Suspending: 0.3,
  Unsuspending: 0.6,
  Resetting: 0.1,
  Completing: 0.3,
  Complete: 0,
}
const runningByNumber = Float64Array.from(packmlStates, state => running[state])
/** In Execute, but waiting for a neighbour. */
const runningWhileWaiting = 0.5

const kinds = ['process', 'heat', 'axis', 'duration'] as const satisfies readonly Response['kind'][]
const heat = kinds.indexOf('heat')
const axis = kinds.indexOf('axis')
const duration = kinds.indexOf('duration')

/** How many spreads a healthy value may use up toward a warning limit; see `spreadOf`. */
const spreadsToLimit = 3.5

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

/**
 * The sensors of a plant: what each shows when it is read. A reading is the target that state, phase of the cycle and
 * load of the machine set, through a first-order lag, with noise that remembers itself, clipped to the instrument's
 * range and rounded to its resolution. Columns are by sensor; a reading allocates nothing.
 */
export class SensorBank {
  readonly #flow: Flow
  readonly #load: MachineLoad
  readonly #chance: RandomStream[] = []
  readonly #machine: Uint32Array
  readonly #kind: Uint8Array
  readonly #centre: Float64Array
  readonly #spread: Float64Array
  readonly #rest: Float64Array
  readonly #follow: Float64Array
  readonly #restFollow: Float64Array
  readonly #swing: Float64Array
  readonly #loadGain: Float64Array
  readonly #noiseGain: Float64Array
  readonly #keep: Float64Array
  readonly #innovation: Float64Array
  readonly #low: Float64Array
  readonly #high: Float64Array
  readonly #resolution: Float64Array
  readonly #stepsPerUnit: Float64Array
  readonly #idealCycle: Float64Array
  /** The lagged value, and the noise in standard deviations. */
  readonly #value: Float64Array
  readonly #noise: Float64Array

  constructor(sensors: readonly PlacedSensor[], options: { seed: number; flow: Flow; load: MachineLoad }) {
    const column = (): Float64Array => new Float64Array(sensors.length)
    this.#flow = options.flow
    this.#load = options.load
    this.#machine = Uint32Array.from(sensors, sensor => sensor.machine)
    this.#kind = new Uint8Array(sensors.length)
    this.#centre = column()
    this.#spread = column()
    this.#rest = column()
    this.#follow = column()
    this.#restFollow = column()
    this.#swing = column()
    this.#loadGain = column()
    this.#noiseGain = column()
    this.#keep = column()
    this.#innovation = column()
    this.#low = column()
    this.#high = column()
    this.#resolution = column()
    this.#stepsPerUnit = column()
    this.#idealCycle = column()
    this.#value = column()
    this.#noise = column()
    for (const [s, sensor] of sensors.entries()) this.#place(s, sensor, options.seed)
  }

  #place(s: number, sensor: PlacedSensor, seed: number): void {
    const { signal, archetype } = sensor
    const chance = new RandomStream(seed, signal.id, 'noise')
    const response = responseOf(signal.quantity, archetype)
    const [centre, spread] = normalOf(signal)
    const step = sensor.period / 1000
    const noise = autoregression(response.memory, step)
    const resolution = signal.resolution
    this.#chance.push(chance)
    this.#kind[s] = kinds.indexOf(response.kind)
    // Two machines of a type are never quite alike; a set value or a duration is.
    const isExact = response.noise === 0
    this.#centre[s] = centre + (isExact ? 0 : spread * chance.between(-0.3, 0.3))
    this.#spread[s] = spread
    this.#rest[s] = centre * response.rest
    this.#follow[s] = step / (response.lag + step)
    this.#restFollow[s] = step / (response.restLag + step)
    this.#swing[s] = spread * response.swing * cycleDepth[archetype]
    this.#loadGain[s] = spread * response.load
    this.#noiseGain[s] = spread * response.noise
    this.#keep[s] = noise.keep
    this.#innovation[s] = noise.innovation
    this.#resolution[s] = resolution
    // 1 / 0.1 and its like are whole numbers: dividing by them gives 0.3, where multiplying gives 0.30000000000000004.
    const steps = resolution > 0 ? 1 / resolution : 0
    this.#stepsPerUnit[s] = Math.abs(steps - Math.round(steps)) < 1e-6 * steps ? Math.round(steps) : 0
    this.#low[s] = resolution > 0 ? Math.ceil(signal.range[0] / resolution - 1e-9) : signal.range[0]
    this.#high[s] = resolution > 0 ? Math.floor(signal.range[1] / resolution + 1e-9) : signal.range[1]
    this.#idealCycle[s] = sensor.idealCycleTime * 1000
    this.#noise[s] = isExact ? 0 : chance.noise()
    this.#value[s] = this.#runningOf(sensor.machine) > 0 ? this.#centre[s]! : this.#restOf(s, sensor.machine)
  }

  /** Reads a sensor at `time` (Unix ms); one period has passed since it was read last. */
  read(s: number, time: number): number {
    const machine = this.#machine[s]!
    const share = this.#runningOf(machine)
    const rest = this.#restOf(s, machine)
    const target = share === 0 ? rest : rest + (this.#working(s, machine, time) - rest) * share
    const follow = share === 0 ? this.#restFollow[s]! : this.#follow[s]!
    const value = this.#value[s]! + (target - this.#value[s]!) * follow
    this.#value[s] = value
    const gain = this.#noiseGain[s]!
    if (gain === 0) return this.#quantise(s, value)
    const noise = this.#noise[s]! * this.#keep[s]! + this.#innovation[s]! * this.#chance[s]!.noise()
    this.#noise[s] = noise
    // What stands still does not shake; the instrument's own noise is left.
    const quiet = this.#rest[s]! < 0.5 * this.#centre[s]! && this.#kind[s] !== heat ? 0.2 + 0.8 * share : 1
    return this.#quantise(s, value + gain * noise * quiet)
  }

  #working(s: number, machine: number, time: number): number {
    const centre = this.#centre[s]! + this.#loadGain[s]! * this.#load.load[machine]!
    const kind = this.#kind[s]!
    if (kind === heat) return centre
    if (kind === duration) return this.#centre[s]! * (this.#flow.cycleLength[machine]! / this.#idealCycle[s]!)
    const elapsed = (time - this.#flow.cycleStart[machine]!) / this.#flow.cycleLength[machine]!
    const phase = this.#flow.isWorking(machine) ? Math.min(Math.max(elapsed, 0), 1) : 0
    return centre + this.#swing[s]! * (kind === axis ? axisShape(phase) : workShape(phase))
  }

  #runningOf(machine: number): number {
    const share = runningByNumber[this.#flow.state[machine]!]!
    return share === 1 && !this.#flow.isWorking(machine) ? runningWhileWaiting : share
  }

  #restOf(s: number, machine: number): number {
    return this.#kind[s] === heat ? this.#load.ambient[machine]! : this.#rest[s]!
  }

  #quantise(s: number, value: number): number {
    const resolution = this.#resolution[s]!
    if (resolution === 0) return Math.min(Math.max(value, this.#low[s]!), this.#high[s]!)
    const perUnit = this.#stepsPerUnit[s]!
    const steps = Math.round(perUnit > 0 ? value * perUnit : value / resolution)
    const clipped = Math.min(Math.max(steps, this.#low[s]!), this.#high[s]!)
    // Adding zero turns -0 into 0.
    return (perUnit > 0 ? clipped / perUnit : clipped * resolution) + 0
  }
}

/** Centre and spread of a signal; where the plant does not say, the lower middle of its range. */
function normalOf(signal: Signal): readonly [centre: number, spread: number] {
  const [low, high] = signal.range
  const [centre, spread] = signal.normal ?? [low + 0.4 * (high - low), 0.02 * (high - low)]
  return [centre, spreadOf(signal, centre, spread)]
}

/** A healthy machine keeps clear of its warnings: the spread gives way where the plant's limits are tight. */
function spreadOf({ limits }: Signal, centre: number, spread: number): number {
  const above = (limits.warningHigh ?? Number.POSITIVE_INFINITY) - centre
  const below = centre - (limits.warningLow ?? Number.NEGATIVE_INFINITY)
  return Math.max(0, Math.min(spread, above / spreadsToLimit, below / spreadsToLimit))
}
