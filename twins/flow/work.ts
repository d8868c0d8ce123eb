import { packmlNumber, suspendReasons } from '../../schema/packml.js'
import { Buffers } from './buffers.js'
import type { Calendars } from './calendars.js'
import { Cycles } from './cycles.js'
import { Demands, type OrderUnderWay } from './demands.js'
import { Sampler } from './distribution.js'
import type { EventQueue } from './event-queue.js'
import type { Failures } from './failures.js'
import { type FlowListener, quiet } from './listener.js'
import type { FlowModel } from './model.js'
import type { Pools } from './pools.js'
import { RandomStream } from './random.js'

/** What a machine in Execute is doing. */
const working = 0
const waitingForPart = 1
const waitingForRoom = 2
const waitingForOperator = 3
/** Not in Execute. */
const elsewhere = 4

/** What a machine holds: nothing, a part to work on, or a finished part that waits for room. */
export const noPart = 0
export const rawPart = 1
export const finishedPart = 2

const never = Number.POSITIVE_INFINITY
const always = Number.NEGATIVE_INFINITY
export const starved = suspendReasons.indexOf('starved')
const blocked = suspendReasons.indexOf('blocked')
const { Suspended: suspended, Idle: idle } = packmlNumber

/** The ways out of Execute. */
export interface WaysOut {
  /** Something is due to fail, by the calendar or by the operating time. */
  fail(machine: number, time: number, isCalendar: boolean): void
  suspend(machine: number, time: number, reason: number): void
  /** Ends the run: there is nothing to do, or the machine is outside its hours. */
  rest(machine: number, time: number): void
  /** Whether the machine has to be set up for the product, which it then begins. */
  changeOver(machine: number, product: number, time: number): boolean
}

/** What work needs of the flow. */
export interface Surroundings {
  readonly seed: number
  readonly queue: EventQueue
  readonly pools: Pools
  readonly calendars: Calendars
  readonly failures: Failures
  /** PackML states and the reasons of suspended machines. */
  readonly state: Uint8Array
  readonly reason: Uint8Array
  readonly waysOut: WaysOut
}

/**
 * What machines do in Execute: take a part, work on it, hand it over, wait for each other. Columns are by machine;
 * those that `Flow` shows are described there.
 */
export class Work {
  readonly produced: Float64Array
  readonly rejected: Float64Array
  readonly reworked: Float64Array
  readonly product: Uint16Array
  readonly holds: Uint8Array
  readonly extraReject: Float64Array
  readonly buffers: Buffers
  readonly cycles: Cycles
  entered = 0
  shipped = 0
  /** Hears of every part, and of the work on it. */
  listener: Pick<FlowListener, 'onPart' | 'onWork' | 'onOrder'> = quiet
  readonly #queue: EventQueue
  readonly #pools: Pools
  readonly #calendars: Calendars
  /** See Failures. */
  readonly #nextOperating: Float64Array
  readonly #nextCalendar: Float64Array
  readonly #demands: Demands
  readonly #state: Uint8Array
  readonly #reason: Uint8Array
  readonly #waysOut: WaysOut

  // The model, column by column; places are -1 where there is none.
  readonly #patience: readonly (Sampler | undefined)[]
  readonly #transport: Float64Array
  readonly #blocksBefore: Uint8Array
  readonly #isLast: Uint8Array
  readonly #scrap: Float64Array
  readonly #rework: Float64Array
  readonly #reworkTo: Int32Array
  readonly #demand: Int32Array
  readonly #operator: Int32Array
  readonly #qualityChance: readonly RandomStream[]
  readonly #patienceChance: readonly RandomStream[]

  readonly #activity: Uint8Array
  /** Machine before which a place is kept for the part in this one; -1 = none. */
  readonly #target: Int32Array
  readonly #patienceEnd: Float64Array
  readonly #hasOperator: Uint8Array

  constructor({ machines, demands = [] }: FlowModel, around: Surroundings) {
    const { seed } = around
    const n = machines.length
    this.produced = new Float64Array(n)
    this.rejected = new Float64Array(n)
    this.reworked = new Float64Array(n)
    this.product = new Uint16Array(n)
    this.holds = new Uint8Array(n)
    this.extraReject = new Float64Array(n)
    this.buffers = new Buffers(machines)
    this.cycles = new Cycles(machines, seed)
    this.#queue = around.queue
    this.#pools = around.pools
    this.#calendars = around.calendars
    this.#nextOperating = around.failures.nextOperating
    this.#nextCalendar = around.failures.nextCalendar
    this.#state = around.state
    this.#reason = around.reason
    this.#waysOut = around.waysOut
    this.#demands = new Demands(demands, seed, (demand, time) => this.listener.onOrder?.(demand, time))
    this.#patience = machines.map(({ patience }) => patience && new Sampler(patience))
    this.#transport = Float64Array.from(machines, ({ buffer }) => buffer.transport * 1000)
    this.#blocksBefore = Uint8Array.from(machines, ({ blocking }) => (blocking === 'before-service' ? 1 : 0))
    this.#isLast = Uint8Array.from(machines, ({ feeds }) => (feeds.length === 0 ? 1 : 0))
    this.#scrap = Float64Array.from(machines, ({ scrap }) => scrap)
    this.#rework = Float64Array.from(machines, ({ rework }) => rework?.share ?? 0)
    this.#reworkTo = Int32Array.from(machines, ({ rework }) => rework?.to ?? -1)
    this.#demand = Int32Array.from(machines, ({ demand }) => demand ?? -1)
    this.#operator = Int32Array.from(machines, ({ operator }) => operator ?? -1)
    this.#qualityChance = machines.map(({ id }) => new RandomStream(seed, id, 'quality'))
    this.#patienceChance = machines.map(({ id }) => new RandomStream(seed, id, 'patience'))
    this.#activity = new Uint8Array(n).fill(elsewhere)
    this.#target = new Int32Array(n).fill(-1)
    this.#patienceEnd = new Float64Array(n)
    this.#hasOperator = new Uint8Array(n)
  }

  /** See Demands. */
  order(demand: number): OrderUnderWay | undefined {
    return this.#demands.underWay(demand)
  }

  /** The event of a machine in Execute. */
  goOn(machine: number, time: number): void {
    if (this.#activity[machine] !== working) this.proceed(machine, time)
    else if (this.cycles.isOver(machine, time)) this.#finish(machine, time)
    else this.#waysOut.fail(machine, time, this.#nextCalendar[machine]! <= time)
  }

  /** Does what can be done next, from handing over to the begin of work; waits where it cannot. */
  proceed(machine: number, time: number): void {
    if (this.holds[machine] === finishedPart) this.#handOver(machine, time)
    if (this.#nextCalendar[machine]! <= time) {
      this.#waysOut.fail(machine, time, true)
    } else if (this.isOver(machine)) {
      this.#waysOut.rest(machine, time)
    } else if (this.holds[machine] === finishedPart) {
      this.#wait(machine, time, waitingForRoom)
    } else if (this.holds[machine] === rawPart || this.#takePart(machine, time)) {
      if (this.#blocksBefore[machine] === 1 && !this.#reserve(machine)) {
        this.#wait(machine, time, waitingForRoom)
      } else if (this.#findOperator(machine, time)) {
        this.#begin(machine, time)
      }
    }
  }

  #begin(machine: number, time: number): void {
    this.#activity[machine] = working
    const operatingTime = this.cycles.worked(machine, time)
    let due = this.cycles.begin(machine, this.product[machine]!, time)
    this.listener.onWork?.(machine, time)
    const failsAt = time + (this.#nextOperating[machine]! - operatingTime)
    if (failsAt < due) due = failsAt
    if (this.#nextCalendar[machine]! < due) due = this.#nextCalendar[machine]!
    this.#queue.set(machine, due)
  }

  #finish(machine: number, time: number): void {
    this.cycles.finish(machine, time)
    this.listener.onWork?.(machine, time)
    if (this.#hasOperator[machine] === 1) this.#giveBack(machine, time)
    const scrapBelow = this.#scrap[machine]! + this.extraReject[machine]!
    const isAtStake = scrapBelow + this.#rework[machine]! > 0
    const fate = isAtStake ? this.#qualityChance[machine]!.uniform() : 1
    if (fate < scrapBelow) {
      this.losePart(machine, time)
    } else if (fate < scrapBelow + this.#rework[machine]!) {
      this.#sendBack(machine, this.#reworkTo[machine]!, time)
    } else {
      this.holds[machine] = finishedPart
      this.produced[machine]!++
      this.listener.onPart(machine, time)
    }
    this.proceed(machine, time)
  }

  /** The part that the machine works on, if there is one, is scrap. */
  losePart(machine: number, time: number): void {
    if (this.holds[machine] !== rawPart) return
    this.#clearHands(machine, time)
    this.produced[machine]!++
    this.rejected[machine]!++
    this.listener.onPart(machine, time)
  }

  #sendBack(machine: number, to: number, time: number): void {
    this.reworked[machine]!++
    this.#clearHands(machine, time)
    this.buffers.putAgain(to, this.product[machine]!)
    if (this.isWaitingForPart(to) || this.#state[to] === idle) this.#queue.set(to, time)
  }

  /** The part is gone without being handed over; the place that was kept for it is free. */
  #clearHands(machine: number, time: number): void {
    this.cycles.forget(machine)
    this.holds[machine] = noPart
    const target = this.#target[machine]!
    if (target === -1) return
    this.#target[machine] = -1
    this.buffers.release(target)
    this.wakeSuppliers(target, time)
  }

  /** Leaves whatever it does in Execute: counts the work, gives the operator back. */
  leave(machine: number, time: number): void {
    const activity = this.#activity[machine]
    const isAsking = activity === waitingForOperator
    this.#activity[machine] = elsewhere
    this.cycles.end(machine, time)
    if (activity === working) this.listener.onWork?.(machine, time)
    if (isAsking) this.#pools.forget(this.#operator[machine]!, machine)
    if (this.#hasOperator[machine] === 1) this.#giveBack(machine, time)
  }

  #giveBack(machine: number, time: number): void {
    this.#hasOperator[machine] = 0
    this.#pools.release(this.#operator[machine]!, time)
  }

  /** Whether the operator that the machine needs is there. */
  #findOperator(machine: number, time: number): boolean {
    const pool = this.#operator[machine]!
    if (pool === -1 || this.#hasOperator[machine] === 1) return true
    const isAsking = this.#activity[machine] === waitingForOperator
    if (!isAsking && this.#pools.request(pool, machine, this.#serve)) {
      this.#hasOperator[machine] = 1
      return true
    }
    this.#activity[machine] = waitingForOperator
    this.#queue.set(machine, Math.max(time, this.#nextCalendar[machine]!))
    return false
  }

  readonly #serve = (machine: number, time: number): void => {
    this.#hasOperator[machine] = 1
    this.#queue.set(machine, time)
  }

  #wait(machine: number, time: number, activity: number): void {
    if (this.#activity[machine] !== activity) {
      this.#activity[machine] = activity
      const patience = this.#patience[machine]
      this.#patienceEnd[machine] = patience ? time + patience.draw(this.#patienceChance[machine]!) : never
      this.offerHand(machine, time)
    }
    if (time < this.#patienceEnd[machine]!) {
      const sight = activity === waitingForPart ? this.buffers.nextArrival(machine) : never
      const due = Math.min(this.#patienceEnd[machine]!, this.#nextCalendar[machine]!, sight)
      this.#queue.set(machine, due)
    } else {
      this.leave(machine, time)
      this.#waysOut.suspend(machine, time, activity === waitingForRoom ? blocked : starved)
    }
  }

  /** Whether the machine is outside its hours, with no part that it has begun. */
  isOver(machine: number): boolean {
    return !this.#calendars.isOpen(machine) && !this.cycles.isBegun(machine)
  }

  /** When a suspended machine may go on, Unix ms, if none of its neighbours moves before. */
  causeGone(machine: number): number {
    if (this.#reason[machine] !== blocked) return this.buffers.nextArrival(machine)
    return this.buffers.choose(machine, this.isWaitingForPart) === -1 ? never : always
  }

  /** When an idle machine has something to do, Unix ms; infinite if a calendar has to open first. */
  mayBegin(machine: number): number {
    if (!this.#calendars.isOpen(machine)) return never
    if (this.holds[machine] !== noPart) return always
    const demand = this.#demand[machine]!
    const isFed = this.buffers.suppliers[machine]!.length > 0
    if (isFed || demand === -1) return always
    return Math.min(this.#demands.nextRelease(demand), this.buffers.nextArrival(machine))
  }

  /** Whether it waits for anything but its work, in Execute or Suspended. */
  isWaiting(machine: number): boolean {
    const activity = this.#activity[machine]!
    return this.#state[machine] === suspended || (activity !== working && activity !== elsewhere)
  }

  readonly isWaitingForPart = (machine: number): boolean => this.#waitsFor(machine, waitingForPart, starved)

  #waitsFor(machine: number, activity: number, reason: number): boolean {
    if (this.#state[machine] === suspended) return this.#reason[machine] === reason
    return this.#activity[machine] === activity
  }

  /** Without a buffer before it, a machine that waits for a part is the room that its suppliers wait for. */
  offerHand(machine: number, time: number): void {
    if (this.buffers.capacity[machine] === 0 && this.isWaitingForPart(machine))
      this.wakeSuppliers(machine, time)
  }

  wakeSuppliers(machine: number, time: number): void {
    const suppliers = this.buffers.suppliers[machine]!
    for (let i = 0; i < suppliers.length; i++) {
      if (this.#waitsFor(suppliers[i]!, waitingForRoom, blocked)) this.#queue.set(suppliers[i]!, time)
    }
  }

  /** Keeps a place for the part in the machine; false where there is none. */
  #reserve(machine: number): boolean {
    if (this.#target[machine] !== -1 || this.#isLast[machine] === 1) return true
    const to = this.buffers.choose(machine, this.isWaitingForPart)
    if (to === -1) return false
    this.buffers.reserve(to)
    this.#target[machine] = to
    return true
  }

  /** Passes the finished part on, if there is room, and wakes who waits for it. */
  #handOver(machine: number, time: number): void {
    if (this.#isLast[machine] === 1) {
      this.shipped++
    } else {
      const kept = this.#target[machine]!
      const to = kept === -1 ? this.buffers.choose(machine, this.isWaitingForPart) : kept
      if (to === -1) return
      if (kept === -1) this.buffers.reserve(to)
      else this.#target[machine] = -1
      this.buffers.put(to, this.product[machine]!, time + this.#transport[to]!)
      if (this.isWaitingForPart(to)) this.#queue.set(to, time)
    }
    this.holds[machine] = noPart
  }

  /** Takes the next part, after a changeover if it needs one; false if the machine has to do something else first. */
  #takePart(machine: number, time: number): boolean {
    if (this.buffers.nextArrival(machine) > time) return this.#takeFromOutside(machine, time)
    if (!this.#isSetUp(machine, this.buffers.nextProduct(machine), time)) return false
    this.holds[machine] = rawPart
    this.buffers.take(machine)
    this.wakeSuppliers(machine, time)
    return true
  }

  /** Where nobody feeds the machine the demand says what is next. */
  #takeFromOutside(machine: number, time: number): boolean {
    if (this.buffers.suppliers[machine]!.length > 0) {
      this.#wait(machine, time, waitingForPart)
      return false
    }
    const demand = this.#demand[machine]!
    if (demand !== -1) {
      if (this.#demands.nextRelease(demand) > time) {
        this.#waysOut.rest(machine, time)
        return false
      }
      if (!this.#isSetUp(machine, this.#demands.nextProduct(demand, time), time)) return false
      this.#demands.take(demand)
    }
    this.holds[machine] = rawPart
    this.entered++
    return true
  }

  /** Whether the machine can begin the product at once; else it changes over. */
  #isSetUp(machine: number, product: number, time: number): boolean {
    if (product === this.product[machine]) return true
    if (this.#waysOut.changeOver(machine, product, time)) return false
    this.product[machine] = product
    return true
  }
}
