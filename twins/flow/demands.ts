import type { Demand, Order } from './model.js'
import { RandomStream } from './random.js'

/** What the machines at the head of a line are at. */
export interface OrderUnderWay {
  /** Of the order; undefined for a campaign. */
  readonly id?: string
  readonly product: number
  /** Parts that are not begun yet. */
  readonly left: number
}

/** What is to be made next, for the machines at the head of the lines. */
export class Demands {
  /** Hears when the next order or campaign is begun. */
  readonly #onOrder: (demand: number, time: number) => void
  readonly #demands: readonly Demand[]
  readonly #chance: readonly RandomStream[]
  /** Product and parts left of the order under way; none left: the next is yet to be chosen. */
  readonly #product: Int32Array
  readonly #left: Float64Array
  /** When the next part may begin, Unix ms. */
  readonly #release: Float64Array
  /** Campaigns begun so far, and the orders that are not begun yet, by place in their list. */
  readonly #campaigns: Uint32Array
  readonly #waiting: readonly number[][]
  /** Id of the order under way. */
  readonly #id: (string | undefined)[]
  readonly #isBegun: Uint8Array

  constructor(
    demands: readonly Demand[],
    seed: number,
    onOrder: (demand: number, time: number) => void = () => undefined,
  ) {
    this.#onOrder = onOrder
    this.#id = demands.map(() => undefined)
    this.#isBegun = new Uint8Array(demands.length)
    this.#demands = demands
    this.#chance = demands.map(({ id }) => new RandomStream(seed, id, 'demand'))
    this.#product = new Int32Array(demands.length)
    this.#left = new Float64Array(demands.length)
    this.#release = new Float64Array(demands.length)
    this.#campaigns = new Uint32Array(demands.length)
    this.#waiting = demands.map(demand => (demand.kind === 'orders' ? [...demand.orders.keys()] : []))
    for (const place of demands.keys()) this.#await(place)
  }

  /** When the next part may begin, Unix ms; infinite where everything is made. */
  nextRelease(demand: number): number {
    return this.#release[demand]!
  }

  /** Product of the next part; ask only once it may begin. */
  nextProduct(demand: number, time: number): number {
    if (this.#left[demand] === 0) this.#choose(demand, time)
    return this.#product[demand]!
  }

  /** The order or campaign that was begun last; undefined before the first. */
  underWay(demand: number): OrderUnderWay | undefined {
    if (this.#isBegun[demand] === 0) return undefined
    const id = this.#id[demand]
    return { ...(id !== undefined && { id }), product: this.#product[demand]!, left: this.#left[demand]! }
  }

  /** The part that was asked for begins. */
  take(demand: number): void {
    this.#left[demand]!--
    if (this.#left[demand] === 0) this.#await(demand)
  }

  #await(place: number): void {
    const demand = this.#demands[place]!
    this.#release[place] =
      demand.kind === 'campaigns'
        ? Number.NEGATIVE_INFINITY
        : Math.min(...this.#waiting[place]!.map(order => releaseOf(demand.orders[order]!)))
  }

  #choose(place: number, time: number): void {
    this.#next(place, time)
    this.#isBegun[place] = 1
    this.#onOrder(place, time)
  }

  #next(place: number, time: number): void {
    const demand = this.#demands[place]!
    if (demand.kind === 'campaigns') {
      this.#campaign(place, demand.products, demand.quantity)
      return
    }
    const waiting = this.#waiting[place]!
    const released = waiting.filter(order => releaseOf(demand.orders[order]!) <= time)
    const next = released.reduce((first, order) =>
      dueOf(demand.orders[order]!) < dueOf(demand.orders[first]!) ? order : first,
    )
    waiting.splice(waiting.indexOf(next), 1)
    this.#id[place] = demand.orders[next]!.id
    this.#product[place] = demand.orders[next]!.product
    this.#left[place] = demand.orders[next]!.quantity
    this.#release[place] = Number.NEGATIVE_INFINITY
  }

  /** Any product but the last one. */
  #campaign(place: number, products: readonly number[], [least, most]: readonly [number, number]): void {
    const chance = this.#chance[place]!
    const others =
      this.#campaigns[place]!++ === 0 ? products : products.filter(each => each !== this.#product[place])
    const from = others.length === 0 ? products : others
    this.#product[place] = from[Math.floor(chance.uniform() * from.length)] ?? 0
    this.#left[place] = Math.floor(chance.between(least, most + 1))
  }
}

const releaseOf = ({ release = Number.NEGATIVE_INFINITY }: Order): number => release
const dueOf = ({ due = Number.POSITIVE_INFINITY }: Order): number => due
