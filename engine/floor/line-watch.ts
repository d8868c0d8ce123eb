import { type DisplayState, displayStates } from '../../schema/display-state.js'
import type { Plant } from '../../schema/plant.js'
import type { TwinSnapshot } from '../../schema/records.js'
import type { LineContext } from '../../twins/line/line.machine.js'
import type { CountedBy } from '../../twins/machine/counter.js'
import type { RestoreOutcome, TwinSystem } from '../twin-system/twin-system.js'
import { type Cycle, CycleTimes } from './cycle-times.js'
import { lineAddress, lineKind } from './twin-kinds.js'

/** What is remembered of a machine of a line beside the twin: when it was told of, Unix ms, and its cycles. */
export interface LineMemory {
  readonly toldAt?: number | undefined
  readonly cycle?: Cycle | undefined
}

/** Keeps the line twins of a floor, and tells each what its machines show and how fast they work. */
export class LineWatch {
  readonly #twins: TwinSystem
  readonly #lineOf = new Map<string, string>()
  /** What each machine was last reported with, so that its line hears of it in order; Unix ms. */
  readonly #toldAt = new Map<string, number>()
  readonly #cycles = new CycleTimes()

  constructor(twins: TwinSystem) {
    this.#twins = twins
  }

  addLines(
    plant: Plant,
    saved: ReadonlyMap<string, TwinSnapshot>,
    onAdded: (outcome: RestoreOutcome) => void,
  ): void {
    const lines = plant.sites.flatMap(({ areas }) => areas.flatMap(area => area.lines))
    for (const { id, machines } of lines) {
      const address = lineAddress(id)
      const input = {
        machines: machines.map(({ id, feeds, idealCycleTime }) => ({ id, feeds, idealCycleTime })),
      }
      onAdded(this.#twins.add(address, lineKind, input, saved.get(address)))
      for (const machine of machines) this.#lineOf.set(machine.id, address)
    }
    this.adopt()
  }

  /** Takes over what the twins have heard until now. */
  adopt(): void {
    for (const [machine, address] of this.#lineOf) {
      const { context } = this.#twins.get(address)!.snapshot as unknown as { context: LineContext }
      this.#toldAt.set(machine, context.seen[machine]?.toldAt ?? 0)
      this.#cycles.interrupted(machine)
    }
  }

  remember(machine: string): LineMemory {
    return { toldAt: this.#toldAt.get(machine), cycle: this.#cycles.remember(machine) }
  }

  recall(machine: string, { toldAt, cycle }: LineMemory): void {
    if (toldAt === undefined) this.#toldAt.delete(machine)
    else this.#toldAt.set(machine, toldAt)
    this.#cycles.recall(machine, cycle)
  }

  /** The machine counted parts; the line hears of it when it is told what the machine shows. */
  counted(machine: string, parts: number, cause: CountedBy, time: number): void {
    this.#cycles.counted(machine, parts, cause, time)
  }

  /** The machine shows this now. State and mode have times of their own: the line hears them in order of telling. */
  tell(machine: string, display: number, reason: string, time: number): void {
    const address = this.#lineOf.get(machine)
    if (address === undefined) return
    const inOrder = Math.max(time, this.#toldAt.get(machine) ?? 0)
    this.#toldAt.set(machine, inOrder)
    const shown: DisplayState = displayStates[display] ?? 'unknown'
    if (shown !== 'running') this.#cycles.interrupted(machine)
    const cycleTime = this.#cycles.of(machine)
    const news = { machine, display: shown, reason, cycleTime, time: inOrder }
    this.#twins.send(address, { type: 'MACHINE_STATE', ...news })
  }

  /** The machine's source begins anew, perhaps with another day. */
  sourceFound(machine: string, time: number): void {
    const address = this.#lineOf.get(machine)
    if (address === undefined) return
    this.#toldAt.delete(machine)
    this.#cycles.interrupted(machine)
    this.#twins.send(address, { type: 'SOURCE_FOUND', machine, time })
  }
}
