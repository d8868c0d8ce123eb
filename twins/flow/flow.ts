import { packmlNumber } from '../../schema/packml.js'
import type { Buffers } from './buffers.js'
import { Calendars } from './calendars.js'
import type { OrderUnderWay } from './demands.js'
import { EventQueue } from './event-queue.js'
import { type FlowListener, quiet } from './listener.js'
import type { FlowModel } from './model.js'
import { Pools } from './pools.js'
import { Repairs } from './repairs.js'
import { Route } from './route.js'
import { noPart, Work } from './work.js'

const execute = packmlNumber.Execute

export interface FlowOptions {
  readonly seed: number
  /** Unix ms. */
  readonly start: number
  /** How long the lines have been running at the start, ms: default 0, everything at rest. */
  readonly warmUp?: number
  readonly listener?: FlowListener
}

/**
 * Machines that pass parts down their lines, from event to event. Each takes a part from the buffer before it, works
 * on it and hands it over; it is starved while that buffer is empty and blocked while there is no room behind it. It
 * fails, is repaired, changes over, rests outside its hours, and waits for people who are busy elsewhere. On its way
 * it goes through the PackML states in the order of TR88.00.02. A machine that nobody feeds finds what the demand
 * says, one that feeds nobody always finds room.
 *
 * What happens at the same millisecond happens in this order: shifts begin and end, work that is over ends and its part moves on, repairs
 * end, what is due to fail fails, and then machines take parts and begin. So a line in slotted time behaves as the
 * theory of such lines defines it, whatever the order of the machines.
 *
 * Columns are by machine. Give it a model that `checkFlowModel` finds nothing wrong with.
 */
export class Flow {
  /** PackML state by number, and why a machine is Suspended (see suspendReasons). */
  readonly state: Uint8Array
  readonly reason: Uint8Array
  /**
   * Units processed, good and bad (PackTags ProdProcessedCount), the bad among them, and parts sent to be done again,
   * which do not count as processed. All since the flow began, warm-up included.
   */
  readonly produced: Float64Array
  readonly rejected: Float64Array
  readonly reworked: Float64Array
  /** Start (as if it had not been interrupted, Unix ms) and length (ms) of the cycle under way or of the last one. */
  readonly cycleStart: Float64Array
  readonly cycleLength: Float64Array
  /** The product that the machine is set up for, and how often it has been set up. */
  readonly product: Uint16Array
  readonly changeovers: Uint32Array
  /** See noPart, rawPart, finishedPart. */
  readonly holds: Uint8Array
  /**
   * What physics does to production, to be written by it: the length of the cycles to come over their healthy length
   * (1 = healthy), and a chance of a reject on top of the machine's own (0 = healthy).
   */
  readonly cycleFactor: Float64Array
  readonly extraReject: Float64Array
  readonly buffers: Buffers
  /** Events handled, warm-up included. */
  events = 0

  /** The machines' events, and before them at the same time those of the calendars. */
  readonly #queue: EventQueue
  readonly #hours: EventQueue
  readonly #calendars: Calendars
  readonly #people: Pools
  readonly #work: Work
  readonly #route: Route
  /** Operating time of the warm-up. */
  readonly #workedBefore: Float64Array
  /** When the next calendar opens or closes, Unix ms. */
  #nextTurn: number

  constructor(model: FlowModel, { seed, start, warmUp = 0, listener = quiet }: FlowOptions) {
    const { machines, pools = [], calendars = [] } = model
    const begin = start - warmUp
    const n = machines.length
    this.state = new Uint8Array(n).fill(packmlNumber.Idle)
    this.reason = new Uint8Array(n)
    const queue = new EventQueue(n)
    this.#queue = queue
    this.#hours = new EventQueue(calendars.length)
    this.#calendars = new Calendars(calendars, machines)
    const { state, reason } = this
    this.#people = new Pools(pools)
    const repairs = new Repairs(machines, {
      seed,
      start: begin,
      pools: this.#people,
      // One that was tripped while it waited may be on its way to another stop.
      onArrival: (machine, repaired) => {
        const isAtRest = state[machine] === packmlNumber.Held || state[machine] === packmlNumber.Aborted
        if (isAtRest) queue.set(machine, repaired)
      },
    })
    this.#route = new Route(machines, {
      seed,
      queue,
      repairs,
      state,
      reason,
    })
    this.#work = new Work(model, {
      seed,
      queue,
      pools: this.#people,
      calendars: this.#calendars,
      failures: repairs.failures,
      state,
      reason,
      waysOut: this.#route,
    })
    this.#route.work = this.#work
    this.produced = this.#work.produced
    this.rejected = this.#work.rejected
    this.reworked = this.#work.reworked
    this.cycleStart = this.#work.cycles.start
    this.cycleLength = this.#work.cycles.length
    this.product = this.#work.product
    this.changeovers = this.#route.changeovers
    this.holds = this.#work.holds
    this.cycleFactor = this.#work.cycles.factor
    this.extraReject = this.#work.extraReject
    this.buffers = this.#work.buffers
    for (let machine = 0; machine < n; machine++) queue.set(machine, begin)
    for (const place of calendars.keys()) this.#hours.set(place, this.#calendars.turn(place, begin))
    this.#people.attend(this.#calendars, begin)
    this.#nextTurn = this.#hours.nextTime
    if (warmUp > 0) this.advance(start - 1)
    this.#workedBefore = Float64Array.from(machines, (_, m) => this.#work.cycles.worked(m, start))
    this.#route.listener = listener
    this.#work.listener = listener
  }

  /** When something happens next, Unix ms; infinite when nothing ever will. */
  get nextTime(): number {
    return Math.min(this.#queue.nextTime, this.#nextTurn)
  }

  /** Lets the next event happen. */
  step(): void {
    const time = this.#queue.nextTime
    if (this.#nextTurn <= time) this.#turnCalendar(this.#hours.next, this.#nextTurn)
    else this.#handle(this.#queue.next, time)
  }

  /** Lets everything happen that is due up to and including `until`, Unix ms. */
  advance(until: number): void {
    const queue = this.#queue
    for (;;) {
      const time = queue.nextTime
      if (this.#nextTurn <= Math.min(time, until)) this.#turnCalendar(this.#hours.next, this.#nextTurn)
      else if (time <= until) this.#handle(queue.next, time)
      else return
    }
  }

  /** Whether the machine works on a part right now. */
  isWorking(machine: number): boolean {
    return this.#work.cycles.isWorking[machine] === 1
  }

  /** Time the machine has spent working on parts since the start, ms: what wears it. */
  operatingTime(machine: number, time: number): number {
    return this.#work.cycles.worked(machine, time) - this.#workedBefore[machine]!
  }

  /** The order or campaign of a demand that was begun last; undefined before the first. */
  order(demand: number): OrderUnderWay | undefined {
    return this.#work.order(demand)
  }

  /** Parts that came from outside, of all lines. */
  get entered(): number {
    return this.#work.entered
  }

  /** Good parts that left, of all lines. */
  get shipped(): number {
    return this.#work.shipped
  }

  /** Parts in buffers and in machines, of all lines. */
  get workInProcess(): number {
    const held = this.holds.reduce((parts, each) => parts + (each === noPart ? 0 : 1), 0)
    return this.buffers.level.reduce((parts, level) => parts + level, held)
  }

  /** Why a machine was tripped; undefined where it was not, or has been repaired. */
  tripReason(machine: number): string | undefined {
    return this.#route.tripReason(machine)
  }

  /**
   * Aborts the machine (TR88.00.02: a fast stop on a fault). The part it works on is lost, and it stays down until
   * `repair`. A machine that is down already stays so, and its own repair goes on; the first reason counts.
   */
  trip(machine: number, time: number, reason: string): void {
    this.#route.trip(machine, time, reason)
  }

  /**
   * Lets a tripped machine go: it clears, resets and starts, once it is repaired of what else it has. Nothing happens to
   * one that was not tripped.
   */
  repair(machine: number, time: number): void {
    this.#route.repair(machine, time)
  }

  #handle(machine: number, time: number): void {
    this.events++
    if (this.state[machine] === execute) this.#work.goOn(machine, time)
    else this.#route.goOn(machine, time)
  }

  #turnCalendar(calendar: number, time: number): void {
    this.events++
    this.#hours.set(calendar, this.#calendars.turn(calendar, time))
    this.#nextTurn = this.#hours.nextTime
    this.#people.attend(this.#calendars, time)
    for (let machine = 0; machine < this.state.length; machine++) {
      if (!this.#calendars.belongs(machine, calendar)) continue
      const isResting = this.state[machine] === packmlNumber.Idle
      if (isResting || this.#work.isWaiting(machine)) this.#queue.set(machine, time)
    }
  }
}
