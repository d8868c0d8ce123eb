import { type DisplayState, displayNumber } from '../../schema/display-state.js'
import type { Manifest } from '../../schema/manifest.js'
import {
  type Connection,
  connections,
  type Level,
  levels,
  packSensorStatus,
} from '../../schema/sensor-state.js'
import type { MachineColumns, SignalColumns } from '../../schema/stream/protocol.js'

export interface SignalChange {
  readonly value?: number
  readonly level?: Level
  readonly connection?: Connection
  readonly quality?: number
  readonly sourceTime?: number
}

/** What the scripted server says of its plant: the truth that the viewer's picture is compared with. */
export class ScriptedPlant {
  readonly manifest: Manifest
  /** Topic of a machine and of a signal: the place of its area. */
  readonly topicOfMachine: readonly number[]
  readonly topicOfSignal: readonly number[]
  readonly value: Float64Array
  readonly status: Uint8Array
  readonly quality: Uint8Array
  readonly sourceTime: Float64Array
  readonly display: Uint8Array
  readonly since: Float64Array
  readonly #dirtySignals = new Set<number>()
  readonly #dirtyMachines = new Set<number>()

  constructor(manifest: Manifest, now: number) {
    this.manifest = manifest
    const areaOfLine = new Map(manifest.lines.map(line => [line.id, line.area]))
    const topicOfArea = new Map(manifest.areas.map((area, topic) => [area.id, topic]))
    this.topicOfMachine = manifest.machines.map(machine => topicOfArea.get(areaOfLine.get(machine.line)!)!)
    this.topicOfSignal = manifest.signals.map(signal => this.topicOfMachine[signal.machine]!)
    const [signals, machines] = [manifest.signals.length, manifest.machines.length]
    this.value = Float64Array.from(manifest.signals, (signal, at) => {
      const [low, high] = signal.range
      return signal.type === 'text' ? at % 4 : Math.round(low + (high - low) * (0.3 + (at % 7) / 100))
    })
    this.status = new Uint8Array(signals)
    this.quality = new Uint8Array(signals)
    this.sourceTime = new Float64Array(signals).fill(now)
    this.display = new Uint8Array(machines).fill(displayNumber.running)
    this.since = Float64Array.from(manifest.machines, (_, at) => now - 60_000 * (at + 1))
  }

  setMachine(id: string, state: DisplayState, since: number): void {
    const index = this.#machine(id)
    this.display[index] = displayNumber[state]
    this.since[index] = since
    this.#dirtyMachines.add(index)
  }

  setSignal(id: string, change: SignalChange): void {
    const index = this.manifest.signals.findIndex(signal => signal.id === id)
    if (index < 0) throw new Error(`There is no signal ${id}.`)
    if (change.value !== undefined) this.value[index] = change.value
    if (change.quality !== undefined) this.quality[index] = change.quality
    if (change.sourceTime !== undefined) this.sourceTime[index] = change.sourceTime
    this.status[index] = packSensorStatus(
      connections.indexOf(change.connection ?? 'live'),
      levels.indexOf(change.level ?? 'normal'),
    )
    this.#dirtySignals.add(index)
  }

  /** Every value moves a little. */
  changeAll(now: number, step: number): void {
    for (const signal of this.manifest.signals) {
      if (signal.type === 'text') continue
      this.value[signal.index] =
        this.value[signal.index]! + (step % 2 === 0 ? 1 : -1) * Math.max(signal.resolution, 0.01)
      this.sourceTime[signal.index] = now
      this.#dirtySignals.add(signal.index)
    }
  }

  /** A floor with something going on: used where people look at it. */
  dramatise(now: number): void {
    const pick: readonly (readonly [number, DisplayState])[] = [
      [7, 'down'],
      [8, 'starved'],
      [9, 'starved'],
      [6, 'blocked'],
      [40, 'setup'],
      [41, 'maintenance'],
      [66, 'idle'],
      [67, 'idle'],
      [100, 'down'],
      [101, 'starved'],
      [116, 'blocked'],
      [150, 'idle'],
      [170, 'unknown'],
      [218, 'off-shift'],
      [219, 'off-shift'],
      [220, 'off-shift'],
      [221, 'off-shift'],
      [222, 'off-shift'],
    ]
    for (const [index, state] of pick)
      this.setMachine(this.manifest.machines[index]!.id, state, now - index * 7_000)
    for (const [machine, level] of [
      [20, 'warning-high'],
      [77, 'critical-high'],
      [130, 'warning-high'],
      [190, 'critical-high'],
    ] as const) {
      this.setSignal(`${this.manifest.machines[machine]!.id}.vibration`, { level, value: 9.2 })
    }
  }

  takeDirty(): { signals: ReadonlySet<number>; machines: ReadonlySet<number> } {
    const taken = { signals: new Set(this.#dirtySignals), machines: new Set(this.#dirtyMachines) }
    this.#dirtySignals.clear()
    this.#dirtyMachines.clear()
    return taken
  }

  signalColumns(wanted: (index: number) => boolean): SignalColumns {
    const index = Uint32Array.from(this.manifest.signals.map(signal => signal.index).filter(wanted))
    const value = Float64Array.from(index, at => this.value[at]!)
    return {
      index,
      value,
      min: value.slice(),
      max: value.slice(),
      quality: Uint8Array.from(index, at => this.quality[at]!),
      status: Uint8Array.from(index, at => this.status[at]!),
      sourceTime: Float64Array.from(index, at => this.sourceTime[at]!),
    }
  }

  machineColumns(wanted: (index: number) => boolean): MachineColumns {
    const index = Uint32Array.from(this.manifest.machines.map(machine => machine.index).filter(wanted))
    return {
      index,
      state: Uint8Array.from(index, () => 6),
      mode: Uint8Array.from(index, () => 1),
      display: Uint8Array.from(index, at => this.display[at]!),
      since: Float64Array.from(index, at => this.since[at]!),
    }
  }

  #machine(id: string): number {
    const index = this.manifest.machines.findIndex(machine => machine.id === id)
    if (index < 0) throw new Error(`There is no machine ${id}.`)
    return index
  }
}
