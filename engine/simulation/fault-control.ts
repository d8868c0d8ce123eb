import type { DamageReport } from '../../schema/damage-report.js'
import { type FaultPatternId, faultsOf, type RepairKind } from '../../schema/fault-catalogue.js'
import type { FaultCommand } from '../../schema/simulation-command.js'
import type { FaultView } from '../../twins/fault/fault.events.js'
import type { Floor, RegisteredMachine } from '../floor/floor.js'
import type { By, SimulationChannel } from './channel.js'
import { SimulationError } from './simulation-error.js'
import { startOf } from './start-of.js'

export interface InjectionWish extends By {
  readonly pattern: FaultPatternId
  readonly severity: number
  /** Unix ms; missing: now; see startOf. */
  readonly start?: number
  /** Both ms. */
  readonly timeToFailure?: number
  readonly clearAfter?: number
}

export interface RepairWish extends By {
  readonly kind: RepairKind
  readonly keeps: number | null
  /** Ms. */
  readonly takes: number
}

type InjectCommand = Extract<FaultCommand, { kind: 'inject' }>

/** A fault that somebody injected and that is not over. */
export interface Injection extends InjectCommand {
  /** When it was wanted, Unix ms. */
  readonly time: number
  readonly isPaused: boolean
  /** Paused before its onset, which waits for it. */
  readonly isHeld: boolean
}

/** A fault of a machine as everybody may know it; of an injected one also what was wanted. */
export interface MachineFault {
  readonly machine: string
  readonly pattern: FaultPatternId
  /** Undefined before it shows. */
  readonly twin: FaultView | undefined
  readonly injection: Injection | undefined
}

export interface FaultControlParts {
  readonly floor: Floor
  readonly channel: SimulationChannel
}

/**
 * Lets people put faults into simulated machines and take them away.
 */
export class FaultControl {
  readonly #parts: FaultControlParts
  /** By machine and pattern. */
  readonly #injections = new Map<string, Injection>()

  /** Repairs that are sent and not told of yet, by machine and pattern. */
  readonly #repairs = new Set<string>()

  constructor(parts: FaultControlParts) {
    this.#parts = parts
  }

  /**
   * Follows what a simulation tells: an injected fault that was repaired wholly, or went by itself, is over. Other repairs
   * leave some of it, which is still the one that was injected.
   */
  hear(reports: readonly DamageReport[]): void {
    for (const report of reports) {
      const key = keyOf(report.machine, report.pattern)
      if (report.kind !== 'damage') this.#repairs.delete(key)
      const isOver = report.kind === 'repaired' ? report.repair === 'perfect' : report.kind === 'cleared'
      if (isOver) this.#injections.delete(key)
    }
  }

  /**
   * What a source must be told to have happened before it begins: a simulated plant is met anew, so that the faults it
   * had before are gone.
   */
  metAnew(source: string): readonly DamageReport[] {
    const { floor, channel } = this.#parts
    if (!channel.isSimulated(source)) return []
    const time = floor.clock.now()
    return floor.registry.machines
      .filter(({ machine }) => machine.source === source)
      .flatMap(({ machine, index }) =>
        (floor.faults?.(index) ?? []).map(
          ({ pattern }): DamageReport => ({
            kind: 'cleared',
            machine: machine.id,
            pattern,
            time,
            who: 'simulator',
            note: 'the simulated plant began anew',
          }),
        ),
      )
  }

  /** The faults of one machine, or of all: what shows, and what was injected and does not show yet. */
  faults(machineId?: string): readonly MachineFault[] {
    const { registry } = this.#parts.floor
    const machines = machineId === undefined ? registry.machines : [this.#machine(machineId)]
    return machines.flatMap(machine => this.#faultsOf(machine))
  }

  /** Puts a fault into a simulated machine. Throws SimulationError. */
  inject(machineId: string, wish: InjectionWish): MachineFault {
    const machine = this.#simulated(machineId)
    const { id, type, source } = machine.machine
    const { pattern, who, reason, severity, timeToFailure = null, clearAfter = null } = wish
    const possible = faultsOf(machine.machine)
    if (!possible.includes(pattern)) {
      const message = `A ${type} such as ${id} cannot have the fault "${pattern}"; it can have ${possible.join(', ')}.`
      throw new SimulationError('impossible-fault', message)
    }
    if (this.#faultsOf(machine).some(fault => fault.pattern === pattern)) {
      const message = `${id} carries the fault "${pattern}" already. Repair or clear that one first.`
      throw new SimulationError('already-there', message)
    }
    const time = this.#now
    const start = startOf(wish.start, time)
    const command = {
      kind: 'inject',
      machine: id,
      pattern,
      severity,
      start,
      ...(wish.start === undefined && ({ isNow: true } as const)),
      timeToFailure,
      clearAfter,
      who,
      reason,
    } as const
    const injection = { ...command, time, isPaused: false, isHeld: false }
    this.#injections.set(keyOf(id, pattern), injection)
    this.#send(source, command)
    // One that was wanted for a moment is over already where the machine has lived past it meanwhile.
    return this.#fault(machine, pattern) ?? { machine: id, pattern, twin: undefined, injection }
  }

  /** Halts the growth of a fault, or lets it go on. Throws SimulationError. */
  pause(machineId: string, pattern: FaultPatternId, isPaused: boolean, by: By): MachineFault {
    const machine = this.#simulated(machineId)
    const fault = this.#present(machine, pattern)
    const { id: machineOf, source } = machine.machine
    const state = fault.twin?.state
    if (isPaused && (state === 'failed' || state === 'underRepair')) {
      const what = state === 'failed' ? 'has failed' : 'is being repaired'
      const message = `The fault "${pattern}" of ${machineOf} ${what}: it does not grow any more. Repair it, or clear it.`
      throw new SimulationError('not-growing', message)
    }
    const key = keyOf(machineOf, pattern)
    const injection = this.#injections.get(key)
    if (injection !== undefined) this.#injections.set(key, paused(injection, isPaused, this.#now))
    this.#send(source, { kind: isPaused ? 'pause' : 'resume', machine: machineOf, pattern, ...by })
    return this.#fault(machine, pattern) ?? fault
  }

  /** Takes a fault away, as if it had never been. Throws SimulationError. */
  clear(machineId: string, pattern: FaultPatternId, by: By): void {
    const machine = this.#simulated(machineId)
    this.#present(machine, pattern)
    this.#clear(machine, pattern, by)
  }

  /** Takes all faults away from a simulated machine, or from all of them; returns how many. Throws SimulationError. */
  clearAll(machineId: string | undefined, by: By): number {
    const { registry } = this.#parts.floor
    const machines =
      machineId === undefined
        ? registry.machines.filter(({ machine }) => this.#parts.channel.isRunning(machine.source))
        : [this.#simulated(machineId)]
    let cleared = 0
    for (const machine of machines) {
      for (const { pattern } of this.#faultsOf(machine)) {
        this.#clear(machine, pattern, by)
        cleared++
      }
    }
    return cleared
  }

  /** Sends somebody to work on a fault. Throws SimulationError. */
  repair(machineId: string, pattern: FaultPatternId, wish: RepairWish): void {
    const machine = this.#simulated(machineId)
    const { twin, injection } = this.#present(machine, pattern)
    const { id, source } = machine.machine
    const { kind, ...rest } = wish
    if (twin?.state === 'underRepair' || this.#repairs.has(keyOf(id, pattern))) {
      const message = `The fault "${pattern}" of ${id} is being repaired already. Wait until that is over, or clear the fault.`
      throw new SimulationError('under-repair', message)
    }
    if (twin === undefined && injection !== undefined) {
      const begins = injection.isHeld
        ? 'is paused before its onset'
        : injection.start > this.#now && `begins at ${new Date(injection.start).toISOString()}`
      if (begins !== false) {
        const message = `The fault "${pattern}" of ${id} ${begins}: there is nothing to repair yet. Clear it where it is not to begin.`
        throw new SimulationError('not-begun', message)
      }
    }
    // Before it shows, or where sensors were wrong, there is nothing to repair, and nothing will be told of it.
    if (twin !== undefined && twin.state !== 'dormant' && !twin.estimated)
      this.#repairs.add(keyOf(id, pattern))
    this.#send(source, { kind: 'repair', machine: id, pattern, repair: kind, ...rest })
  }

  #clear({ machine: { id, source } }: RegisteredMachine, pattern: FaultPatternId, { who, reason }: By): void {
    this.#injections.delete(keyOf(id, pattern))
    this.#repairs.delete(keyOf(id, pattern))
    this.#send(source, { kind: 'clear', machine: id, pattern, who, reason })
  }

  get #now(): number {
    return this.#parts.floor.clock.now()
  }

  #machine(id: string): RegisteredMachine {
    const machine = this.#parts.floor.registry.machineById(id)
    if (machine !== undefined) return machine
    throw new SimulationError('unknown-machine', `No machine '${id}' is in the plant; see /api/v1/machines.`)
  }

  /** A machine that takes commands now. */
  #simulated(id: string): RegisteredMachine {
    const machine = this.#machine(id)
    this.#parts.channel.require(machine.machine.source, `${id} is a real machine`)
    return machine
  }

  #present(machine: RegisteredMachine, pattern: FaultPatternId): MachineFault {
    const fault = this.#fault(machine, pattern)
    if (fault !== undefined) return fault
    const { id } = machine.machine
    const others = this.#faultsOf(machine).map(other => other.pattern)
    const message = `${id} does not carry the fault "${pattern}"; it carries ${others.join(', ') || 'none'}.`
    throw new SimulationError('not-there', message)
  }

  #fault(machine: RegisteredMachine, pattern: FaultPatternId): MachineFault | undefined {
    return this.#faultsOf(machine).find(fault => fault.pattern === pattern)
  }

  #faultsOf({ machine, index }: RegisteredMachine): readonly MachineFault[] {
    // A fault is told of as repaired until the machine runs again, but it is over where nothing of it is left.
    const twins = (this.#parts.floor.faults?.(index) ?? []).filter(
      ({ state, repair }) => state !== 'repaired' || repair !== 'perfect',
    )
    const { id } = machine
    return faultsOf(machine).flatMap(pattern => {
      const twin = twins.find(view => view.pattern === pattern)
      const injection = this.#injections.get(keyOf(id, pattern))
      return twin === undefined && injection === undefined ? [] : [{ machine: id, pattern, twin, injection }]
    })
  }

  #send(source: string, command: FaultCommand): void {
    const inject = command.kind === 'inject' ? command : undefined
    const repair = command.kind === 'repair' ? command : undefined
    this.#parts.channel.send(source, command, {
      machine: command.machine,
      pattern: command.pattern,
      severity: inject?.severity ?? null,
      start: inject?.start ?? null,
      time_to_failure: inject?.timeToFailure ?? null,
      clear_after: inject?.clearAfter ?? null,
      repair: repair?.repair ?? '',
      keeps: repair?.keeps ?? null,
      takes: repair?.takes ?? null,
    })
  }
}

/** As the simulation takes it: paused before its onset it begins when it goes on, and no sooner than it was to. */
function paused(injection: Injection, isPaused: boolean, now: number): Injection {
  const { isHeld, start } = injection
  if (isPaused) return { ...injection, isPaused, isHeld: isHeld || start > now }
  return { ...injection, isPaused, isHeld: false, start: isHeld ? Math.max(start, now) : start }
}

const keyOf = (machine: string, pattern: FaultPatternId): string => `${machine}.${pattern}`
