import type { Machine, Plant, Signal } from '../../schema/plant.js'
import type { Reject } from '../../schema/records.js'

/** By so much a machine is quicker than its ideal cycle at most. */
const haste = 10
const weekMs = 7 * 24 * 3_600_000

/**
 * How many parts a machine can have made between two readings of its counter, generously: what its ideal cycle, the
 * shortest of all its products, allows for in a week and twice the time between them. A counter that goes on by more was
 * set by somebody, or rolled over where nobody said so.
 */
export class PlausibleParts {
  readonly #products: Plant['products']
  readonly #idealMs = new WeakMap<Machine, number>()

  constructor({ products }: Pick<Plant, 'products'>) {
    this.#products = products
  }

  /** `betweenMs`: time between the readings. */
  most(machine: Machine, line: string, betweenMs: number): number {
    return Math.floor((weekMs + 2 * betweenMs) / this.#shortest(machine, line))
  }

  /**
   * The same of a counter that fell while its link was cut, with less to spare: one that began elsewhere shows more than
   * was made in the time between.
   */
  mostBehind(machine: Machine, line: string, betweenMs: number): number {
    return 1 + Math.floor((haste * betweenMs) / this.#shortest(machine, line))
  }

  #shortest(machine: Machine, line: string): number {
    const known = this.#idealMs.get(machine)
    if (known !== undefined) return known
    const { id, idealCycleTime } = machine
    const byProduct = this.#products.map(({ cycleTimes }) => cycleTimes?.[id] ?? cycleTimes?.[line])
    const idealMs = Math.min(idealCycleTime, ...byProduct.map(each => each ?? idealCycleTime)) * 1_000
    this.#idealMs.set(machine, idealMs)
    return idealMs
  }
}

/** A counter that went on by more parts than can have been made. */
interface CounterLeap {
  readonly machine: string
  /** What it shows, and when, Unix ms. */
  readonly reading: number
  readonly time: number
}

/** What is to be said of it; `now`: floor time, Unix ms. */
export const leapReject = (
  { id: signal, source }: Pick<Signal, 'id' | 'source'>,
  { machine, reading, time }: CounterLeap,
  now: number,
): Reject => ({
  source,
  time: now,
  rule: 'counter.leap',
  reason: `${signal} came to ${reading} by more parts than ${machine} can make at its ideal cycle; none is counted, and counting goes on from there. If it counts right, correct idealCycleTime; if it rolled over, say packml.counterWidth.`,
  raw: String(reading),
  signal,
  value: reading,
  sourceTime: time,
})
