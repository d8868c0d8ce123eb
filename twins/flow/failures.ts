import { Sampler } from './distribution.js'
import type { FailureMode } from './model.js'
import { RandomStream } from './random.js'

/** When the machines fail next, each by all of its modes. */
export class Failures {
  /** Operating time of the machine (ms) at which it fails next, and Unix ms at which it does by a calendar clock. */
  readonly nextOperating: Float64Array
  readonly nextCalendar: Float64Array
  readonly #machines: readonly (readonly RunningMode[])[]

  constructor(
    machines: readonly { readonly id: string; readonly failures: readonly FailureMode[] }[],
    seed: number,
    start: number,
  ) {
    this.nextOperating = new Float64Array(machines.length)
    this.nextCalendar = new Float64Array(machines.length)
    this.#machines = machines.map(({ id, failures }) =>
      failures.map((mode, place) => new RunningMode(mode, new RandomStream(seed, id, `failure ${place}`))),
    )
    for (const [m, modes] of this.#machines.entries()) {
      for (const mode of modes) mode.renew(0, start)
      this.#findNext(m)
    }
  }

  /** The mode by which the machine fails now; by the calendar, or by its operating time. */
  due(machine: number, isCalendar: boolean): RunningMode {
    const modes = this.#machines[machine]!
    const wanted = isCalendar ? this.nextCalendar[machine]! : this.nextOperating[machine]!
    return modes.find(mode => mode.isCalendar === isCalendar && mode.failsAt === wanted)!
  }

  /** The machine is repaired: the mode begins anew. */
  repaired(machine: number, mode: RunningMode, operatingTime: number, time: number): void {
    mode.renew(operatingTime, time)
    this.#findNext(machine)
  }

  #findNext(machine: number): void {
    let operating = Number.POSITIVE_INFINITY
    let calendar = Number.POSITIVE_INFINITY
    for (const { isCalendar, failsAt } of this.#machines[machine]!) {
      if (isCalendar) calendar = Math.min(calendar, failsAt)
      else operating = Math.min(operating, failsAt)
    }
    this.nextOperating[machine] = operating
    this.nextCalendar[machine] = calendar
  }
}

/** A way to fail, under way. */
export class RunningMode {
  readonly isCalendar: boolean
  readonly aborts: boolean
  readonly scrapsPart: boolean
  /** Place of the pool that repairs; -1 where nobody is needed. */
  readonly crew: number
  /** By its clock. */
  failsAt = 0
  readonly #up: Sampler
  readonly #down: Sampler
  readonly #chance: RandomStream

  constructor(mode: FailureMode, chance: RandomStream) {
    this.isCalendar = mode.clock === 'calendar'
    this.aborts = mode.state === 'Aborted'
    this.scrapsPart = mode.scrapsPart
    this.crew = mode.crew ?? -1
    this.#up = new Sampler(mode.up)
    this.#down = new Sampler(mode.down)
    this.#chance = chance
  }

  renew(operatingTime: number, time: number): void {
    this.failsAt = (this.isCalendar ? time : operatingTime) + this.#up.draw(this.#chance)
  }

  /** How long this repair takes, ms. */
  drawDown(): number {
    return this.#down.draw(this.#chance)
  }
}
