import type { Clock } from '../../schema/clock.js'
import type { DamageReport } from '../../schema/damage-report.js'
import { type FaultPatternId, faultsOf, type RepairKind } from '../../schema/fault-catalogue.js'
import { packmlNumber } from '../../schema/packml.js'
import type { Reject, TwinSnapshot } from '../../schema/records.js'
import {
  type Evidence,
  type FaultContext,
  type FaultEmitted,
  type FaultView,
  faultStates,
  type RepairWork,
} from '../../twins/fault/fault.events.js'
import { publicView } from '../../twins/fault/fault.machine.js'
import { stageOfDamage, stageOfEvidence } from '../../twins/fault/stages.js'
import type { TwinEmitted, TwinMessage } from '../twin-system/definition.js'
import type { RestoreOutcome, TwinSystem } from '../twin-system/twin-system.js'
import type { RegisteredMachine, Registry } from './floor.js'
import type { LatestMachines } from './latest-table.js'
import type { Turn } from './turn.js'
import { faultAddress, faultKind, faultOfAddress } from './twin-kinds.js'

export interface FaultWatchParts {
  readonly twins: TwinSystem
  readonly registry: Registry
  readonly clock: Clock
  readonly turn: Turn
  /** What the machines do. */
  readonly machines: LatestMachines
  /** Ids of the sources whose machines are simulated; of all others every fault is an estimate. */
  readonly simulated: ReadonlySet<string>
}

interface RepairDone {
  readonly repair: RepairKind
  /** The share of the damage that an imperfect repair leaves; null for other kinds. */
  readonly keeps: number | null
}

/** What is remembered of a fault beside its twin. */
export interface FaultMemory {
  readonly pattern: FaultPatternId
  readonly origin: string
  readonly magnitude: number
  readonly note: string
}

/** How often faults are told that time passes, floor ms. */
const tickPeriod = 60_000

/** A fault that has a twin. */
interface Fault {
  readonly address: string
  readonly pattern: FaultPatternId
  readonly machine: RegisteredMachine
  /** What a simulation says of it beside its damage; goes into the record. */
  origin: string
  magnitude: number
  note: string
}

/**
 * Keeps the fault twins of a floor. A fault that never showed has no twin: it is made when somebody first has something
 * to say of it.
 */
export class FaultWatch {
  readonly #parts: FaultWatchParts
  readonly #faults = new Map<string, Fault>()
  /** By index of the machine. */
  readonly #ofMachine = new Map<number, Fault[]>()
  #tickedAt = 0

  constructor(parts: FaultWatchParts) {
    this.#parts = parts
    parts.twins.makes(faultKind.id, saved => this.#bringBack(saved))
  }

  /** What is known of a machine's faults, those that lie dormant left out. */
  active(machine: number): readonly FaultView[] {
    return (this.#ofMachine.get(machine) ?? [])
      .map(fault => publicView({ context: this.#contextOf(fault) }))
      .filter(({ state }) => state !== 'dormant')
  }

  /** Takes what a simulated source tells of its machines' faults. */
  report(source: string, reports: readonly DamageReport[]): void {
    for (const report of reports) {
      const machine = this.#parts.registry.machineById(report.machine)
      const problem = this.#problemOf(source, report, machine)
      if (problem !== undefined) this.#parts.turn.add('rejects', problem)
      else this.#take(machine!, report)
    }
  }

  /**
   * Takes what the sensors of a real machine say together. While it stands it shows little: what it shows then may make
   * a fault worse, but is no sign of recovery.
   */
  conclude(
    machine: RegisteredMachine,
    evidence: Evidence,
    { time, isStanding }: { readonly time: number; readonly isStanding: boolean },
  ): void {
    const { pattern } = evidence
    const stage = stageOfEvidence[evidence.level]
    const known = this.#faults.get(faultAddress(machine.machine.id, pattern))
    const { state } = known === undefined ? { state: 'dormant' as const } : this.#contextOf(known)
    if (stage === 'dormant' && state === 'dormant') return
    if (isStanding && faultStates.indexOf(stage) < faultStates.indexOf(state)) return
    const fault = this.#faultOf(machine, pattern)
    this.#send(fault, { type: 'EVIDENCE', time, ...evidence })
  }

  /** Somebody begins to mend the fault; `isBreakdown`: the machine has broken down of it. */
  repairBegins(
    machine: RegisteredMachine,
    pattern: FaultPatternId,
    { isBreakdown = false, ...work }: RepairWork & { readonly isBreakdown?: boolean },
  ): void {
    const fault = this.#faultOf(machine, pattern)
    const { estimated, state } = this.#contextOf(fault)
    if (isBreakdown && estimated && state !== 'failed') {
      this.#send(fault, { type: 'BREAKDOWN', time: work.time })
    }
    this.#send(fault, { type: 'REPAIR_STARTED', ...work })
  }

  /** The fault is mended, whether or not somebody said that they began. */
  repairEnds(
    machine: RegisteredMachine,
    pattern: FaultPatternId,
    { repair, keeps, ...work }: RepairWork & RepairDone,
  ): void {
    const fault = this.#faultOf(machine, pattern)
    if (this.#contextOf(fault).state !== 'underRepair') this.#send(fault, { type: 'REPAIR_STARTED', ...work })
    this.#send(fault, { type: 'REPAIR_ENDED', ...work, kind: repair, keeps })
    // It may never have stopped, or run again already.
    if (this.#parts.machines.state[machine.index] === packmlNumber.Execute) {
      this.#send(fault, { type: 'RESTARTED', time: work.time })
    }
  }

  /** The machine runs again: what was repaired shows what is left of it. `time`: since when, Unix ms. */
  running(machine: number, time: number): void {
    for (const fault of this.#ofMachine.get(machine) ?? []) {
      const { state, estimated } = this.#contextOf(fault)
      if (state === 'repaired' || (state === 'failed' && estimated)) {
        this.#send(fault, { type: 'RESTARTED', time })
      }
    }
  }

  /** Time passes: now and then the faults that show are told, so that their progress moves on. */
  tick(now: number): void {
    if (now < this.#tickedAt) this.#tickedAt = now
    if (now - this.#tickedAt < tickPeriod) return
    this.#tickedAt = now
    for (const fault of this.#faults.values()) {
      if (this.#contextOf(fault).state !== 'dormant') this.#send(fault, { type: 'TICK', time: now })
    }
  }

  /** When the faults were last told that time passes, floor time. */
  get tickedAt(): number {
    return this.#tickedAt
  }

  set tickedAt(time: number) {
    this.#tickedAt = time
  }

  remember(machine: number): readonly FaultMemory[] {
    const faults = this.#ofMachine.get(machine) ?? []
    return faults.map(({ pattern, origin, magnitude, note }) => ({ pattern, origin, magnitude, note }))
  }

  /** Makes the twins that there were, for their snapshots. */
  recall(machine: RegisteredMachine, faults: readonly FaultMemory[]): void {
    for (const { pattern, address } of this.#ofMachine.get(machine.index) ?? []) {
      if (!faults.some(fault => fault.pattern === pattern)) this.#parts.twins.get(address)?.reset()
    }
    for (const { pattern, ...said } of faults) Object.assign(this.#faultOf(machine, pattern), said)
  }

  /** A twin spoke; what a fault says goes into its record. */
  hear(address: string, emitted: TwinEmitted): void {
    const fault = this.#faults.get(address)
    if (fault === undefined || emitted.type !== 'fault.changed') return
    const said = emitted as FaultEmitted
    this.#parts.turn.addRow('fault_events', {
      machine: fault.machine.machine.id,
      pattern: fault.pattern,
      ts: said.time,
      occurrence: said.occurrence,
      stage_before: said.from,
      stage: said.to,
      cause: said.cause,
      estimated: said.estimated,
      severity: said.severity,
      progress: said.progress,
      rule: said.rule,
      signals: said.signals,
      confidence: said.confidence,
      growth: said.growth,
      repair: said.repair ?? '',
      origin: fault.origin,
      magnitude: fault.magnitude,
      who: said.who,
      comment: said.comment || fault.note,
    })
  }

  #take(machine: RegisteredMachine, report: DamageReport): void {
    const { pattern, time, note = '' } = report
    const known = this.#faults.get(faultAddress(machine.machine.id, pattern))
    if (report.kind === 'damage') {
      const { damage, progress } = report
      if (known === undefined && stageOfDamage(pattern, damage) === 'dormant') return
      const fault = this.#faultOf(machine, pattern)
      Object.assign(fault, { origin: report.cause, magnitude: report.severity, note })
      this.#send(fault, { type: 'DAMAGE', time, damage, ...(progress !== undefined && { progress }) })
      return
    }
    const work = { time, who: report.who, comment: note }
    if (report.kind === 'cleared') {
      if (known !== undefined) this.#send(known, { type: 'CLEARED', ...work })
    } else if (report.kind === 'repair-started') this.repairBegins(machine, pattern, work)
    else this.repairEnds(machine, pattern, { ...work, repair: report.repair, keeps: report.keeps })
  }

  #problemOf(
    source: string,
    report: DamageReport,
    machine: RegisteredMachine | undefined,
  ): Reject | undefined {
    const reject = (rule: string, reason: string): Reject => ({
      source,
      time: this.#parts.clock.now(),
      rule,
      reason,
      raw: JSON.stringify(report).slice(0, 4096),
    })
    if (!this.#parts.simulated.has(source)) {
      return reject('damage.real-source', `Source ${source} is not a simulation: it cannot know of damage.`)
    }
    if (machine === undefined || machine.machine.source !== source) {
      return reject('damage.unknown-machine', `Source ${source} has no machine "${report.machine}".`)
    }
    const possible = faultsOf(machine.machine)
    if (!possible.includes(report.pattern)) {
      const reason = `A ${machine.machine.type} cannot have the fault "${report.pattern}"; it can have ${possible.join(', ')}.`
      return reject('damage.impossible-fault', reason)
    }
    if (!Number.isFinite(report.time)) return reject('damage.malformed', `Its time is ${report.time}.`)
    if (report.kind === 'damage' && !(report.damage >= 0 && report.damage <= 1)) {
      return reject('damage.malformed', `Its damage is ${report.damage}; it lies between 0 and 1.`)
    }
    if (report.kind === 'damage' && !((report.progress ?? 0) >= 0 && (report.progress ?? 0) <= 1)) {
      return reject('damage.malformed', `Its progress is ${report.progress}; it lies between 0 and 1.`)
    }
    return undefined
  }

  #faultOf(machine: RegisteredMachine, pattern: FaultPatternId): Fault {
    return this.#faults.get(faultAddress(machine.machine.id, pattern)) ?? this.#make(machine, pattern).fault
  }

  /** Makes the twin of a fault that showed before, or elsewhere; undefined where the plant has no such machine. */
  #bringBack(saved: TwinSnapshot): RestoreOutcome | undefined {
    const { id, pattern } = faultOfAddress(saved.address) ?? {}
    const machine = id === undefined ? undefined : this.#parts.registry.machineById(id)
    return machine && pattern && this.#make(machine, pattern, saved).outcome
  }

  #make(
    machine: RegisteredMachine,
    pattern: FaultPatternId,
    saved?: TwinSnapshot,
  ): { readonly fault: Fault; readonly outcome: RestoreOutcome } {
    const { id, source } = machine.machine
    const address = faultAddress(id, pattern)
    const input = { fault: `${id}.${pattern}`, pattern, estimated: !this.#parts.simulated.has(source) }
    const outcome = this.#parts.twins.add(address, faultKind, input, saved)
    const fault: Fault = { address, pattern, machine, origin: '', magnitude: 0, note: '' }
    this.#faults.set(address, fault)
    const others = this.#ofMachine.get(machine.index) ?? []
    this.#ofMachine.set(machine.index, [...others, fault])
    return { fault, outcome }
  }

  /** Events of several origins meet at a fault; it hears them in order of telling. */
  #send(fault: Fault, message: TwinMessage): void {
    const time = Math.max(message.time, this.#contextOf(fault).time)
    this.#parts.twins.send(fault.address, { ...message, time })
  }

  #contextOf({ address }: Fault): FaultContext {
    const { snapshot } = this.#parts.twins.get(address)!
    return (snapshot as unknown as { context: FaultContext }).context
  }
}
