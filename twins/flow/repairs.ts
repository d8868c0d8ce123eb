import { Failures, type RunningMode } from './failures.js'
import type { MachineModel } from './model.js'
import type { Pools } from './pools.js'

const never = Number.POSITIVE_INFINITY

/** Machines that are down, each until it is repaired, and for some before that until a crew comes. */
export class Repairs {
  /** When machines fail next. */
  readonly failures: Failures
  readonly #pools: Pools
  /** Lets the repair of a machine that waited for its crew end at a time, Unix ms. */
  readonly #onArrival: (machine: number, repaired: number) => void
  /** How each machine has failed; undefined where it has not. */
  readonly #mode: (RunningMode | undefined)[]
  readonly #hasCrew: Uint8Array
  /** Whether somebody is at work on it, or called, and when that is done, Unix ms; infinite until somebody comes. */
  readonly #isBegun: Uint8Array
  readonly #repairedAt: Float64Array
  readonly #tripReason: (string | undefined)[]

  constructor(
    machines: readonly MachineModel[],
    options: {
      seed: number
      start: number
      pools: Pools
      onArrival: (machine: number, repaired: number) => void
    },
  ) {
    this.failures = new Failures(machines, options.seed, options.start)
    this.#pools = options.pools
    this.#onArrival = options.onArrival
    this.#mode = new Array<RunningMode | undefined>(machines.length).fill(undefined)
    this.#hasCrew = new Uint8Array(machines.length)
    this.#isBegun = new Uint8Array(machines.length)
    this.#repairedAt = new Float64Array(machines.length)
    this.#tripReason = new Array<string | undefined>(machines.length).fill(undefined)
  }

  tripReason(machine: number): string | undefined {
    return this.#tripReason[machine]
  }

  /** From now on the machine stays down until `letGo`. */
  trip(machine: number, reason: string): void {
    this.#tripReason[machine] = reason
  }

  letGo(machine: number): void {
    this.#tripReason[machine] = undefined
  }

  fail(machine: number, isCalendar: boolean): RunningMode {
    const mode = this.failures.due(machine, isCalendar)
    this.#mode[machine] = mode
    return mode
  }

  /** Whether it has failed by itself, tripped or not. */
  hasFailed(machine: number): boolean {
    return this.#mode[machine] !== undefined
  }

  /**
   * The machine has come to rest. Returns when its own failure is repaired, Unix ms; infinite where nobody knows yet. A
   * trip hinders no repair, and one that had begun before goes on.
   */
  begin(machine: number, time: number): number {
    const mode = this.#mode[machine]
    // Tripped, and let go before it had come to rest.
    if (mode === undefined) return this.#tripReason[machine] === undefined ? time : never
    if (this.#isBegun[machine] === 0) {
      this.#isBegun[machine] = 1
      this.#repairedAt[machine] = never
      if (mode.crew === -1 || this.#pools.request(mode.crew, machine, this.#serve)) {
        this.#hasCrew[machine] = mode.crew === -1 ? 0 : 1
        this.#repairedAt[machine] = time + mode.drawDown()
      }
    }
    return Math.max(time, this.#repairedAt[machine]!)
  }

  /** The failure is over, if there was one: its mode begins anew, its crew is free. */
  end(machine: number, operatingTime: number, time: number): void {
    const mode = this.#mode[machine]
    if (mode === undefined) return
    this.#mode[machine] = undefined
    this.#isBegun[machine] = 0
    this.failures.repaired(machine, mode, operatingTime, time)
    if (mode.crew === -1) return
    if (this.#hasCrew[machine] === 1) {
      this.#hasCrew[machine] = 0
      this.#pools.release(mode.crew, time)
    } else {
      this.#pools.forget(mode.crew, machine)
    }
  }

  readonly #serve = (machine: number, time: number): void => {
    this.#hasCrew[machine] = 1
    this.#repairedAt[machine] = time + this.#mode[machine]!.drawDown()
    this.#onArrival(machine, this.#repairedAt[machine]!)
  }
}
