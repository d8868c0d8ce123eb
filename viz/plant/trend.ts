/** Points kept per signal, one a second. */
const longest = 300
/** Room for all signals together, points: 4 bytes each. */
const budget = 4_000_000

/**
 * The last minutes of every signal, one value a second, in one block that never grows. Where nothing was known the
 * point is NaN: a gap stays a gap.
 */
export class Trend {
  readonly length: number
  readonly #points: Float32Array
  readonly #signals: number
  #head = 0
  #filled = 0

  constructor(signals: number) {
    this.#signals = signals
    this.length = Math.min(longest, Math.max(2, Math.floor(budget / Math.max(1, signals))))
    this.#points = new Float32Array(signals * this.length).fill(Number.NaN)
  }

  /** Points taken so far, at most `length`. */
  get filled(): number {
    return this.#filled
  }

  /** Takes the present values; `isLive` says which of them may be believed. */
  sample(values: Float64Array, isLive: (signal: number) => boolean): void {
    for (let signal = 0; signal < this.#signals; signal++) {
      this.#points[signal * this.length + this.#head] = isLive(signal) ? values[signal]! : Number.NaN
    }
    this.#head = (this.#head + 1) % this.length
    this.#filled = Math.min(this.length, this.#filled + 1)
  }

  /** The value `back` seconds ago; 0 = the newest. */
  at(signal: number, back: number): number {
    const place = (this.#head - 1 - back + this.length * 2) % this.length
    return this.#points[signal * this.length + place]!
  }
}
