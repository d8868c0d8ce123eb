import { Draws } from './distribution.js'
import type { MachineModel } from './model.js'
import { RandomStream } from './random.js'

/** The work on parts: how long each takes, how much of it is done, and how long machines have worked. By machine. */
export class Cycles {
  /** Start (as if it had not been interrupted, Unix ms) and length (ms) of the cycle under way or of the last one. */
  readonly start: Float64Array
  readonly length: Float64Array
  /** Length of the cycles to come over their healthy length. */
  readonly factor: Float64Array
  readonly isWorking: Uint8Array
  readonly #draws: readonly Draws[]
  readonly #paces: readonly (readonly number[])[]
  /** Work left on an interrupted part, ms; 0 = not begun. */
  readonly #left: Float64Array
  readonly #since: Float64Array
  readonly #worked: Float64Array

  constructor(machines: readonly MachineModel[], seed: number) {
    const n = machines.length
    this.start = new Float64Array(n)
    this.length = new Float64Array(n)
    this.factor = new Float64Array(n).fill(1)
    this.isWorking = new Uint8Array(n)
    this.#draws = machines.map(({ id, cycle }) => new Draws(cycle, new RandomStream(seed, id, 'cycles')))
    this.#paces = machines.map(({ paces }) => paces ?? [])
    this.#left = new Float64Array(n)
    this.#since = new Float64Array(n)
    this.#worked = new Float64Array(n)
  }

  /** Begins a part, or goes on with an interrupted one. Returns when it is done if nothing interrupts it, Unix ms. */
  begin(machine: number, product: number, time: number): number {
    const left = this.#left[machine]!
    if (left > 0) {
      this.start[machine] = time - (this.length[machine]! - left)
      this.#left[machine] = 0
    } else {
      const pace = (this.#paces[machine]![product] ?? 1) * this.factor[machine]!
      this.start[machine] = time
      this.length[machine] = this.#draws[machine]!.next(pace)
    }
    this.isWorking[machine] = 1
    this.#since[machine] = time
    return this.start[machine]! + this.length[machine]!
  }

  isOver(machine: number, time: number): boolean {
    return time >= this.start[machine]! + this.length[machine]!
  }

  /** The work on the part is done. */
  finish(machine: number, time: number): void {
    this.isWorking[machine] = 0
    this.#worked[machine]! += time - this.#since[machine]!
  }

  /** Stops the work, if there is any; what is not done of the part is left. */
  end(machine: number, time: number): void {
    if (this.isWorking[machine] === 0) return
    this.isWorking[machine] = 0
    this.#worked[machine]! += time - this.#since[machine]!
    this.#left[machine] = this.start[machine]! + this.length[machine]! - time
  }

  /** Whether the work on a part has begun and is interrupted. */
  isBegun(machine: number): boolean {
    return this.#left[machine]! > 0
  }

  /** There is nothing left to do on the part: it is lost. */
  forget(machine: number): void {
    this.#left[machine] = 0
  }

  /** Operating time: how long the machine has worked on parts, ms. */
  worked(machine: number, time: number): number {
    return this.#worked[machine]! + (this.isWorking[machine] === 1 ? time - this.#since[machine]! : 0)
  }
}
