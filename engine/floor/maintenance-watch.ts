import type { FaultPatternId } from '../../schema/fault-catalogue.js'
import type { Maintenance } from '../../schema/maintenance.js'
import type { MachineContext } from '../../twins/machine/machine.context.js'
import type { TwinSystem } from '../twin-system/twin-system.js'
import type { FaultWatch } from './fault-watch.js'
import type { RegisteredMachine, Registry } from './floor.js'
import type { Turn } from './turn.js'
import { machineAddress } from './twin-kinds.js'

export interface MaintenanceWatchParts {
  readonly twins: TwinSystem
  readonly registry: Registry
  readonly turn: Turn
  readonly faults: FaultWatch
  readonly simulated: ReadonlySet<string>
}

interface Pending {
  readonly work: Maintenance
  readonly machine: RegisteredMachine
  hasBegun: boolean
}

/**
 * Lets work on machines begin and end at its time, and tells the twins: the fault that is mended, the mode. What is done
 * to the faults of a simulated machine the simulation tells itself.
 */
export class MaintenanceWatch {
  readonly #parts: MaintenanceWatchParts
  #pending: Pending[] = []

  constructor(parts: MaintenanceWatchParts) {
    this.#parts = parts
  }

  /** Takes on work whose machine is in the plant; what is due by `now` (floor time) happens at once. */
  plan(work: Maintenance, now: number): void {
    const machine = this.#parts.registry.machineById(work.machine)
    if (machine === undefined) return
    this.#pending.push({ work, machine, hasBegun: false })
    this.tick(now)
  }

  tick(now: number): void {
    if (this.#pending.length === 0) return
    for (const pending of this.#pending) {
      const { work, hasBegun } = pending
      if (!hasBegun && work.start <= now) this.#begin(pending)
      if (work.end <= now) this.#end(pending)
    }
    this.#pending = this.#pending.filter(({ work }) => work.end > now)
  }

  #begin(pending: Pending): void {
    const { work, machine } = pending
    const { start: time, who, note: comment } = work
    pending.hasBegun = true
    const fault = this.#faultOf(pending)
    const isBreakdown = work.kind === 'breakdown'
    if (fault !== null) this.#parts.faults.repairBegins(machine, fault, { time, who, comment, isBreakdown })
    this.#setMode(machine, 'Maintenance', time)
  }

  #end(pending: Pending): void {
    const { work, machine } = pending
    const { end: time, who, note: comment, repair, keeps } = work
    const fault = this.#faultOf(pending)
    if (fault !== null) this.#parts.faults.repairEnds(machine, fault, { time, who, comment, repair, keeps })
    this.#setMode(machine, 'Production', time)
  }

  /** The fault of a real machine that the work mends. */
  #faultOf({ work, machine }: Pending): FaultPatternId | null {
    return this.#parts.simulated.has(machine.machine.source) ? null : work.fault
  }

  /** A simulated machine goes into the mode where PackML allows it; a real one says itself which mode it is in. */
  #setMode({ machine }: RegisteredMachine, mode: 'Maintenance' | 'Production', at: number): void {
    const { twins, simulated, turn } = this.#parts
    if (!simulated.has(machine.source)) return
    const address = machineAddress(machine.id)
    const context = (): MachineContext =>
      (twins.get(address)!.snapshot as unknown as { context: MachineContext }).context
    const before = context().mode
    const time = Math.max(at, context().newest ?? at)
    twins.send(address, { type: 'SET_MODE', mode, time })
    if (context().mode === before) return
    const change = { machine: machine.id, time, state: '', mode, reason: '', sourceState: '' }
    turn.add('stateChanges', { ...change, observed: false })
  }
}
