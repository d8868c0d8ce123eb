import { RandomStream } from '../flow/random.js'

/** How often the load of a machine is drawn anew, ms. */
export const loadPeriod = 1000

const ambientMean = 22
/** Standard deviation, kelvin. */
const ambientSpread = 0.8

/** A first-order autoregression with unit variance and the given memory; exact in plain arithmetic (see random.ts). */
export function autoregression(memory: number, step: number): { keep: number; innovation: number } {
  const keep = memory / (memory + step)
  return { keep, innovation: Math.sqrt(1 - keep * keep) }
}

const quick = autoregression(20, loadPeriod / 1000)
const slow = autoregression(600, loadPeriod / 1000)
const surroundings = autoregression(3600, loadPeriod / 1000)

/**
 * What the signals of a machine have in common, and why they move together: how heavy the work is at the moment
 * (harder material, a duller edge: from part to part and over minutes), and how warm it is around the machine.
 */
export class MachineLoad {
  /** Mean 0, standard deviation 1, by machine. */
  readonly load: Float64Array
  /** Degrees Celsius, by machine. */
  readonly ambient: Float64Array
  readonly #quick: Float64Array
  readonly #slow: Float64Array
  readonly #chance: readonly RandomStream[]

  constructor(ids: readonly string[], seed: number) {
    this.load = new Float64Array(ids.length)
    this.ambient = new Float64Array(ids.length)
    this.#quick = new Float64Array(ids.length)
    this.#slow = new Float64Array(ids.length)
    this.#chance = ids.map(id => new RandomStream(seed, id, 'load'))
    for (const [m, chance] of this.#chance.entries()) {
      this.#quick[m] = chance.noise()
      this.#slow[m] = chance.noise()
      this.ambient[m] = ambientMean + ambientSpread * chance.noise()
      this.#mix(m)
    }
  }

  /** One period has passed for this machine. */
  step(machine: number): void {
    const chance = this.#chance[machine]!
    this.#quick[machine] = this.#quick[machine]! * quick.keep + quick.innovation * chance.noise()
    this.#slow[machine] = this.#slow[machine]! * slow.keep + slow.innovation * chance.noise()
    this.ambient[machine] =
      ambientMean +
      (this.ambient[machine]! - ambientMean) * surroundings.keep +
      ambientSpread * surroundings.innovation * chance.noise()
    this.#mix(machine)
  }

  #mix(machine: number): void {
    this.load[machine] = 0.8 * this.#quick[machine]! + 0.6 * this.#slow[machine]!
  }
}
