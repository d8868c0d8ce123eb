import { Quality } from './quality.js'

/**
 * A columnar batch of samples: the unit in which signals travel from an adapter to the store and the twins.
 * All columns have at least `count` entries; entries behind `count` are not part of the batch.
 */
export interface SampleBatch {
  readonly count: number
  /** Signal index: given once and for ever by the engine's signal registry. */
  readonly signal: Uint32Array
  /** When the source says the value was true; Unix milliseconds UTC, may carry a fraction. */
  readonly sourceTime: Float64Array
  /** When the value reached us; Unix milliseconds UTC by the floor's clock. */
  readonly receiveTime: Float64Array
  /** The number; for text signals the code of the text in the dictionary; NaN where the source has no value. */
  readonly value: Float64Array
  /** See quality.ts. */
  readonly quality: Uint8Array
}

/** Collects samples one by one into a batch; grows as needed. Adapters use it; nothing else should. */
export class SampleBatchBuilder {
  #count = 0
  #signal: Uint32Array
  #sourceTime: Float64Array
  #receiveTime: Float64Array
  #value: Float64Array
  #quality: Uint8Array

  constructor(capacity = 256) {
    this.#signal = new Uint32Array(capacity)
    this.#sourceTime = new Float64Array(capacity)
    this.#receiveTime = new Float64Array(capacity)
    this.#value = new Float64Array(capacity)
    this.#quality = new Uint8Array(capacity)
  }

  get count(): number {
    return this.#count
  }

  push(signal: number, sourceTime: number, receiveTime: number, value: number, quality: number): void {
    if (this.#count === this.#signal.length) this.#grow()
    const i = this.#count++
    this.#signal[i] = signal
    this.#sourceTime[i] = sourceTime
    this.#receiveTime[i] = receiveTime
    this.#value[i] = value
    this.#quality[i] = quality
  }

  /**
   * The source told the signal, and nothing that can be taken: from then on it has no value. What it showed before must
   * not pass for the present; why it could not be taken is told by a reject beside it, where it is more than silence.
   */
  pushNone(signal: number, sourceTime: number, receiveTime: number): void {
    this.push(signal, sourceTime, receiveTime, Number.NaN, Quality.bad)
  }

  /** The batch collected so far; the builder starts anew with columns of its own. */
  take(): SampleBatch {
    const n = this.#count
    const batch: SampleBatch = {
      count: n,
      signal: this.#signal.slice(0, n),
      sourceTime: this.#sourceTime.slice(0, n),
      receiveTime: this.#receiveTime.slice(0, n),
      value: this.#value.slice(0, n),
      quality: this.#quality.slice(0, n),
    }
    this.#count = 0
    return batch
  }

  #grow(): void {
    const capacity = Math.max(16, this.#signal.length * 2)
    const grown = <T extends Uint32Array | Float64Array | Uint8Array>(to: T, from: T): T => {
      to.set(from)
      return to
    }
    this.#signal = grown(new Uint32Array(capacity), this.#signal)
    this.#sourceTime = grown(new Float64Array(capacity), this.#sourceTime)
    this.#receiveTime = grown(new Float64Array(capacity), this.#receiveTime)
    this.#value = grown(new Float64Array(capacity), this.#value)
    this.#quality = grown(new Uint8Array(capacity), this.#quality)
  }
}
