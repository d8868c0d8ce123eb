import type { Calendars } from './calendars.js'
import type { Pool } from './model.js'

/** Somebody has come to the machine that waited. */
export type Serve = (machine: number, time: number) => void

/** People who work at one machine at a time; who asks first is served first. */
export class Pools {
  readonly #pools: readonly Pool[]
  /** How many are there now, at work or free; and how many are free, fewer than none where some go when they are done. */
  readonly #present: Int32Array
  readonly #free: Int32Array
  readonly #queues: { readonly machine: number; readonly serve: Serve }[][]

  constructor(pools: readonly Pool[]) {
    this.#pools = pools
    this.#present = Int32Array.from(pools, ({ size }) => size)
    this.#free = Int32Array.from(pools, ({ size }) => size)
    this.#queues = pools.map(() => [])
  }

  /** Takes one for `machine`: true if there is one, else `serve` is called once there is. */
  request(pool: number, machine: number, serve: Serve): boolean {
    if (this.#free[pool]! > 0) {
      this.#free[pool]!--
      return true
    }
    this.#queues[pool]!.push({ machine, serve })
    return false
  }

  /** Gives one back, to who has waited longest. */
  release(pool: number, time: number): void {
    this.#free[pool]!++
    this.#serve(pool, time)
  }

  /** Lets people come and go where calendars have turned. Who goes finishes what they are at. */
  attend(calendars: Calendars, time: number): void {
    for (const [pool, { size, shifts = [] }] of this.#pools.entries()) {
      const present = shifts.reduce(
        (sum, shift) => sum + (calendars.isNow(shift.calendar) ? shift.size : 0),
        size,
      )
      this.#free[pool]! += present - this.#present[pool]!
      this.#present[pool] = present
      this.#serve(pool, time)
    }
  }

  #serve(pool: number, time: number): void {
    while (this.#free[pool]! > 0) {
      const next = this.#queues[pool]!.shift()
      if (next === undefined) return
      this.#free[pool]!--
      next.serve(next.machine, time)
    }
  }

  /** `machine` does not wait any more. */
  forget(pool: number, machine: number): void {
    const queue = this.#queues[pool]!
    const place = queue.findIndex(each => each.machine === machine)
    if (place >= 0) queue.splice(place, 1)
  }
}
