import { decay } from '../../schema/elementary.js'
import type { Archetype, Signal } from '../../schema/plant.js'
import { RandomStream } from '../flow/random.js'
import type { Faults } from './faults.js'
import { type HeatBody, heatBodyOf, temperatureOf } from './heat-body.js'
import { HeatGrid } from './heat-grid.js'
import { ownCentre } from './normal.js'
import { responseOf } from './response.js'
import { type SymptomSensor, Symptoms } from './symptoms.js'
import { passing, windingTime } from './thermal.js'

/** How fast a frame takes on the heat that a fault makes in it, ms. */
const frameTime = 600_000
/** What is left of a fault's heat that nobody can see, kelvin. */
const unseen = 1e-3

/** A temperature that is measured on a winding or a frame. */
interface HeatedSensor {
  readonly signal: Signal
  readonly machine: number
}

interface HeatedMachine {
  readonly archetype: Archetype
  readonly sensors: readonly Signal[]
}

/**
 * How much warmer faults make windings and frames, kelvin. A fault heats the body in which it sits: at work it makes as
 * much heat as it takes to follow the fault's curve, and none while the machine stands. All else goes through the stores
 * of `thermal.ts`: a hot winding warms its frame, both cool through the frame only, and slower without the fan. Each
 * sensor has both temperatures, its own and that of the body beside it, so that neither falls below what it sits on.
 */
export class FaultHeat {
  /** Sensors of each machine, as `[first, end)` in the columns. */
  readonly #of: readonly (readonly number[])[]
  readonly #symptoms: Symptoms
  /** Places among the symptoms of each sensor's winding and frame; -1: nothing measured there. */
  readonly #windingOf: Int32Array
  readonly #frameOf: Int32Array
  readonly #isFrame: Uint8Array
  readonly #winding: Float64Array
  readonly #frame: Float64Array
  readonly #grid: HeatGrid
  /** By machine: whether a fault has left heat in it. */
  readonly #isWarm: Uint8Array
  readonly #faults: Faults

  constructor(
    sensors: readonly HeatedSensor[],
    parts: {
      readonly seed: number
      readonly start: number
      readonly machines: readonly HeatedMachine[]
      readonly faults: Faults
    },
  ) {
    const { seed, start, machines, faults } = parts
    const shown: SymptomSensor[] = []
    const placeOf = (machine: number, signal: Signal | undefined): number => {
      if (signal === undefined) return -1
      const { archetype } = machines[machine]!
      const chance = new RandomStream(seed, signal.id, 'noise')
      const centre = ownCentre(signal, responseOf('temperature', archetype), chance)
      return shown.push({ signal, machine, archetype, centre, place: -1 }) - 1
    }
    const bodyOf = ({ signal, machine }: HeatedSensor, body: HeatBody): number => {
      const { archetype, sensors: known } = machines[machine]!
      if (heatBodyOf(signal, archetype) === body) return placeOf(machine, signal)
      return placeOf(machine, temperatureOf(body, known, archetype))
    }
    this.#windingOf = Int32Array.from(sensors, sensor => bodyOf(sensor, 'winding'))
    this.#frameOf = Int32Array.from(sensors, sensor => bodyOf(sensor, 'frame'))
    this.#isFrame = Uint8Array.from(sensors, ({ signal, machine }) =>
      heatBodyOf(signal, machines[machine]!.archetype) === 'frame' ? 1 : 0,
    )
    this.#symptoms = new Symptoms(
      shown,
      machines.map(({ sensors: known }) => known),
      faults,
    )
    this.#of = machines.map((_, m) => [...sensors.keys()].filter(s => sensors[s]!.machine === m))
    this.#winding = new Float64Array(sensors.length)
    this.#frame = new Float64Array(sensors.length)
    this.#grid = new HeatGrid(machines.length, { start, running: 0 }, (machine, elapsed, to) =>
      this.#pass(machine, elapsed, to),
    )
    this.#isWarm = new Uint8Array(machines.length)
    this.#faults = faults
  }

  /** What the machine's faults add to the temperature of a sensor by now, kelvin. */
  rise(sensor: number): number {
    return this.#isFrame[sensor] === 1 ? this.#frame[sensor]! : this.#winding[sensor]!
  }

  /** From `time` on the machine runs at this share of normal production, 0 to 1. */
  setRunning(machine: number, time: number, share: number): void {
    if (this.#isCold(machine)) this.#grid.skip(machine, time)
    this.#grid.setRunning(machine, time, share)
  }

  /** Balances the heat up to the last point of the grid. */
  advance(machine: number, time: number): void {
    if (this.#isCold(machine)) this.#grid.skip(machine, time)
    else this.#grid.advance(machine, time)
  }

  /** No fault heats it, and none has left heat in it. */
  #isCold(machine: number): boolean {
    return this.#isWarm[machine] === 0 && this.#faults.active[machine] === 0
  }

  #pass(machine: number, elapsed: number, to: number): void {
    const running = this.#grid.running[machine]!
    const isDamaged = this.#faults.active[machine]! > 0
    if (!isDamaged && this.#isWarm[machine] === 0) return
    const free = passing(elapsed, running > 0)
    const [windingKept, frameKept] = [decay(elapsed, windingTime), decay(elapsed, frameTime)]
    let isWarm = 0
    for (const s of this.#of[machine]!) {
      const [winding, frame] = [this.#winding[s]!, this.#frame[s]!]
      const windingGoal = isDamaged ? running * this.#goal(this.#windingOf[s]!, to) : 0
      const frameGoal = isDamaged ? running * this.#goal(this.#frameOf[s]!, to) : 0
      // A fault makes heat, or none: without it a body cools as its neighbours let it.
      this.#winding[s] = Math.max(
        free.windingFromWinding * winding + free.windingFromFrame * frame,
        windingGoal + (winding - windingGoal) * windingKept,
      )
      this.#frame[s] = Math.max(
        free.frameFromWinding * winding + free.frameFromFrame * frame,
        frameGoal + (frame - frameGoal) * frameKept,
      )
      if (this.#winding[s]! > unseen || this.#frame[s]! > unseen) isWarm = 1
      else this.#winding[s] = this.#frame[s] = 0
    }
    this.#isWarm[machine] = isWarm
  }

  #goal(place: number, time: number): number {
    return place < 0 ? 0 : this.#symptoms.excursion(place, time)
  }
}
