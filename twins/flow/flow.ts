import { type PackmlState, packmlNumber, packmlStates, suspendReasons } from '../../schema/packml.js'
import { Buffers, full, shipped } from './buffers.js'
import { type Duty, healthyDuty, type Span } from './duty.js'
import type { EventQueue } from './event-queue.js'
import { RandomStream } from './random.js'

/** A machine as the flow sees it; `feeds` are places in the list of machines. */
export interface FlowMachine {
  readonly id: string
  /** Seconds. */
  readonly idealCycleTime: number
  readonly feeds: readonly number[]
}

/** Hears what happens, at the time it happens (Unix ms). Read the columns of the flow for the rest. */
export interface FlowListener {
  onState(machine: number, time: number): void
  /** `produced`, and perhaps `rejected`, have gone up. */
  onPart(machine: number, time: number): void
}

/** What a machine in Execute is doing. */
const working = 0
const waitingForPart = 1
const waitingForRoom = 2

/** What will interrupt the cycle under way. */
const nothing = 0
const minorStop = 1
const breakdown = 2

/** What a machine holds: nothing, a part to work on, or a finished part that waits for room. */
const noPart = 0
const rawPart = 1
const finishedPart = 2

const notPaused = Number.NEGATIVE_INFINITY

const starved = suspendReasons.indexOf('starved')
const blocked = suspendReasons.indexOf('blocked')

/** A look taken soon after a machine reported Suspended, for what its neighbour did while it was suspending. */
const secondLook = 500

/**
 * Machines that pass parts down their lines. Each takes a part from the buffer before it, works on it for a cycle and
 * hands it over; it is starved while that buffer is empty and blocked while the next one is full. Stops, breakdowns
 * and changeovers come by chance and take the machine through the PackML states in the order of TR88.00.02. The first
 * machine of a line always finds material, the last one always finds room.
 *
 * Columns are by machine. Events of the flow use the ids 0 to machines - 1 of the queue; the owner of the queue calls
 * `handle` for them.
 */
export class Flow {
  /** PackML state by number, and why a machine is Suspended (see suspendReasons). */
  readonly state: Uint8Array
  readonly reason: Uint8Array
  /** Units processed since the start, good and bad (PackTags ProdProcessedCount), and the bad among them. */
  readonly produced: Float64Array
  readonly rejected: Float64Array
  /** Start (as if it had not been interrupted) and length of the cycle under way, ms. */
  readonly cycleStart: Float64Array
  readonly cycleLength: Float64Array
  /** Changeovers so far: each product has a program of its own. */
  readonly changeovers: Uint32Array
  /**
   * What physics does to production, obeyed by every cycle that starts: the length of the cycle over its healthy
   * length (1 = healthy), and a chance of a reject on top of the machine's own (0 = healthy).
   */
  readonly cycleFactor: Float64Array
  readonly extraReject: Float64Array

  readonly #queue: EventQueue
  readonly #listener: FlowListener
  readonly #duty: Duty
  readonly #buffers: Buffers
  /** Chance of the cycles and of the stops apart, so that a longer repair does not change the parts made after it. */
  readonly #cycles: RandomStream[] = []
  readonly #stops: RandomStream[] = []
  /** The machine's own mean cycle (ms) and share of rejects. */
  readonly #meanCycle: Float64Array
  readonly #rejectShare: Float64Array
  readonly #activity: Uint8Array
  readonly #interruption: Uint8Array
  readonly #willReject: Uint8Array
  readonly #willChangeOver: Uint8Array
  readonly #holds: Uint8Array
  readonly #workingSince: Float64Array
  readonly #isChangingOver: Uint8Array
  readonly #pausedAt: Float64Array
  readonly #patienceEnd: Float64Array
  /** Time spent working on parts before the present stretch of work, ms. */
  readonly #worked: Float64Array
  /** Why each machine was tripped; undefined where it was not. */
  readonly #tripReason: (string | undefined)[]

  constructor(
    machines: readonly FlowMachine[],
    options: { seed: number; start: number; queue: EventQueue; listener: FlowListener; duty?: Duty },
  ) {
    const n = machines.length
    this.#queue = options.queue
    this.#listener = options.listener
    this.#duty = options.duty ?? healthyDuty
    this.state = new Uint8Array(n)
    this.reason = new Uint8Array(n)
    this.produced = new Float64Array(n)
    this.rejected = new Float64Array(n)
    this.cycleStart = new Float64Array(n)
    this.cycleLength = new Float64Array(n)
    this.changeovers = new Uint32Array(n)
    this.cycleFactor = new Float64Array(n).fill(1)
    this.extraReject = new Float64Array(n)
    this.#worked = new Float64Array(n)
    this.#workingSince = new Float64Array(n)
    this.#tripReason = new Array<string | undefined>(n).fill(undefined)
    this.#meanCycle = new Float64Array(n)
    this.#rejectShare = new Float64Array(n)
    this.#activity = new Uint8Array(n)
    this.#interruption = new Uint8Array(n)
    this.#willReject = new Uint8Array(n)
    this.#willChangeOver = new Uint8Array(n)
    this.#holds = new Uint8Array(n)
    this.#isChangingOver = new Uint8Array(n)
    this.#pausedAt = new Float64Array(n).fill(notPaused)
    this.#patienceEnd = new Float64Array(n)
    this.#buffers = new Buffers(machines.map(machine => machine.feeds))
    for (const [m, machine] of machines.entries()) {
      const nature = new RandomStream(options.seed, machine.id, 'nature')
      this.#cycles.push(new RandomStream(options.seed, machine.id, 'cycles'))
      this.#stops.push(new RandomStream(options.seed, machine.id, 'stops'))
      this.#meanCycle[m] = machine.idealCycleTime * 1000 * nature.between(...this.#duty.pace)
      this.#rejectShare[m] = nature.between(...this.#duty.rejectShare)
      this.#buffers.open(m, Math.floor(nature.between(this.#duty.buffer[0], this.#duty.buffer[1] + 1)))
      this.#beginInTheMiddle(m, options.start, nature)
    }
  }

  /** Whether the machine works on a part right now. */
  isWorking(machine: number): boolean {
    return this.state[machine] === packmlNumber.Execute && this.#activity[machine] === working
  }

  /** Time the machine has spent working on parts since the start, ms: what wears it. */
  operatingTime(machine: number, time: number): number {
    return this.#worked[machine]! + (this.isWorking(machine) ? time - this.#workingSince[machine]! : 0)
  }

  /** Why a machine was tripped; undefined where it was not, or has been repaired. */
  tripReason(machine: number): string | undefined {
    return this.#tripReason[machine]
  }

  /**
   * Aborts the machine (TR88.00.02: a fast stop on a fault). The part in it is lost, and it stays down until `repair`.
   * A machine that is down already stays so; the first reason counts.
   */
  trip(machine: number, time: number, reason: string): void {
    if (this.#tripReason[machine] !== undefined) return
    this.#tripReason[machine] = reason
    const state = packmlStates[this.state[machine]!]!
    if (state === 'Aborting') return
    if (state === 'Aborted') {
      this.#queue.clear(machine)
      return
    }
    this.#stopWork(machine, time)
    this.#pausedAt[machine] = notPaused
    this.#interruption[machine] = nothing
    this.#willChangeOver[machine] = 0
    this.#isChangingOver[machine] = 0
    this.reason[machine] = 0
    if (this.#holds[machine] === rawPart) this.#count(machine, time, true)
    this.#act(machine, 'Aborting', time)
  }

  /** Lets a tripped machine go: it clears, resets and starts. Nothing happens to one that was not tripped. */
  repair(machine: number, time: number): void {
    if (this.#tripReason[machine] === undefined) return
    this.#tripReason[machine] = undefined
    if (this.state[machine] === packmlNumber.Aborted) this.#act(machine, 'Clearing', time)
  }

  /** The event of a machine has come: goes on from its present state. */
  handle(machine: number, time: number): void {
    switch (packmlStates[this.state[machine]!]!) {
      case 'Execute':
        this.#goOn(machine, time)
        break
      case 'Suspending':
        this.#enter(machine, 'Suspended', time)
        this.#queue.set(machine, time + secondLook)
        break
      case 'Suspended':
        if (this.#canProceed(machine, time)) this.#act(machine, 'Unsuspending', time)
        break
      case 'Unsuspending':
        this.reason[machine] = 0
        this.#execute(machine, time)
        break
      case 'Holding':
        this.#stay(machine, 'Held', time, this.#stops[machine]!.skewed(...this.#duty.minorStop))
        break
      case 'Held':
        this.#act(machine, 'Unholding', time)
        break
      case 'Unholding':
        this.#execute(machine, time)
        break
      case 'Aborting':
        if (this.#tripReason[machine] === undefined) {
          this.#stay(machine, 'Aborted', time, this.#stops[machine]!.skewed(...this.#duty.repair))
        } else {
          this.#enter(machine, 'Aborted', time)
        }
        break
      case 'Aborted':
        this.#act(machine, 'Clearing', time)
        break
      case 'Clearing':
        this.#act(machine, 'Stopped', time)
        break
      case 'Completing':
        this.#act(machine, 'Complete', time)
        break
      case 'Stopped':
      case 'Complete':
        this.#stay(machine, 'Resetting', time, this.#drawStop(machine, this.#resetTime(machine)))
        break
      case 'Resetting':
        this.#stay(machine, 'Idle', time, this.#drawStop(machine, this.#idleTime(machine)))
        break
      case 'Idle':
        this.#act(machine, 'Starting', time)
        break
      case 'Starting':
        if (this.#isChangingOver[machine] === 1) this.changeovers[machine]!++
        this.#isChangingOver[machine] = 0
        this.#execute(machine, time)
        break
      // Undefined and Stopping: nothing here leads there.
      default:
    }
  }

  #resetTime(machine: number): Span {
    return this.#isChangingOver[machine] === 1 ? this.#duty.changeover : this.#duty.acting.Resetting
  }

  #idleTime(machine: number): Span {
    return this.#isChangingOver[machine] === 1 ? this.#duty.waitForOrder : this.#duty.waitForStart
  }

  #drawStop(machine: number, span: Span): number {
    return this.#stops[machine]!.between(...span)
  }

  /** Enters a state that ends by itself after a short time. */
  #act(machine: number, state: keyof Duty['acting'], time: number): void {
    this.#stay(machine, state, time, this.#drawStop(machine, this.#duty.acting[state]))
  }

  #stay(machine: number, state: PackmlState, time: number, seconds: number): void {
    this.#enter(machine, state, time)
    this.#queue.set(machine, time + Math.max(1, Math.round(seconds * 1000)))
  }

  #enter(machine: number, state: PackmlState, time: number): void {
    this.state[machine] = packmlNumber[state]
    this.#listener.onState(machine, time)
  }

  #execute(machine: number, time: number): void {
    this.#enter(machine, 'Execute', time)
    const pausedAt = this.#pausedAt[machine]!
    if (pausedAt !== notPaused) {
      this.#pausedAt[machine] = notPaused
      this.#beginWork(machine, time)
      this.cycleStart[machine]! += time - pausedAt
      this.#queue.set(machine, this.cycleStart[machine]! + this.cycleLength[machine]!)
    } else if (this.#holds[machine] === rawPart) {
      this.#startCycle(machine, time)
    } else if (this.#holds[machine] === noPart || this.#handOver(machine, time)) {
      this.#afterPart(machine, time)
    } else {
      this.#wait(machine, waitingForRoom, time)
    }
  }

  /** In Execute: the cycle is over or interrupted, or a wait may be. */
  #goOn(machine: number, time: number): void {
    if (this.#activity[machine] === working) this.#leaveWork(machine, time)
    else this.#waitOn(machine, time)
  }

  #beginWork(machine: number, time: number): void {
    this.#activity[machine] = working
    this.#workingSince[machine] = time
  }

  /** Adds the stretch of work that ends now, if there is one. */
  #stopWork(machine: number, time: number): void {
    this.#worked[machine] = this.operatingTime(machine, time)
    this.#activity[machine] = waitingForPart
  }

  #leaveWork(machine: number, time: number): void {
    this.#stopWork(machine, time)
    const interruption = this.#interruption[machine]!
    this.#interruption[machine] = nothing
    if (interruption === minorStop) {
      this.#pausedAt[machine] = time
      this.#act(machine, 'Holding', time)
      return
    }
    const isRejected = interruption === breakdown || this.#willReject[machine] === 1
    this.#count(machine, time, isRejected)
    if (interruption === breakdown) this.#act(machine, 'Aborting', time)
    else if (isRejected || this.#handOver(machine, time)) this.#afterPart(machine, time)
    else this.#wait(machine, waitingForRoom, time)
  }

  /** The part in the machine is done: a reject leaves the line here. */
  #count(machine: number, time: number, isRejected: boolean): void {
    this.#holds[machine] = isRejected ? noPart : finishedPart
    this.produced[machine]!++
    if (isRejected) this.rejected[machine]!++
    this.#listener.onPart(machine, time)
  }

  #afterPart(machine: number, time: number): void {
    if (this.#willChangeOver[machine] === 1) {
      this.#willChangeOver[machine] = 0
      this.#isChangingOver[machine] = 1
      this.#act(machine, 'Completing', time)
    } else {
      this.#takeNext(machine, time)
    }
  }

  #takeNext(machine: number, time: number): void {
    if (this.#take(machine, time)) this.#startCycle(machine, time)
    else this.#wait(machine, waitingForPart, time)
  }

  #wait(machine: number, activity: number, time: number): void {
    this.#activity[machine] = activity
    this.#patienceEnd[machine] = time + Math.round(this.#drawStop(machine, this.#duty.patience) * 1000)
    this.#queue.set(machine, this.#patienceEnd[machine]!)
  }

  /** A neighbour has moved, or the patience is at its end. */
  #waitOn(machine: number, time: number): void {
    if (
      this.#activity[machine] === waitingForRoom ? this.#handOver(machine, time) : this.#take(machine, time)
    ) {
      if (this.#holds[machine] === rawPart) this.#startCycle(machine, time)
      else this.#afterPart(machine, time)
    } else if (time >= this.#patienceEnd[machine]!) {
      this.reason[machine] = this.#activity[machine] === waitingForRoom ? blocked : starved
      this.#act(machine, 'Suspending', time)
    } else {
      this.#queue.set(machine, this.#patienceEnd[machine]!)
    }
  }

  #canProceed(machine: number, time: number): boolean {
    return this.reason[machine] === blocked ? this.#handOver(machine, time) : this.#take(machine, time)
  }

  /** Passes the part on and wakes who waits for it; false where there is no room. */
  #handOver(machine: number, time: number): boolean {
    const to = this.#buffers.put(machine)
    if (to === full) return false
    this.#holds[machine] = noPart
    if (to !== shipped && this.#waitsFor(to, starved)) this.#queue.set(to, time)
    return true
  }

  /** Takes the next part and wakes who waits for the room; false where there is none. */
  #take(machine: number, time: number): boolean {
    if (!this.#buffers.take(machine)) return false
    const suppliers = this.#buffers.suppliers[machine]!
    for (let i = 0; i < suppliers.length; i++) {
      if (this.#waitsFor(suppliers[i]!, blocked)) this.#queue.set(suppliers[i]!, time)
    }
    this.#holds[machine] = rawPart
    return true
  }

  #waitsFor(machine: number, reason: number): boolean {
    if (this.state[machine] === packmlNumber.Suspended) return this.reason[machine] === reason
    const activity = reason === blocked ? waitingForRoom : waitingForPart
    return this.state[machine] === packmlNumber.Execute && this.#activity[machine] === activity
  }

  /** Decides at its start how the cycle will go; always the same number of draws. */
  #startCycle(machine: number, time: number): void {
    const chance = this.#cycles[machine]!
    const length = Math.max(
      1,
      Math.round(
        this.#meanCycle[machine]! *
          this.cycleFactor[machine]! *
          (1 + this.#duty.cycleJitter * chance.noise()),
      ),
    )
    const fate = chance.uniform()
    const share = chance.uniform()
    const seconds = length / 1000
    const breakdownBelow = seconds / this.#duty.breakdownEvery
    const minorStopBelow = breakdownBelow + seconds / this.#duty.minorStopEvery
    const changeoverBelow = minorStopBelow + seconds / this.#duty.changeoverEvery
    this.#holds[machine] = rawPart
    this.#beginWork(machine, time)
    this.cycleStart[machine] = time
    this.cycleLength[machine] = length
    this.#willReject[machine] =
      chance.uniform() < this.#rejectShare[machine]! + this.extraReject[machine]! ? 1 : 0
    this.#interruption[machine] =
      fate < breakdownBelow ? breakdown : fate < minorStopBelow ? minorStop : nothing
    this.#willChangeOver[machine] = fate >= minorStopBelow && fate < changeoverBelow ? 1 : 0
    const isWhole = this.#interruption[machine] === nothing
    this.#queue.set(machine, time + (isWhole ? length : Math.round(share * length)))
  }

  /** A plant is met at work: most machines in the middle of a cycle, a few in the middle of a stop. */
  #beginInTheMiddle(machine: number, start: number, nature: RandomStream): void {
    const gone = nature.uniform()
    const which = nature.uniform()
    this.#startCycle(machine, start)
    this.#interruption[machine] = nothing
    this.cycleStart[machine]! -= Math.floor(gone * this.cycleLength[machine]!)
    this.state[machine] = packmlNumber.Execute
    this.#queue.set(machine, this.cycleStart[machine]! + this.cycleLength[machine]!)
    if (which < 0.92) return
    const beginIn = (state: PackmlState, span: Span): void => {
      this.state[machine] = packmlNumber[state]
      this.#queue.set(machine, start + 1 + Math.round(gone * nature.skewed(...span) * 1000))
    }
    const duty = this.#duty
    if (which < 0.95) {
      this.#pausedAt[machine] = start
      beginIn('Held', duty.minorStop)
      return
    }
    this.#holds[machine] = noPart
    this.#isChangingOver[machine] = which < 0.97 ? 0 : 1
    if (which < 0.97) beginIn('Aborted', duty.repair)
    else if (which < 0.985) beginIn('Resetting', duty.changeover)
    else beginIn('Idle', duty.waitForOrder)
  }
}
