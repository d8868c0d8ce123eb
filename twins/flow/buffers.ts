import type { MachineModel } from './model.js'

/**
 * The parts between machines: one buffer before each, first in, first out, filled by all machines that feed it, and
 * beside it the parts that wait there to be done again. A machine that nobody feeds has none.
 */
export class Buffers {
  /** Parts before each machine, those on their way and those to be done again included. */
  readonly level: Int32Array
  /** How many fit; parts to be done again do not count. */
  readonly capacity: Int32Array
  /** Places of the machines before each machine. */
  readonly suppliers: readonly (readonly number[])[]
  readonly #feeds: readonly (readonly number[])[]
  /** Places taken or promised. */
  readonly #taken: Int32Array
  /** Rings of products and of the times at which they arrive, one ring after the other. */
  readonly #product: Uint16Array
  readonly #arrival: Float64Array
  /** Of each ring: where it begins and where the next does; the next part to be taken, and the place of the next put. */
  readonly #begin: Int32Array
  readonly #end: Int32Array
  readonly #head: Int32Array
  readonly #tail: Int32Array
  /** Products of the parts to be done again, and how many there are, which is asked far more often. */
  readonly #again: readonly number[][]
  readonly #againCount: Int32Array
  /** The machine fed where it is the only one; -1 elsewhere. */
  readonly #onlyFed: Int32Array

  constructor(machines: readonly MachineModel[]) {
    const n = machines.length
    const suppliers: number[][] = machines.map(() => [])
    for (const [from, { feeds }] of machines.entries()) for (const to of feeds) suppliers[to]?.push(from)
    this.suppliers = suppliers
    this.#feeds = machines.map(({ feeds }) => feeds)
    this.level = new Int32Array(n)
    this.capacity = Int32Array.from(machines, ({ buffer }) => buffer.capacity)
    this.#taken = new Int32Array(n)
    let places = 0
    this.#end = this.capacity.map(capacity => {
      places += Math.max(1, capacity)
      return places
    })
    this.#begin = this.#end.map((_, m) => (m === 0 ? 0 : this.#end[m - 1]!))
    this.#product = new Uint16Array(places)
    this.#arrival = new Float64Array(places).fill(Number.NEGATIVE_INFINITY)
    this.#head = this.#begin.slice()
    this.#tail = this.#begin.slice()
    this.#again = machines.map(() => [])
    this.#againCount = new Int32Array(n)
    this.#onlyFed = Int32Array.from(machines, ({ feeds }) => (feeds.length === 1 ? feeds[0]! : -1))
    for (const [m, { buffer }] of machines.entries()) {
      if (suppliers[m]!.length === 0) continue
      this.level[m] = buffer.initial
      this.#taken[m] = buffer.initial
      this.#tail[m] = this.#begin[m]! + (buffer.initial === buffer.capacity ? 0 : buffer.initial)
    }
  }

  /** When the next part for `machine` is there, Unix ms; infinite where there is none. */
  nextArrival(machine: number): number {
    if (this.#againCount[machine]! > 0) return Number.NEGATIVE_INFINITY
    if (this.level[machine] === 0) return Number.POSITIVE_INFINITY
    return this.#arrival[this.#head[machine]!]!
  }

  /** Product of the next part; ask only where there is one. */
  nextProduct(machine: number): number {
    if (this.#againCount[machine]! > 0) return this.#again[machine]![0]!
    return this.#product[this.#head[machine]!]!
  }

  /** Takes the next part from before `machine`; ask only where there is one. */
  take(machine: number): void {
    this.level[machine]!--
    if (this.#againCount[machine]! > 0) {
      this.#again[machine]!.shift()
      this.#againCount[machine]!--
      return
    }
    this.#taken[machine]!--
    const next = this.#head[machine]! + 1
    this.#head[machine] = next === this.#end[machine] ? this.#begin[machine]! : next
  }

  /** The machine with the fewest parts of those that `machine` feeds and that have room; -1 where none has. */
  choose(machine: number, isWaiting: (machine: number) => boolean): number {
    const only = this.#onlyFed[machine]!
    if (only !== -1) return this.#hasRoom(only, isWaiting) ? only : -1
    const feeds = this.#feeds[machine]!
    let to = -1
    for (let i = 0; i < feeds.length; i++) {
      const next = feeds[i]!
      if (this.#hasRoom(next, isWaiting) && (to === -1 || this.#taken[next]! < this.#taken[to]!)) to = next
    }
    return to
  }

  #hasRoom(machine: number, isWaiting: (machine: number) => boolean): boolean {
    const taken = this.#taken[machine]!
    // Without a buffer a part goes from hand to hand.
    return taken < this.capacity[machine]! || (taken === 0 && isWaiting(machine))
  }

  /** Keeps a place before `to` until `put` or `release`. */
  reserve(to: number): void {
    this.#taken[to]!++
  }

  release(to: number): void {
    this.#taken[to]!--
  }

  /** Puts a part into a place that is reserved; it is there at `arrival`, Unix ms. */
  put(to: number, product: number, arrival: number): void {
    const place = this.#tail[to]!
    this.#product[place] = product
    this.#arrival[place] = arrival
    this.#tail[to] = place + 1 === this.#end[to] ? this.#begin[to]! : place + 1
    this.level[to]!++
  }

  /** How many parts before `machine` wait to be done again. */
  again(machine: number): number {
    return this.#againCount[machine]!
  }

  /** Puts a part that has to be done again before `to`. */
  putAgain(to: number, product: number): void {
    this.#again[to]!.push(product)
    this.#againCount[to]!++
    this.level[to]!++
  }
}
