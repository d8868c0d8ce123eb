import type { Pool } from './model.js'

/** Somebody has come to the machine that waited. */
export type Serve = (machine: number, time: number) => void

/** People who work at one machine at a time; who asks first is served first. */
export class Pools {
  readonly #free: Int32Array
  readonly #queues: { readonly machine: number; readonly serve: Serve }[][]

  constructor(pools: readonly Pool[]) {
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
    const next = this.#queues[pool]!.shift()
    if (next === undefined) this.#free[pool]!++
    else next.serve(next.machine, time)
  }

  /** `machine` does not wait any more. */
  forget(pool: number, machine: number): void {
    const queue = this.#queues[pool]!
    const place = queue.findIndex(each => each.machine === machine)
    if (place >= 0) queue.splice(place, 1)
  }
}
