import type { MachineColumns, SignalColumns } from '../../schema/stream/protocol.js'
import { columnsOf, type Update, updateSize } from './update.js'

/**
 * The worker's copy of the floor, by index. Frames go in as they come; the page takes what changed when it is ready
 * for it, so that a slow page gets the latest state less often and never a queue. The smallest and largest value since
 * the last `take` ride along, so that a spike is not lost.
 */
export class Mirror {
  readonly #signals: SignalStore
  readonly #machines: MachineStore

  /** Capacities: one more than the largest index. */
  constructor(signalCapacity: number, machineCapacity: number) {
    this.#signals = new SignalStore(signalCapacity)
    this.#machines = new MachineStore(machineCapacity)
  }

  get isDirty(): boolean {
    return this.#signals.dirty.count + this.#machines.dirty.count > 0
  }

  apply(signals: SignalColumns, machines: MachineColumns): void {
    for (let i = 0; i < signals.index.length; i++) this.#signals.set(signals, i)
    for (let i = 0; i < machines.index.length; i++) this.#machines.set(machines, i)
  }

  /** What changed since the last call. `spare` is a buffer that came back from the page, used again if it is big enough. */
  take(spare?: ArrayBuffer): Update {
    const signalCount = this.#signals.dirty.count
    const machineCount = this.#machines.dirty.count
    const size = updateSize(signalCount, machineCount)
    const buffer =
      spare !== undefined && spare.byteLength >= size ? spare : new ArrayBuffer(Math.max(size, 4096))
    const update: Update = { buffer, signalCount, machineCount }
    const columns = columnsOf(update)
    this.#signals.take(columns.signals)
    this.#machines.take(columns.machines)
    return update
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

  /** Whether the entry was clean before. */
  add(index: number): boolean {
    if (this.#isDirty[index] === 1) return false
    this.#isDirty[index] = 1
    this.indexes[this.count++] = index
    return true
  }

  clear(): void {
    for (let i = 0; i < this.count; i++) this.#isDirty[this.indexes[i]!] = 0
    this.count = 0
  }
}

class SignalStore {
  readonly dirty: DirtySet
  readonly #value: Float64Array
  readonly #min: Float64Array
  readonly #max: Float64Array
  readonly #sourceTime: Float64Array
  readonly #quality: Uint8Array
  readonly #status: Uint8Array

  constructor(capacity: number) {
    this.dirty = new DirtySet(capacity)
    this.#value = new Float64Array(capacity)
    this.#min = new Float64Array(capacity)
    this.#max = new Float64Array(capacity)
    this.#sourceTime = new Float64Array(capacity)
    this.#quality = new Uint8Array(capacity)
    this.#status = new Uint8Array(capacity)
  }

  set(columns: SignalColumns, at: number): void {
    const index = columns.index[at]!
    // An index beyond the manifest belongs to a manifest that is about to be announced.
    if (index >= this.#value.length) return
    const min = columns.min[at]!
    const max = columns.max[at]!
    const isFirst = this.dirty.add(index)
    if (isFirst || !(this.#min[index]! <= min || Number.isNaN(min))) this.#min[index] = min
    if (isFirst || !(this.#max[index]! >= max || Number.isNaN(max))) this.#max[index] = max
    this.#value[index] = columns.value[at]!
    this.#sourceTime[index] = columns.sourceTime[at]!
    this.#quality[index] = columns.quality[at]!
    this.#status[index] = columns.status[at]!
  }

  take(out: SignalColumns): void {
    for (let i = 0; i < this.dirty.count; i++) {
      const index = this.dirty.indexes[i]!
      out.index[i] = index
      out.value[i] = this.#value[index]!
      out.min[i] = this.#min[index]!
      out.max[i] = this.#max[index]!
      out.sourceTime[i] = this.#sourceTime[index]!
      out.quality[i] = this.#quality[index]!
      out.status[i] = this.#status[index]!
    }
    this.dirty.clear()
  }
}

class MachineStore {
  readonly dirty: DirtySet
  readonly #state: Uint8Array
  readonly #mode: Uint8Array
  readonly #display: Uint8Array
  readonly #since: Float64Array

  constructor(capacity: number) {
    this.dirty = new DirtySet(capacity)
    this.#state = new Uint8Array(capacity)
    this.#mode = new Uint8Array(capacity)
    this.#display = new Uint8Array(capacity)
    this.#since = new Float64Array(capacity)
  }

  set(columns: MachineColumns, at: number): void {
    const index = columns.index[at]!
    if (index >= this.#state.length) return
    this.dirty.add(index)
    this.#state[index] = columns.state[at]!
    this.#mode[index] = columns.mode[at]!
    this.#display[index] = columns.display[at]!
    this.#since[index] = columns.since[at]!
  }

  take(out: MachineColumns): void {
    for (let i = 0; i < this.dirty.count; i++) {
      const index = this.dirty.indexes[i]!
      out.index[i] = index
      out.state[i] = this.#state[index]!
      out.mode[i] = this.#mode[index]!
      out.display[i] = this.#display[index]!
      out.since[i] = this.#since[index]!
    }
    this.dirty.clear()
  }
}
