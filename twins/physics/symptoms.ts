import type { Archetype, Signal } from '../../schema/plant.js'
import { type Effect, faultNatures } from './effects.js'
import { type Excursion, excursionAt, excursionOf } from './excursion.js'
import type { Faults } from './faults.js'
import { heatBodyOf } from './heat-body.js'

/** A sensor of a machine that a fault may show in. */
export interface SymptomSensor {
  readonly signal: Signal
  readonly machine: number
  readonly archetype: Archetype
  /** Where the machine normally is, in the signal's unit. */
  readonly centre: number
  /** Place among the sensors of its machine. */
  readonly place: number
}

/** One fault in one sensor. */
interface Symptom {
  readonly slot: number
  /** By the side that was drawn; both the same where nothing is drawn. */
  readonly high: Excursion
  readonly low: Excursion
  readonly noise: number
}

const none: readonly Symptom[] = []
/** A drifting sensor is off by this share of its span when it fails (health: 5 % is drift); */
const driftSpan = 0.12
/** from this damage on it also gets noisy, to this many times its noise. */
const erraticFrom = 0.8
const erraticNoise = 4

/**
 * What faults do to sensors: how far each is pushed from where a healthy machine would have it. Which fault shows in
 * which sensor is settled once; asking costs nothing on a machine without damage.
 */
export class Symptoms {
  readonly #faults: Faults
  readonly #machine: Uint32Array
  readonly #symptoms: readonly (readonly Symptom[])[]
  /** The slot of its machine's sensor drift, the sensor's own place there, and its span. */
  readonly #drift: readonly (number | undefined)[]
  readonly #place: Uint32Array
  readonly #span: Float64Array
  /** From the low end of the scale to where the machine normally is. */
  readonly #room: Float64Array

  constructor(sensors: readonly SymptomSensor[], machines: readonly (readonly Signal[])[], faults: Faults) {
    this.#faults = faults
    this.#machine = Uint32Array.from(sensors, ({ machine }) => machine)
    this.#place = Uint32Array.from(sensors, ({ place }) => place)
    this.#span = Float64Array.from(sensors, ({ signal: { range } }) => range[1] - range[0])
    this.#room = Float64Array.from(sensors, ({ signal: { range }, centre }) => centre - range[0])
    this.#drift = sensors.map(({ machine }) => faults.bank.slotOf(machine, 'sensor-drift'))
    const shown = new ShownBy(machines)
    this.#symptoms = sensors.map(sensor => {
      const found: Symptom[] = []
      const { bank } = faults
      for (let slot = bank.first[sensor.machine]!; slot < bank.first[sensor.machine + 1]!; slot++) {
        for (const effect of faultNatures[bank.patterns[slot]!].effects) {
          if (!shown.by(effect, sensor)) continue
          const of = (side: 'high' | 'low') => excursionOf(effect, sensor.signal, sensor.centre, side)
          found.push({ slot, high: of('high'), low: of('low'), noise: effect.noise ?? 1 })
        }
      }
      return found
    })
  }

  /** Whether the sensor's machine has damage at all. */
  isTouched(sensor: number): boolean {
    return this.#faults.active[this.#machine[sensor]!]! > 0
  }

  /** Distance from its healthy value that the machine's faults aim at, in the signal's unit. */
  excursion(sensor: number, time: number): number {
    let sum = 0
    const symptoms = this.#symptoms[sensor]!
    for (let i = 0; i < symptoms.length; i++) {
      const { slot, high, low } = symptoms[i]!
      const damage = this.#faults.bank.damage(slot, time)
      if (damage > 0) sum += excursionAt(this.#faults.cases[slot]!.isLow ? low : high, damage)
    }
    return sum
  }

  /** Noise over the usual one; of what `stands`, only the instrument's own. */
  noise(sensor: number, time: number, stands: boolean): number {
    let factor = 1
    const symptoms = stands ? none : this.#symptoms[sensor]!
    for (let i = 0; i < symptoms.length; i++) {
      const { slot, noise } = symptoms[i]!
      factor *= 1 + (noise - 1) * this.#faults.bank.damage(slot, time)
    }
    const worn = this.#driftOf(sensor, time)
    return worn > erraticFrom
      ? factor * (1 + ((erraticNoise - 1) * (worn - erraticFrom)) / (1 - erraticFrom))
      : factor
  }

  /** What the instrument itself adds to the truth, in the signal's unit. */
  drift(sensor: number, time: number): number {
    const worn = this.#driftOf(sensor, time)
    if (worn === 0) return 0
    const furthest = driftSpan * this.#span[sensor]!
    // Where the scale ends there is nothing to drift to.
    const isLow = this.#faults.cases[this.#drift[sensor]!]!.isLow && this.#room[sensor]! > furthest
    return (isLow ? -1 : 1) * worn * furthest
  }

  /** A failed instrument shows what it showed last. */
  isStuck(sensor: number, time: number): boolean {
    return this.#driftOf(sensor, time) >= 1
  }

  #driftOf(sensor: number, time: number): number {
    const slot = this.#drift[sensor]
    if (slot === undefined || this.#faults.cases[slot]!.sensor !== this.#place[sensor]!) return 0
    return this.#faults.bank.damage(slot, time)
  }
}

/** Decides which of a machine's signals an effect shows in: the best described, not only the simulated ones. */
class ShownBy {
  readonly #machines: readonly (readonly Signal[])[]

  constructor(machines: readonly (readonly Signal[])[]) {
    this.#machines = machines
  }

  by(effect: Effect, { signal, machine, archetype }: SymptomSensor): boolean {
    if (signal.quantity !== effect.quantity || archetype === effect.except) return false
    if (effect.body !== undefined && !effect.body.includes(heatBodyOf(signal, archetype))) return false
    const rivals = this.#machines[machine]!.filter(({ quantity }) => quantity === effect.quantity)
    if (effect.named !== undefined && rivals.some(rival => effect.named?.test(rival.name))) {
      return effect.named.test(signal.name)
    }
    return effect.isOptional !== true
  }
}
