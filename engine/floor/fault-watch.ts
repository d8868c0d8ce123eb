import type { Clock } from '../../schema/clock.js'
import type { DamageReport } from '../../schema/damage-report.js'
import { type FaultPatternId, faultPatternIds, faultsOf } from '../../schema/fault-catalogue.js'
import { packmlNumber } from '../../schema/packml.js'
import type { Reject, TwinSnapshot } from '../../schema/records.js'
import type { FaultContext, FaultView } from '../../twins/fault/fault.events.js'
import { publicView } from '../../twins/fault/fault.machine.js'
import { stageOfDamage } from '../../twins/fault/stages.js'
import type { TwinMessage } from '../twin-system/definition.js'
import type { RestoreOutcome, TwinSystem } from '../twin-system/twin-system.js'
import type { RegisteredMachine, Registry } from './floor.js'
import type { LatestMachines } from './latest-table.js'
import type { Turn } from './turn.js'
import { faultAddress, faultKind } from './twin-kinds.js'

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

/**
 * Keeps the fault twins of a floor. A fault that never showed has no twin: it is made when somebody first has something
 * to say of it.
 */
export class FaultWatch {
  readonly #parts: FaultWatchParts
  /** Of each machine by index: the faults that have a twin. */
  readonly #ofMachine = new Map<number, Set<FaultPatternId>>()

  constructor(parts: FaultWatchParts) {
    this.#parts = parts
  }

  /** Brings back the fault twins of a machine that have a snapshot. */
  add({ index, machine }: RegisteredMachine, saved: ReadonlyMap<string, TwinSnapshot>): RestoreOutcome[] {
    return faultPatternIds
      .filter(pattern => saved.has(faultAddress(machine.id, pattern)))
      .map(pattern => this.#addTwin(index, pattern, saved.get(faultAddress(machine.id, pattern))))
  }

  /** What is known of a machine's faults, those that lie dormant left out. */
  active(machine: number): readonly FaultView[] {
    const patterns = this.#ofMachine.get(machine)
    if (patterns === undefined) return []
    return [...patterns]
      .map(pattern => publicView({ context: this.#contextOf(machine, pattern) }))
      .filter(({ state }) => state !== 'dormant')
  }

  /** Takes what a simulated source tells of its machines' faults. */
  report(source: string, reports: readonly DamageReport[]): void {
    for (const report of reports) {
      const machine = this.#parts.registry.machineById(report.machine)
      const problem = this.#problemOf(source, report, machine)
      if (machine === undefined || problem !== undefined) {
        this.#parts.turn.add('rejects', problem!)
        continue
      }
      this.#take(machine.index, report)
    }
  }

  /** The machine runs again: what was repaired shows what is left of it. `time`: since when, Unix ms. */
  running(machine: number, time: number): void {
    for (const pattern of this.#ofMachine.get(machine) ?? []) {
      const { state, estimated } = this.#contextOf(machine, pattern)
      if (state === 'repaired' || (state === 'failed' && estimated)) {
        this.#send(machine, pattern, { type: 'RESTARTED', time })
      }
    }
  }

  #take(machine: number, report: DamageReport): void {
    const { pattern, time, note = '' } = report
    switch (report.kind) {
      case 'damage':
        if (!this.#has(machine, pattern) && stageOfDamage(pattern, report.damage) === 'dormant') return
        this.#send(machine, pattern, { type: 'DAMAGE', time, damage: report.damage })
        return
      case 'repair-started':
        this.#send(machine, pattern, { type: 'REPAIR_STARTED', time, who: report.who, comment: note })
        return
      case 'repaired':
        this.#repaired(machine, pattern, report)
    }
  }

  #repaired(machine: number, pattern: FaultPatternId, report: DamageReport & { kind: 'repaired' }): void {
    const { time, who, repair, keeps, note: comment = '' } = report
    if (this.#contextOf(machine, pattern).state !== 'underRepair') {
      this.#send(machine, pattern, { type: 'REPAIR_STARTED', time, who, comment })
    }
    this.#send(machine, pattern, { type: 'REPAIR_ENDED', time, who, comment, kind: repair, keeps })
    // It may never have stopped, as when an injected fault is taken away.
    if (this.#parts.machines.state[machine] === packmlNumber.Execute) {
      this.#send(machine, pattern, { type: 'RESTARTED', time })
    }
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
    const possible = faultsOf(machine.machine.type)
    if (!possible.includes(report.pattern)) {
      const reason = `A ${machine.machine.type} cannot have the fault "${report.pattern}"; it can have ${possible.join(', ')}.`
      return reject('damage.impossible-fault', reason)
    }
    if (!Number.isFinite(report.time)) return reject('damage.malformed', `Its time is ${report.time}.`)
    if (report.kind === 'damage' && !(report.damage >= 0 && report.damage <= 1)) {
      return reject('damage.malformed', `Its damage is ${report.damage}; it lies between 0 and 1.`)
    }
    return undefined
  }

  #has(machine: number, pattern: FaultPatternId): boolean {
    return this.#ofMachine.get(machine)?.has(pattern) ?? false
  }

  /** Events of several origins meet at a fault; it hears them in order of telling. */
  #send(machine: number, pattern: FaultPatternId, message: TwinMessage): void {
    const time = Math.max(message.time, this.#contextOf(machine, pattern).time)
    this.#parts.twins.send(this.#address(machine, pattern), { ...message, time })
  }

  #contextOf(machine: number, pattern: FaultPatternId): FaultContext {
    if (!this.#has(machine, pattern)) this.#addTwin(machine, pattern, undefined)
    const { snapshot } = this.#parts.twins.get(this.#address(machine, pattern))!
    return (snapshot as unknown as { context: FaultContext }).context
  }

  #addTwin(machine: number, pattern: FaultPatternId, saved: TwinSnapshot | undefined): RestoreOutcome {
    const { id, source } = this.#parts.registry.machineByIndex(machine)!.machine
    const estimated = !this.#parts.simulated.has(source)
    const input = { fault: `${id}.${pattern}`, pattern, estimated }
    const patterns = this.#ofMachine.get(machine) ?? new Set()
    this.#ofMachine.set(machine, patterns.add(pattern))
    return this.#parts.twins.add(faultAddress(id, pattern), faultKind, input, saved)
  }

  #address(machine: number, pattern: FaultPatternId): string {
    return faultAddress(this.#parts.registry.machineByIndex(machine)!.machine.id, pattern)
  }
}
