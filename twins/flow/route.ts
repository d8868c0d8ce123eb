import { packmlNumber } from '../../schema/packml.js'
import { Sampler } from './distribution.js'
import type { EventQueue } from './event-queue.js'
import { type FlowListener, quiet } from './listener.js'
import { type ActingState, actingStates, type MachineModel } from './model.js'
import { RandomStream } from './random.js'
import type { Repairs } from './repairs.js'
import { Setups } from './setups.js'
import { starved, type WaysOut, type Work } from './work.js'

const {
  Execute: execute,
  Suspended: suspended,
  Held: held,
  Aborting: aborting,
  Aborted: aborted,
  Idle: idle,
  Resetting: resetting,
} = packmlNumber

/** A look taken soon after a machine reported Suspended, for what its neighbour did while it was suspending, ms. */
const secondLook = 500

/** What the route needs of the flow. */
export interface Surroundings {
  readonly seed: number
  readonly queue: EventQueue
  readonly repairs: Repairs
  readonly state: Uint8Array
  readonly reason: Uint8Array
}

/**
 * The way of machines through the PackML states (TR88.00.02, transition table): to a stop and back to Execute, each
 * state for as long as it lasts. Columns are by machine; those that `Flow` shows are described there.
 */
export class Route implements WaysOut {
  readonly changeovers: Uint32Array
  /** Hears of every state. */
  listener: Pick<FlowListener, 'onState'> = quiet
  readonly #queue: EventQueue
  readonly #state: Uint8Array
  readonly #reason: Uint8Array
  readonly #repairs: Repairs
  readonly #setups: readonly Setups[]
  /** By state number, then by machine. */
  readonly #lengths: readonly (readonly (Sampler | undefined)[])[]
  readonly #chance: readonly RandomStream[]
  /** The product a machine is to be set up for when it resets next; -1 = none. */
  readonly #changingTo: Int32Array
  /** When the newest setup is done, Unix ms, and what was left of it when the machine was tripped, ms. */
  readonly #setupEnds: Float64Array
  readonly #setupLeft: Float64Array
  #work: Work | undefined

  constructor(machines: readonly MachineModel[], around: Surroundings) {
    this.changeovers = new Uint32Array(machines.length)
    this.#queue = around.queue
    this.#state = around.state
    this.#reason = around.reason
    this.#repairs = around.repairs
    this.#setups = machines.map(
      ({ id, setups }) => new Setups(setups ?? [], new RandomStream(around.seed, id, 'setups')),
    )
    this.#lengths = lengthsByState(machines)
    this.#chance = machines.map(({ id }) => new RandomStream(around.seed, id, 'states'))
    this.#changingTo = new Int32Array(machines.length).fill(-1)
    this.#setupEnds = new Float64Array(machines.length)
    this.#setupLeft = new Float64Array(machines.length)
  }

  /** Work and route lead to each other; the flow joins them. */
  set work(work: Work) {
    this.#work = work
  }

  get work(): Work {
    return this.#work!
  }

  fail(machine: number, time: number, isCalendar: boolean): void {
    this.work.leave(machine, time)
    const mode = this.#repairs.fail(machine, isCalendar)
    this.#reason[machine] = 0
    if (mode.scrapsPart) this.work.losePart(machine, time)
    this.#act(machine, mode.aborts ? 'Aborting' : 'Holding', time)
  }

  suspend(machine: number, time: number, reason: number): void {
    this.#reason[machine] = reason
    this.#act(machine, 'Suspending', time)
  }

  rest(machine: number, time: number): void {
    this.work.leave(machine, time)
    this.#reason[machine] = 0
    this.#act(machine, 'Completing', time)
  }

  changeOver(machine: number, product: number, time: number): boolean {
    if (!this.#setups[machine]!.has(this.work.product[machine]!, product)) return false
    this.#changingTo[machine] = product
    this.rest(machine, time)
    return true
  }

  tripReason(machine: number): string | undefined {
    return this.#repairs.tripReason(machine)
  }

  /** See Flow.trip. */
  trip(machine: number, time: number, reason: string): void {
    if (this.#repairs.tripReason(machine) !== undefined) return
    this.#repairs.trip(machine, reason)
    const state = this.#state[machine]!
    // What has stopped it before is repaired meanwhile.
    if (state === aborting || state === aborted) return
    this.work.leave(machine, time)
    this.work.losePart(machine, time)
    this.#reason[machine] = 0
    // A trip spares no setup: one that was chosen, or what is left of one under way, comes when the machine resets again.
    if (state === resetting) this.#setupLeft[machine] = Math.max(0, this.#setupEnds[machine]! - time)
    this.#act(machine, 'Aborting', time)
  }

  /** See Flow.repair. */
  repair(machine: number, time: number): void {
    if (this.#repairs.tripReason(machine) === undefined) return
    this.#repairs.letGo(machine)
    if (this.#state[machine] === aborted && !this.#repairs.hasFailed(machine))
      this.#act(machine, 'Clearing', time)
  }

  /** The time of a state outside Execute is over. */
  goOn(machine: number, time: number): void {
    switch (this.#state[machine]) {
      case packmlNumber.Suspending:
        this.#enter(machine, suspended, time)
        this.#queue.set(machine, time + secondLook)
        if (this.#reason[machine] === starved) this.work.offerHand(machine, time)
        break
      case suspended:
        this.#inSuspended(machine, time)
        break
      case packmlNumber.Holding:
        this.#down(machine, held, time)
        break
      case held:
        this.#repaired(machine, time)
        this.#act(machine, 'Unholding', time)
        break
      case aborting:
        this.#down(machine, aborted, time)
        break
      case aborted:
        this.#repaired(machine, time)
        if (this.#repairs.tripReason(machine) === undefined) this.#act(machine, 'Clearing', time)
        else this.#queue.clear(machine)
        break
      case packmlNumber.Clearing:
        this.#act(machine, 'Stopped', time)
        break
      case packmlNumber.Completing:
        this.#act(machine, 'Complete', time)
        break
      case packmlNumber.Stopped:
      case packmlNumber.Complete:
        this.#reset(machine, time)
        break
      case resetting:
        if (this.#lengths[idle]![machine] === undefined) this.#inIdle(machine, time)
        else this.#act(machine, 'Idle', time)
        break
      case idle:
        this.#inIdle(machine, time)
        break
      case packmlNumber.Unsuspending:
      case packmlNumber.Unholding:
      case packmlNumber.Starting:
        this.#reason[machine] = 0
        this.#enter(machine, execute, time)
        this.work.proceed(machine, time)
        break
      default:
        throw new Error(`Nothing leads a machine of the flow to state ${this.#state[machine]}.`)
    }
  }

  #inSuspended(machine: number, time: number): void {
    const failsAt = this.#repairs.failures.nextCalendar[machine]!
    if (failsAt <= time) {
      this.fail(machine, time, true)
      return
    }
    if (this.work.isOver(machine)) {
      this.rest(machine, time)
      return
    }
    const gone = this.work.causeGone(machine)
    if (gone <= time) this.#act(machine, 'Unsuspending', time)
    else this.#queue.set(machine, Math.min(gone, failsAt))
  }

  #down(machine: number, state: number, time: number): void {
    this.#enter(machine, state, time)
    this.#queue.set(machine, this.#repairs.begin(machine, time))
  }

  #repaired(machine: number, time: number): void {
    this.#repairs.end(machine, this.work.cycles.worked(machine, time), time)
  }

  /** A machine is set up for its next product while it resets. */
  #reset(machine: number, time: number): void {
    const product = this.#changingTo[machine]!
    const left = this.#setupLeft[machine]!
    if (product !== -1) {
      this.#changingTo[machine] = -1
      this.changeovers[machine]!++
      this.#setUp(machine, this.#setups[machine]!.draw(this.work.product[machine]!, product), time)
      this.work.product[machine] = product
    } else if (left > 0) {
      this.#setupLeft[machine] = 0
      this.#setUp(machine, left, time)
    } else this.#act(machine, 'Resetting', time)
  }

  #setUp(machine: number, length: number, time: number): void {
    this.#enter(machine, resetting, time)
    this.#setupEnds[machine] = time + length
    this.#queue.set(machine, time + length)
  }

  #inIdle(machine: number, time: number): void {
    const begin = this.work.mayBegin(machine)
    if (begin <= time) {
      this.#act(machine, 'Starting', time)
      return
    }
    if (this.#state[machine] !== idle) this.#enter(machine, idle, time)
    this.#queue.set(machine, begin)
  }

  /** Enters a state that ends by itself; one that takes no time is passed without being entered. */
  #act(machine: number, name: ActingState, time: number): void {
    const state = packmlNumber[name]
    const length = this.#lengths[state]![machine]
    if (length === undefined) {
      this.#state[machine] = state
      this.goOn(machine, time)
      return
    }
    this.#enter(machine, state, time)
    this.#queue.set(machine, time + length.draw(this.#chance[machine]!))
  }

  #enter(machine: number, state: number, time: number): void {
    this.#state[machine] = state
    this.listener.onState(machine, time)
  }
}

function lengthsByState(machines: readonly MachineModel[]): (Sampler | undefined)[][] {
  const byState: (Sampler | undefined)[][] = Object.values(packmlNumber).map(() => [])
  for (const name of actingStates) {
    byState[packmlNumber[name]] = machines.map(({ acting }) => acting[name] && new Sampler(acting[name]))
  }
  return byState
}
