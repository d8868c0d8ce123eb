import { encodeServerFrame } from '../../schema/stream/codec.js'
import type { MachineColumns, SignalColumns } from '../../schema/stream/protocol.js'
import type { Floor } from '../floor/floor.js'
import type { ChangeSet } from './change-set.js'

/** What all topics of a stream share. */
export interface TopicGround {
  readonly floor: Floor
  readonly epoch: number
  /** Resolution by signal index: decides what travels as Float32. */
  readonly resolution: Float64Array
  /** 1 for text signals, by signal index. */
  readonly isText: Uint8Array
  /** Place of a signal in its topic, by signal index. */
  readonly place: Uint32Array
}

/**
 * One area of the floor as a stream of frames. A frame is encoded at most once a tick, when the first client needs
 * it, and shared by all that are in step.
 */
export class Topic {
  readonly number: number
  readonly id: string
  readonly floor: Floor
  /** Signals and machines of the topic by index, ascending. */
  readonly signals: Uint32Array
  readonly machines: Uint32Array
  readonly #ground: TopicGround
  #seq = 0
  #changedSignals: number[] = []
  #changedMachines: number[] = []
  #delta: Uint8Array | undefined
  #snapshot: Uint8Array | undefined

  constructor(number: number, id: string, signals: Uint32Array, machines: Uint32Array, ground: TopicGround) {
    this.number = number
    this.id = id
    this.floor = ground.floor
    this.signals = signals
    this.machines = machines
    this.#ground = ground
    for (const [place, index] of signals.entries()) ground.place[index] = place
  }

  get seq(): number {
    return this.#seq
  }

  get isChanged(): boolean {
    return this.#changedSignals.length > 0 || this.#changedMachines.length > 0
  }

  /** Signals changed in this tick, in no order. */
  get changedSignals(): readonly number[] {
    return this.#changedSignals
  }

  get changedMachines(): readonly number[] {
    return this.#changedMachines
  }

  placeOf(index: number): number {
    return this.#ground.place[index]!
  }

  signalChanged(index: number): void {
    this.#changedSignals.push(index)
  }

  machineChanged(index: number): void {
    this.#changedMachines.push(index)
  }

  /** All changes of the tick are in. */
  step(): void {
    this.#seq++
  }

  /** The tick is over: its frames are not shared any more. */
  settle(): void {
    // The values may move on before the next tick, and whole snapshots hold on to memory.
    this.#snapshot = undefined
    if (!this.isChanged) return
    this.#changedSignals = []
    this.#changedMachines = []
    this.#delta = undefined
  }

  /** What changed in this tick, for clients in step. */
  deltaFrame(): Uint8Array {
    this.#delta ??= this.#encodeDelta()
    return this.#delta
  }

  /** The whole topic. */
  snapshotFrame(): Uint8Array {
    this.#snapshot ??= this.#encode(
      'snapshot',
      this.#columns(this.signals),
      this.#machineColumns(this.machines),
    )
    return this.#snapshot
  }

  /** All that a client which fell behind has missed, in one frame of its own. */
  mergedFrame(changes: ChangeSet): Uint8Array {
    const index = changes.signals()
    const columns = this.#columns(index)
    for (let i = 0; i < index.length; i++) {
      columns.min[i] = changes.min(this, index[i]!)
      columns.max[i] = changes.max(this, index[i]!)
    }
    return this.#encode('delta', columns, this.#machineColumns(changes.machines()), changes.fromSeq)
  }

  #encodeDelta(): Uint8Array {
    const index = Uint32Array.from(this.#changedSignals).sort()
    const columns = this.#columns(index)
    const { min, max } = this.floor.signals
    for (let i = 0; i < index.length; i++) {
      columns.min[i] = min[index[i]!]!
      columns.max[i] = max[index[i]!]!
    }
    const machines = this.#machineColumns(Uint32Array.from(this.#changedMachines).sort())
    return this.#encode('delta', columns, machines, this.#seq - 1)
  }

  #encode(
    kind: 'snapshot' | 'delta',
    signals: SignalColumns,
    machines: MachineColumns,
    fromSeq = 0,
  ): Uint8Array {
    const frame = {
      topic: this.number,
      epoch: this.#ground.epoch,
      seq: this.#seq,
      floorTime: this.floor.clock.now(),
      wallTime: this.floor.wall.now(),
      signals,
      machines,
      texts: this.#texts(signals),
    }
    return encodeServerFrame(
      kind === 'snapshot' ? { kind, ...frame } : { kind, fromSeq, ...frame },
      this.#ground.resolution,
    )
  }

  /** The latest of these signals; smallest and largest are the value itself. */
  #columns(index: Uint32Array): SignalColumns {
    const { value, quality, status, sourceTime } = this.floor.signals
    const count = index.length
    const columns = {
      index,
      value: new Float64Array(count),
      quality: new Uint8Array(count),
      status: new Uint8Array(count),
      sourceTime: new Float64Array(count),
    }
    for (let i = 0; i < count; i++) {
      const at = index[i]!
      columns.value[i] = value[at]!
      columns.quality[i] = quality[at]!
      columns.status[i] = status[at]!
      columns.sourceTime[i] = sourceTime[at]!
    }
    return { ...columns, min: columns.value.slice(), max: columns.value.slice() }
  }

  #machineColumns(index: Uint32Array): MachineColumns {
    const { state, mode, display, since } = this.floor.machines
    return {
      index,
      state: Uint8Array.from(index, at => state[at]!),
      mode: Uint8Array.from(index, at => mode[at]!),
      display: Uint8Array.from(index, at => display[at]!),
      since: Float64Array.from(index, at => since[at]!),
    }
  }

  #texts(signals: SignalColumns): (readonly [code: number, text: string])[] {
    const texts = new Map<number, string>()
    for (let i = 0; i < signals.index.length; i++) {
      if (this.#ground.isText[signals.index[i]!] === 0) continue
      // Smallest and largest are codes too: texts it passed through since the last frame.
      for (const code of [signals.value[i]!, signals.min[i]!, signals.max[i]!]) {
        if (!Number.isInteger(code) || texts.has(code)) continue
        const text = this.floor.text(code)
        if (text !== undefined) texts.set(code, text)
      }
    }
    return [...texts]
  }
}
