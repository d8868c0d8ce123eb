import type { FaultPatternId } from '../../schema/fault-catalogue.js'
import { standardConfig } from '../../schema/machine-config.js'
import type { Maintenance } from '../../schema/maintenance.js'
import type { PackmlState } from '../../schema/packml.js'
import { packmlStateOf } from '../../twins/machine/machine.machine.js'
import type { TwinSystem } from '../twin-system/twin-system.js'
import type { FaultWatch } from './fault-watch.js'
import type { RegisteredMachine, Registry } from './floor.js'
import type { ModeHolds } from './mode-holds.js'
import { stateValueOf } from './state-value.js'
import { timeText } from './time-text.js'
import { machineAddress } from './twin-kinds.js'

export interface MaintenanceWatchParts {
  readonly twins: TwinSystem
  readonly registry: Registry
  readonly faults: FaultWatch
  readonly holds: ModeHolds
  readonly simulated: ReadonlySet<string>
}

/** What told work moved on the floor. */
export interface Moved {
  /** The machine is in Maintenance by it. */
  readonly mode: boolean
  /** Why not; empty where it is. */
  readonly reason: string
}

/** Work that is not over. */
export interface PendingWork {
  readonly work: Maintenance
  hasBegun: boolean
  /** It is not known yet whether the machine goes into Maintenance by it. */
  awaitsRest: boolean
  /** Somebody is sent to mend it, who brings it to rest. */
  isStopped: boolean
}

interface Pending extends PendingWork {
  readonly machine: RegisteredMachine
}

/** From here a machine comes to stand by itself, or says soon what it does. */
const comingToRest: ReadonlySet<PackmlState> = new Set([
  'Undefined',
  'Aborting',
  'Clearing',
  'Stopping',
  'Resetting',
])

/**
 * Lets work on machines begin and end at its time, and tells the twins: the fault that is mended, the mode. What is done
 * to the faults of a simulated machine the simulation tells itself.
 */
export class MaintenanceWatch {
  readonly #parts: MaintenanceWatchParts
  /** In order of time: of one moment, the work before ends first. */
  #pending: Pending[] = []

  constructor(parts: MaintenanceWatchParts) {
    this.#parts = parts
  }

  /** Takes on work whose machine is in the plant; what is due by `now` (floor time) happens at once. */
  plan(work: Maintenance, now: number): void {
    const machine = this.#parts.registry.machineById(work.machine)
    if (machine === undefined) return
    this.#pending.push({ work, machine, hasBegun: false, awaitsRest: false, isStopped: false })
    this.#pending.sort((a, b) => a.work.start - b.work.start)
    this.tick(now)
  }

  /** Takes up work that was told before the start of the engine and was not over then; `lastAlive`: floor time. */
  resume(work: Maintenance, lastAlive: number, now: number): void {
    const machine = this.#parts.registry.machineById(work.machine)
    if (machine === undefined) return
    if (work.start <= lastAlive && !this.#tellsMode(machine)) this.#parts.holds.resume(machine)
    this.plan(work, now)
  }

  /** Somebody is sent who stops the machine for this work: it is waited for, in whatever state it is. */
  awaitRest(id: string): void {
    const pending = this.#pending.find(({ work }) => work.id === id)
    if (pending === undefined || this.#parts.holds.has(pending.work.machine)) return
    pending.isStopped = true
    pending.awaitsRest = pending.hasBegun
  }

  /** The work was told by mistake: what it has begun is undone, at `now`, floor time. */
  withdraw(id: string, now: number): void {
    const pending = this.#pending.find(({ work }) => work.id === id)
    if (pending === undefined) return
    this.#pending = this.#pending.filter(other => other !== pending)
    if (pending.hasBegun)
      this.#end({ ...pending, work: { ...pending.work, end: now, repair: 'minimal', keeps: null } })
  }

  /** What the work has moved by `now` (floor time), for who tells of it. */
  moved({ id: told, machine: id, start, end }: Maintenance, now: number): Moved {
    const { registry, holds } = this.#parts
    const stays = (reason: string): Moved => ({ mode: false, reason })
    const machine = registry.machineById(id)
    if (machine === undefined) return stays(`${id} is not in the plant.`)
    if (this.#tellsMode(machine)) return stays(`${id} is a real machine and says itself which mode it is in.`)
    if (end <= now) return stays(`The work was over at ${timeText(end)}.`)
    if (start > now) return stays(`The work begins at ${timeText(start)}.`)
    if (holds.has(id)) return { mode: true, reason: '' }
    const state = this.#stateOf(machine)
    if (this.#pending.some(({ work, awaitsRest }) => awaitsRest && work.id === told))
      return stays(`${id} is in ${state}; it goes into Maintenance when it stands.`)
    const modeChangeIn = modeChangesOf(machine)
    return stays(`${id} is in ${state}; its mode changes only in ${modeChangeIn.join(', ')}.`)
  }

  /** What is pending on a machine. */
  remember(machine: string): readonly PendingWork[] {
    return this.#pending
      .filter(({ work }) => work.machine === machine)
      .map(({ machine: _, ...pending }) => pending)
  }

  recall(machine: RegisteredMachine, works: readonly PendingWork[]): void {
    const others = this.#pending.filter(({ work }) => work.machine !== machine.machine.id)
    this.#pending = [...others, ...works.map(pending => ({ ...pending, machine }))]
    this.#pending.sort((a, b) => a.work.start - b.work.start)
  }

  tick(now: number): void {
    if (this.#pending.length === 0) return
    for (const pending of this.#pending) {
      const { work, hasBegun } = pending
      if (!hasBegun && work.start <= now) this.#begin(pending, now)
      if (pending.awaitsRest) this.#rest(pending)
      if (work.end <= now) this.#end(pending)
    }
    this.#pending = this.#pending.filter(({ work }) => work.end > now)
  }

  #begin(pending: Pending, now: number): void {
    const { work, machine } = pending
    const { start: time, who, note: comment } = work
    pending.hasBegun = true
    const fault = this.#faultOf(pending)
    const isBreakdown = work.kind === 'breakdown'
    if (fault !== null) this.#parts.faults.repairBegins(machine, fault, { time, who, comment, isBreakdown })
    pending.awaitsRest = work.end > now && !this.#tellsMode(machine)
  }

  /**
   * A machine that stands goes into Maintenance; one that is about to stand is waited for, one that runs only where
   * somebody stops it.
   */
  #rest(pending: Pending): void {
    const state = this.#stateOf(pending.machine)
    if (comingToRest.has(state)) return
    if (pending.isStopped && !modeChangesOf(pending.machine).includes(state)) return
    pending.awaitsRest = false
    this.#parts.holds.hold(pending.machine, pending.work.start)
  }

  #end(pending: Pending): void {
    const { work, machine } = pending
    const { end: time, who, note: comment, repair, keeps } = work
    const fault = this.#faultOf(pending)
    if (fault !== null) this.#parts.faults.repairEnds(machine, fault, { time, who, comment, repair, keeps })
    this.#parts.holds.release(machine, time)
  }

  /** The fault of a real machine that the work mends. */
  #faultOf({ work, machine }: Pending): FaultPatternId | null {
    return this.#isSimulated(machine) ? null : work.fault
  }

  #stateOf({ machine }: RegisteredMachine): PackmlState {
    return packmlStateOf(stateValueOf(this.#parts.twins.get(machineAddress(machine.id))?.snapshot))
  }

  /** A real machine with a signal for its mode says itself which it is in; of any other nobody but the work does. */
  #tellsMode(machine: RegisteredMachine): boolean {
    return !this.#isSimulated(machine) && machine.signals.some(({ signal }) => signal.quantity === 'mode')
  }

  #isSimulated({ machine }: RegisteredMachine): boolean {
    return this.#parts.simulated.has(machine.source)
  }
}

/** The states in which its mode may change (TR88.00.02). */
const modeChangesOf = ({ machine }: RegisteredMachine): readonly PackmlState[] =>
  (machine.packml ?? standardConfig).modeChangeIn
