import { Quality } from '../../schema/quality.js'
import { connections } from '../../schema/sensor-state.js'
import type { LatestColumns } from '../../schema/stream/latest-columns.js'
import type { MachineColumns, SignalColumns } from '../../schema/stream/protocol.js'
import { columnsOf, type Update, updateSize } from './update.js'

const lostStatus = connections.indexOf('lost')

/**
 * What the page has not seen yet of the client's picture. The page takes it when it is ready for it, so that a slow
 * page gets the latest state less often and never a queue. The smallest and largest value since the last `take` ride
 * along, so that a spike is not lost.
 */
export class Mirror {
  readonly #signals: DirtySet
  readonly #machines: DirtySet
  readonly #min: Float64Array
  readonly #max: Float64Array

  /** Capacities: one more than the largest index of the manifest. */
  constructor(signalCapacity: number, machineCapacity: number) {
    this.#signals = new DirtySet(signalCapacity)
    this.#machines = new DirtySet(machineCapacity)
    this.#min = new Float64Array(signalCapacity)
    this.#max = new Float64Array(signalCapacity)
  }

  get isDirty(): boolean {
    return this.#signals.count + this.#machines.count > 0
  }

  /** These columns have become part of the picture. Indexes beyond the manifest are left out. */
  note(signals: SignalColumns, machines: MachineColumns): void {
    for (let i = 0; i < signals.index.length; i++) {
      const index = signals.index[i]!
      if (index < this.#min.length) this.#noteSignal(index, signals.min[i]!, signals.max[i]!)
    }
    for (let i = 0; i < machines.index.length; i++) this.#machines.add(machines.index[i]!)
  }

  /** Everything may have changed: a new manifest, a new epoch. What the picture does not have is unheard of. */
  noteAll(latest: LatestColumns): void {
    for (let index = 0; index < this.#min.length; index++) {
      this.#noteSignal(index, latest.min[index] ?? Number.NaN, latest.max[index] ?? Number.NaN)
    }
    for (let index = 0; index < this.#machines.capacity; index++) this.#machines.add(index)
  }

  /** What changed since the last call. `spare` is a buffer that came back from the page; used again if it is big enough. */
  take(latest: LatestColumns, spare?: ArrayBuffer): Update {
    const signalCount = this.#signals.count
    const machineCount = this.#machines.count
    const size = updateSize(signalCount, machineCount)
    const buffer =
      spare !== undefined && spare.byteLength >= size ? spare : new ArrayBuffer(Math.max(size, 4096))
    const update: Update = { buffer, signalCount, machineCount }
    const { signals, machines } = columnsOf(update)
    for (let i = 0; i < signalCount; i++) {
      const index = this.#signals.indexes[i]!
      signals.index[i] = index
      signals.value[i] = latest.value[index] ?? Number.NaN
      signals.min[i] = this.#min[index]!
      signals.max[i] = this.#max[index]!
      signals.sourceTime[i] = latest.sourceTime[index] ?? 0
      signals.quality[i] = latest.quality[index] ?? Quality.bad
      signals.status[i] = latest.status[index] ?? lostStatus
    }
    for (let i = 0; i < machineCount; i++) {
      const index = this.#machines.indexes[i]!
      machines.index[i] = index
      machines.state[i] = latest.machineState[index] ?? 0
      machines.mode[i] = latest.machineMode[index] ?? 0
      machines.display[i] = latest.machineDisplay[index] ?? 0
      machines.since[i] = latest.machineSince[index] ?? 0
    }
    this.#signals.clear()
    this.#machines.clear()
    return update
  }

  #noteSignal(index: number, min: number, max: number): void {
    const isFirst = this.#signals.add(index)
    // Written so that a value that is not a number never hides one that is.
    if (isFirst || !(this.#min[index]! <= min || Number.isNaN(min))) this.#min[index] = min
    if (isFirst || !(this.#max[index]! >= max || Number.isNaN(max))) this.#max[index] = max
  }
}

/** Which entries changed: each at most once, in the order of their first change. */
class DirtySet {
  readonly #isDirty: Uint8Array
  readonly indexes: Uint32Array
  count = 0

  constructor(capacity: number) {
    this.#isDirty = new Uint8Array(capacity)
    this.indexes = new Uint32Array(capacity)
  }

  get capacity(): number {
    return this.indexes.length
  }

  /** Whether the entry was clean before. */
  add(index: number): boolean {
    if (this.#isDirty[index] !== 0) return false
    this.#isDirty[index] = 1
    this.indexes[this.count++] = index
    return true
  }

  clear(): void {
    for (let i = 0; i < this.count; i++) this.#isDirty[this.indexes[i]!] = 0
    this.count = 0
  }
}
