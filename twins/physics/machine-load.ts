import { RandomStream } from '../flow/random.js'
import { autoregression } from './autoregression.js'

/** The load is drawn anew on a grid of this distance, and runs straight from point to point, ms. */
const grid = 5000

/** Degrees Celsius around the machines. */
export const ambientMean = 22
/** Standard deviation, kelvin. */
const ambientSpread = 0.8

const quick = autoregression(20, grid / 1000)
const slow = autoregression(600, grid / 1000)
const surroundings = autoregression(3600, grid / 1000)

/**
 * What the signals of a machine have in common, and why they move together: how heavy the work is at the moment
 * (harder material, a duller edge: from part to part and over minutes), and how warm it is around the machine. A
 * machine's load depends on the time alone, not on who asks for it or how often, and costs nothing until somebody asks.
 */
export class MachineLoad {
  /** Degrees Celsius around each machine, as of the last question. */
  readonly ambient: Float64Array
  readonly #quick: Float64Array
  readonly #slow: Float64Array
  /** The load at both ends of the stretch of the grid that ends at `#end`. */
  readonly #from: Float64Array
  readonly #to: Float64Array
  readonly #end: Float64Array
  /** Integral of the load up to the begin of that stretch, ms. */
  readonly #sum: Float64Array
  readonly #chance: readonly RandomStream[]

  constructor(ids: readonly string[], seed: number, start: number) {
    const column = (): Float64Array => new Float64Array(ids.length)
    this.ambient = column()
    this.#quick = column()
    this.#slow = column()
    this.#from = column()
    this.#to = column()
    this.#end = column().fill(Math.floor(start / grid) * grid)
    this.#sum = column()
    this.#chance = ids.map(id => new RandomStream(seed, id, 'load'))
    for (const [m, chance] of this.#chance.entries()) {
      this.#quick[m] = chance.noise()
      this.#slow[m] = chance.noise()
      this.ambient[m] = ambientMean + ambientSpread * chance.noise()
      this.#to[m] = this.#mix(m)
    }
  }

  /** How heavy the work of a machine is at `time`: mean 0, standard deviation 1. Time never goes back. */
  at(machine: number, time: number): number {
    while (time > this.#end[machine]!) this.#step(machine)
    const to = this.#to[machine]!
    return to + ((this.#from[machine]! - to) * (this.#end[machine]! - time)) / grid
  }

  /** Integral of the load up to `time`, ms, from some time before the start. Time never goes back. */
  sum(machine: number, time: number): number {
    const load = this.at(machine, time)
    const elapsed = time - this.#end[machine]! + grid
    return this.#sum[machine]! + ((this.#from[machine]! + load) / 2) * elapsed
  }

  #step(machine: number): void {
    this.#sum[machine]! += ((this.#from[machine]! + this.#to[machine]!) / 2) * grid
    const chance = this.#chance[machine]!
    this.#quick[machine] = this.#quick[machine]! * quick.keep + quick.innovation * chance.noise()
    this.#slow[machine] = this.#slow[machine]! * slow.keep + slow.innovation * chance.noise()
    this.ambient[machine] =
      ambientMean +
      (this.ambient[machine]! - ambientMean) * surroundings.keep +
      ambientSpread * surroundings.innovation * chance.noise()
    this.#from[machine] = this.#to[machine]!
    this.#to[machine] = this.#mix(machine)
    this.#end[machine]! += grid
  }

  #mix(machine: number): number {
    return 0.8 * this.#quick[machine]! + 0.6 * this.#slow[machine]!
  }
}
