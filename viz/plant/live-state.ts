import { Quality } from '../../schema/quality.js'
import { connections, levels } from '../../schema/sensor-state.js'
import { lookNumber, lookOf, looks } from '../looks/looks.js'
import { columnsOf, type Update } from '../stream/update.js'
import type { PlantIndex } from './plant-index.js'

const lostStatus = connections.indexOf('lost')

/** What a level means to a machine's look: 0 nothing, 1 warning, 2 critical; by the number of the level. */
const weightOfLevel: readonly number[] = levels.map(level =>
  level.startsWith('critical') ? 2 : level.startsWith('warning') ? 1 : 0,
)

/** The level's weight, from the packed status. Kept apart from names: it is asked for every changed signal. */
const weightOf = (status: number): number => weightOfLevel[status >> 2] ?? 0

/**
 * The page's copy of the floor in typed arrays by index, with each machine's look kept up to date as its signals
 * change. Written once per update, read by the scene and the panels.
 */
export class LiveState {
  readonly value: Float64Array
  readonly min: Float64Array
  readonly max: Float64Array
  readonly sourceTime: Float64Array
  readonly quality: Uint8Array
  readonly status: Uint8Array

  readonly state: Uint8Array
  readonly mode: Uint8Array
  readonly display: Uint8Array
  readonly since: Float64Array
  /** See looks/looks.ts. */
  readonly look: Uint8Array
  /** Machines by look. */
  readonly lookCounts = new Uint32Array(looks.length)
  /** Machines by display state. */
  readonly stateCounts = new Uint32Array(256)
  readonly texts = new Map<number, string>()
  /** Changes of state, look or count so far: who has seen this number has seen them all. */
  lookChanges = 0

  /** Machines whose look changed since the scene last asked. */
  readonly changedLooks: Uint32Array
  changedLookCount = 0
  /** Signals whose status changed since the scene last asked. */
  readonly changedStatuses: Uint32Array
  changedStatusCount = 0

  readonly #machineOf: Int32Array
  readonly #critical: Uint16Array
  readonly #warning: Uint16Array
  readonly #isLookChanged: Uint8Array
  readonly #isStatusChanged: Uint8Array

  constructor(plant: PlantIndex) {
    const signals = plant.signalCapacity
    const machines = plant.machineCapacity
    this.value = new Float64Array(signals).fill(Number.NaN)
    this.min = new Float64Array(signals).fill(Number.NaN)
    this.max = new Float64Array(signals).fill(Number.NaN)
    this.sourceTime = new Float64Array(signals)
    this.quality = new Uint8Array(signals).fill(Quality.bad)
    this.status = new Uint8Array(signals).fill(lostStatus)
    this.state = new Uint8Array(machines)
    this.mode = new Uint8Array(machines)
    this.display = new Uint8Array(machines)
    this.since = new Float64Array(machines)
    this.look = new Uint8Array(machines).fill(lookNumber.unknown)
    this.changedLooks = new Uint32Array(machines)
    this.changedStatuses = new Uint32Array(signals)
    this.#machineOf = new Int32Array(signals).fill(-1)
    this.#critical = new Uint16Array(machines)
    this.#warning = new Uint16Array(machines)
    this.#isLookChanged = new Uint8Array(machines)
    this.#isStatusChanged = new Uint8Array(signals)
    for (const signal of plant.manifest.signals) this.#machineOf[signal.index] = signal.machine
    this.lookCounts[lookNumber.unknown] = plant.manifest.machines.length
    this.stateCounts[0] = plant.manifest.machines.length
  }

  /** Takes an update over; afterwards its buffer is free. */
  apply(update: Update): void {
    const { signals, machines } = columnsOf(update)
    for (let i = 0; i < update.signalCount; i++) {
      const index = signals.index[i]!
      this.value[index] = signals.value[i]!
      this.min[index] = signals.min[i]!
      this.max[index] = signals.max[i]!
      this.sourceTime[index] = signals.sourceTime[i]!
      this.quality[index] = signals.quality[i]!
      this.#setStatus(index, signals.status[i]!)
    }
    for (let i = 0; i < update.machineCount; i++) {
      const index = machines.index[i]!
      const display = machines.display[i]!
      this.lookChanges++
      this.stateCounts[this.display[index]!]!--
      this.stateCounts[display]!++
      this.state[index] = machines.state[i]!
      this.mode[index] = machines.mode[i]!
      this.display[index] = display
      this.since[index] = machines.since[i]!
      this.#settleLook(index)
    }
  }

  /** Machines that need somebody's eye. */
  get abnormalCount(): number {
    let count = 0
    for (let look = 0; look < looks.length; look++)
      if (looks[look]!.isAbnormal) count += this.lookCounts[look]!
    return count
  }

  /** The scene has shown every change up to now. */
  clearChanges(): void {
    for (let i = 0; i < this.changedLookCount; i++) this.#isLookChanged[this.changedLooks[i]!] = 0
    for (let i = 0; i < this.changedStatusCount; i++) this.#isStatusChanged[this.changedStatuses[i]!] = 0
    this.changedLookCount = 0
    this.changedStatusCount = 0
  }

  /** Sensors of the machine beyond a critical and beyond a warning limit. */
  criticalSensors(machine: number): number {
    return this.#critical[machine] ?? 0
  }

  warningSensors(machine: number): number {
    return this.#warning[machine] ?? 0
  }

  #setStatus(index: number, status: number): void {
    const before = this.status[index]!
    if (before === status) return
    this.status[index] = status
    if (this.#isStatusChanged[index] === 0) {
      this.#isStatusChanged[index] = 1
      this.changedStatuses[this.changedStatusCount++] = index
    }
    const machine = this.#machineOf[index]!
    if (machine < 0 || weightOf(before) === weightOf(status)) return
    this.#count(machine, weightOf(before), -1)
    this.#count(machine, weightOf(status), 1)
    this.#settleLook(machine)
  }

  #count(machine: number, weight: number, step: number): void {
    if (weight === 2) this.#critical[machine]! += step
    else if (weight === 1) this.#warning[machine]! += step
  }

  #settleLook(machine: number): void {
    const look = lookOf(this.display[machine]!, this.#critical[machine]!, this.#warning[machine]!)
    const before = this.look[machine]!
    if (look === before) return
    this.lookChanges++
    this.lookCounts[before]!--
    this.lookCounts[look]!++
    this.look[machine] = look
    if (this.#isLookChanged[machine] === 1) return
    this.#isLookChanged[machine] = 1
    this.changedLooks[this.changedLookCount++] = machine
  }
}
