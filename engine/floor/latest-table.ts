import { packSensorStatus } from '../../schema/sensor-state.js'

/**
 * The newest value of every signal by signal index, and which of them changed since somebody last asked. The pipeline
 * writes it, the gateway and REST read it. Smallest and largest value since the last `takeChanged` ride along, so that
 * a spike between two ticks is not lost to the screen.
 */
export class LatestSignals {
  readonly value: Float64Array
  readonly min: Float64Array
  readonly max: Float64Array
  readonly quality: Uint8Array
  readonly status: Uint8Array
  readonly sourceTime: Float64Array
  readonly receiveTime: Float64Array
  readonly #isChanged: Uint8Array
  readonly #changed: Uint32Array
  #changedCount = 0

  constructor(capacity: number) {
    this.value = new Float64Array(capacity).fill(Number.NaN)
    this.min = new Float64Array(capacity).fill(Number.NaN)
    this.max = new Float64Array(capacity).fill(Number.NaN)
    this.quality = new Uint8Array(capacity).fill(2)
    this.status = new Uint8Array(capacity).fill(packSensorStatus(2, 0))
    this.sourceTime = new Float64Array(capacity)
    this.receiveTime = new Float64Array(capacity)
    this.#isChanged = new Uint8Array(capacity)
    this.#changed = new Uint32Array(capacity)
  }

  set(index: number, value: number, quality: number, sourceTime: number, receiveTime: number): void {
    const isFirst = this.#isChanged[index] === 0
    // Written so that a value that is not a number never hides one that is.
    if (isFirst || !(this.min[index]! <= value || Number.isNaN(value))) this.min[index] = value
    if (isFirst || !(this.max[index]! >= value || Number.isNaN(value))) this.max[index] = value
    this.value[index] = value
    this.quality[index] = quality
    this.sourceTime[index] = sourceTime
    this.receiveTime[index] = receiveTime
    this.#mark(index)
  }

  /** Only the twin's verdict changed (it went stale, say). */
  setStatus(index: number, status: number): void {
    if (this.status[index] === status) return
    this.status[index] = status
    if (this.#isChanged[index] === 0) {
      this.min[index] = this.value[index]!
      this.max[index] = this.value[index]!
    }
    this.#mark(index)
  }

  /** Indexes changed since the last call, in no order. */
  takeChanged(): Uint32Array {
    const taken = this.#changed.slice(0, this.#changedCount)
    for (let i = 0; i < taken.length; i++) this.#isChanged[taken[i]!] = 0
    this.#changedCount = 0
    return taken
  }

  #mark(index: number): void {
    if (this.#isChanged[index] === 1) return
    this.#isChanged[index] = 1
    this.#changed[this.#changedCount++] = index
  }
}

/** The present state of every machine by machine index, and which changed; same use as LatestSignals. */
export class LatestMachines {
  readonly state: Uint8Array
  readonly mode: Uint8Array
  readonly display: Uint8Array
  readonly since: Float64Array
  readonly #changed = new Set<number>()

  constructor(capacity: number) {
    this.state = new Uint8Array(capacity)
    this.mode = new Uint8Array(capacity)
    this.display = new Uint8Array(capacity)
    this.since = new Float64Array(capacity)
  }

  set(index: number, state: number, mode: number, display: number, since: number): void {
    this.state[index] = state
    this.mode[index] = mode
    this.display[index] = display
    this.since[index] = since
    this.#changed.add(index)
  }

  takeChanged(): number[] {
    const taken = [...this.#changed]
    this.#changed.clear()
    return taken
  }
}
