import type { Demand } from './model.js'
import { RandomStream } from './random.js'

/** What is to be made next, for the machines at the head of the lines. */
export class Demands {
  readonly #demands: readonly Demand[]
  readonly #chance: readonly RandomStream[]
  /** Product and parts left of the order under way, and when it may begin, Unix ms. */
  readonly #product: Int32Array
  readonly #left: Float64Array
  readonly #release: Float64Array
  /** Orders begun so far. */
  readonly #order: Uint32Array

  constructor(demands: readonly Demand[], seed: number) {
    this.#demands = demands
    this.#chance = demands.map(({ id }) => new RandomStream(seed, id, 'demand'))
    this.#product = new Int32Array(demands.length)
    this.#left = new Float64Array(demands.length)
    this.#release = new Float64Array(demands.length)
    this.#order = new Uint32Array(demands.length)
    for (const place of demands.keys()) this.#begin(place)
  }

  /** When the next part may begin, Unix ms; infinite where everything is made. */
  nextRelease(demand: number): number {
    return this.#release[demand]!
  }

  nextProduct(demand: number): number {
    return this.#product[demand]!
  }

  /** One part begins. */
  take(demand: number): void {
    this.#left[demand]!--
    if (this.#left[demand]! <= 0) this.#begin(demand)
  }

  #begin(place: number): void {
    const demand = this.#demands[place]!
    if (demand.kind === 'campaigns') {
      this.#campaign(place, demand.products, demand.quantity)
      return
    }
    const order = demand.orders[this.#order[place]!++]
    this.#release[place] = order === undefined ? Number.POSITIVE_INFINITY : (order.release ?? 0)
    this.#product[place] = order?.product ?? 0
    this.#left[place] = order?.quantity ?? 0
  }

  /** Any product but the last one. */
  #campaign(place: number, products: readonly number[], [least, most]: readonly [number, number]): void {
    const chance = this.#chance[place]!
    const others =
      this.#order[place]!++ === 0 ? products : products.filter(each => each !== this.#product[place])
    const from = others.length === 0 ? products : others
    this.#product[place] = from[Math.floor(chance.uniform() * from.length)] ?? 0
    this.#left[place] = Math.floor(chance.between(least, most + 1))
    this.#release[place] = Number.NEGATIVE_INFINITY
  }
}
