import { displayNumber, displayState } from '../../schema/display-state.js'
import { modeNumber, type PackmlState, packmlNumber } from '../../schema/packml.js'
import type { TwinSnapshot } from '../../schema/records.js'
import type { MachineContext } from '../../twins/machine/machine.context.js'
import type { MachineEmitted } from '../../twins/machine/machine.events.js'
import { packmlStateOf } from '../../twins/machine/machine.machine.js'
import type { TwinMessage } from '../twin-system/definition.js'
import type { RestoreOutcome, TwinSystem } from '../twin-system/twin-system.js'
import type { RegisteredMachine, Registry } from './floor.js'
import { LatestMachines } from './latest-table.js'
import type { LineWatch } from './line-watch.js'
import type { Turn } from './turn.js'
import { machineAddress, machineKind } from './twin-kinds.js'

export interface MachineTwinsParts {
  readonly twins: TwinSystem
  readonly registry: Registry
  readonly turn: Turn
  readonly lines: LineWatch
}

/** How a machine's twin stands. */
interface ShownMachine {
  readonly state: PackmlState
  readonly display: number
  readonly context: MachineContext
}

/** What changes how a machine looks to its line, or how fast it works. */
const toldToLine: ReadonlySet<string> = new Set<MachineEmitted['type']>([
  'state.changed',
  'reason.changed',
  'mode.changed',
  'stop.reason',
  'parts.counted',
])

/** The twins of a floor's machines by the machines' indexes: how they stand, what they are told, and what they say. */
export class MachineTwins {
  readonly latest: LatestMachines
  readonly #parts: MachineTwinsParts
  readonly #indexByAddress = new Map<string, number>()
  /** Machines whose twin spoke in this turn; shown when the turn is over and the twins have settled. */
  readonly #spoke = new Set<number>()
  /** The twin that is told something just now, and what it says to it. */
  #addressed: number | undefined
  #said: MachineEmitted[] = []

  constructor(parts: MachineTwinsParts) {
    this.#parts = parts
    this.latest = new LatestMachines(parts.registry.machineCapacity)
  }

  add({ index, machine }: RegisteredMachine, saved: ReadonlyMap<string, TwinSnapshot>): RestoreOutcome {
    const address = machineAddress(machine.id)
    this.#indexByAddress.set(address, index)
    const outcome = this.#parts.twins.add(address, machineKind, machine.packml, saved.get(address))
    this.#show(index)
    this.#tellLine(index, this.latest.since[index]!)
    return outcome
  }

  idOf(machine: number): string {
    return this.#parts.registry.machineByIndex(machine)!.machine.id
  }

  /** Undefined where the twin is in quarantine. */
  shown(machine: number): ShownMachine | undefined {
    const snapshot = this.#parts.twins.get(machineAddress(this.idOf(machine)))?.snapshot as
      | { value?: unknown; context?: MachineContext }
      | undefined
    const context = snapshot?.context
    if (context === undefined) return undefined
    const state = packmlStateOf(snapshot?.value)
    const display = displayNumber[displayState(state, context.mode, context.reason)]
    return { state, display, context }
  }

  /** Shows the state that the twin stands in; it is no news. */
  adopt(machine: number): void {
    this.#spoke.delete(machine)
    this.#show(machine)
  }

  send(machine: number, message: TwinMessage): void {
    this.#parts.twins.send(machineAddress(this.idOf(machine)), message)
  }

  /** Tells a twin what was observed, and records the states that it must have passed at that moment. */
  observe(index: number, message: TwinMessage): void {
    const machine = this.idOf(index)
    this.#addressed = index
    this.#said = []
    this.send(index, message)
    this.#addressed = undefined
    for (const said of this.#said) {
      if (said.type !== 'state.inferred') continue
      const { time, state } = said
      const passed = { machine, time, state, mode: '', reason: 'none', sourceState: '', observed: false }
      this.#parts.turn.add('stateChanges', passed)
    }
  }

  /** Whose twin has the address; undefined where it is no machine's. */
  indexOf(address: string): number | undefined {
    return this.#indexByAddress.get(address)
  }

  /** A twin spoke; its machine is shown at the end of the turn. */
  hear(machine: number, emitted: MachineEmitted): void {
    this.#spoke.add(machine)
    if (machine === this.#addressed) this.#said.push(emitted)
    if (toldToLine.has(emitted.type)) this.#tellLine(machine, emitted.time)
  }

  /** The turn is over: shows the machines whose twins spoke in it, and tells which of them are in a new state. */
  settle(onChange: (machine: number, state: number) => void): void {
    const { state } = this.latest
    for (const index of this.#spoke) {
      const before = state[index]
      this.#show(index)
      if (state[index] !== before) onChange(index, state[index]!)
    }
    this.#spoke.clear()
  }

  #show(index: number): void {
    const shown = this.shown(index)
    if (shown === undefined) return
    const { state, display, context } = shown
    this.latest.set(index, packmlNumber[state], modeNumber(context.mode), display, context.since)
  }

  /** The line hears of each change when it happens, also of those that are over when the turn is. */
  #tellLine(index: number, time: number): void {
    const shown = this.shown(index)
    if (shown === undefined) return
    const { display, context } = shown
    this.#parts.lines.tell(this.idOf(index), display, context.stopReason || context.sourceState, time)
  }
}
