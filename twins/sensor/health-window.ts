import { Quality } from '../../schema/quality.js'

/** Good samples that make a window: everything is judged window by window. */
export const windowSize = 60
/** Samples of a window's stretches; its noise is that of the calmest, so that a step of the process is not noise. */
const stretch = 10
/** Rounding makes a step of the resolution a little smaller. */
const nearly = 0.999

/** What a window of good samples showed. */
export interface WindowSummary {
  readonly mean: number
  /** Standard deviation. */
  readonly spread: number
  /** Standard deviation of what does not go on from one sample to the next. */
  readonly noise: number
  /** Values outside the range. */
  readonly outside: number
  /** Samples that came bad. */
  readonly bad: number
  /** When it began, and how long it took, ms. */
  readonly beganAt: number
  readonly elapsed: number
  /** How long the value has not moved by its resolution, over windows, ms. */
  readonly stoodFor: number
}

/** Numbers kept of each sensor: two lines of the processor's cache. */
const stride = 16
const lowest = 0
const highest = 1
const smallestMove = 2
const stoodAt = 3
const stoodSince = 4
const count = 5
const sum = 6
const squares = 7
const stretchCount = 8
const stretchSteps = 9
const calmest = 10
const previous = 11
const first = 12
const outside = 13
const bad = 14
const beganAt = 15

/**
 * The open windows of all sensors, in one array: a few additions a sample, no object a sensor. Every sample comes here,
 * so every line counts.
 */
export class HealthWindows {
  readonly #kept: Float64Array

  constructor(capacity: number) {
    this.#kept = new Float64Array(capacity * stride)
  }

  /** What the instrument can show, and its smallest step, in its unit. */
  watch(index: number, range: readonly [number, number], resolution: number): void {
    const at = index * stride
    this.clear(index)
    this.#kept[at + lowest] = range[0]
    this.#kept[at + highest] = range[1]
    this.#kept[at + smallestMove] = resolution * nearly
  }

  /** The open window, ready for JSON. */
  save(index: number): readonly number[] {
    return Array.from(this.#kept.subarray(index * stride, (index + 1) * stride))
  }

  /** Goes on from what `save` gave. */
  restore(index: number, window: readonly number[]): void {
    this.#kept.set(window.slice(0, stride), index * stride)
  }

  /** One sample; `time` is its source time, Unix ms. Returns whether the window is full. */
  add(index: number, value: number, quality: number, time: number): boolean {
    const kept = this.#kept
    const at = index * stride
    if (kept[at + beganAt] === 0) kept[at + beganAt] = time
    if (quality === Quality.bad || !Number.isFinite(value)) {
      kept[at + bad]!++
      return false
    }
    if (value < kept[at + lowest]! || value > kept[at + highest]!) kept[at + outside]!++
    const n = kept[at + count]!
    if (n === 0) {
      kept[at + previous] = value
      kept[at + first] = value
    }
    const move = Math.abs(value - kept[at + stoodAt]!)
    if (move >= kept[at + smallestMove]! || kept[at + stoodSince] === 0) {
      kept[at + stoodAt] = value
      kept[at + stoodSince] = time
    }
    const step = value - kept[at + previous]!
    // From the window's first value on, so that a small spread on a large value is not lost in rounding.
    const rise = value - kept[at + first]!
    kept[at + stretchSteps]! += step * step
    if (++kept[at + stretchCount]! === stretch) this.#endStretch(at)
    kept[at + previous] = value
    kept[at + sum]! += rise
    kept[at + squares]! += rise * rise
    kept[at + count] = n + 1
    return n + 1 >= windowSize
  }

  /** Ends the window at `time` and says what it showed; the next begins there. */
  end(index: number, time: number): WindowSummary {
    const kept = this.#kept
    const at = index * stride
    const n = kept[at + count]!
    const rise = kept[at + sum]! / n
    const summary: WindowSummary = {
      mean: kept[at + first]! + rise,
      spread: Math.sqrt(Math.max(0, kept[at + squares]! / n - rise * rise)),
      // Half the mean square of the steps is the variance of what does not go on from one sample to the next.
      noise: Math.sqrt(kept[at + calmest]! / (2 * stretch)),
      outside: kept[at + outside]!,
      bad: kept[at + bad]!,
      beganAt: kept[at + beganAt]!,
      elapsed: time - kept[at + beganAt]!,
      stoodFor: time - kept[at + stoodSince]!,
    }
    kept.fill(0, at + count, at + stride)
    kept[at + beganAt] = time
    return summary
  }

  /** What the open window has counts for nothing; how long the value has stood does. */
  restart(index: number): void {
    const at = index * stride
    this.#kept.fill(0, at + count, at + stride)
  }

  /** What the open window has counts for nothing, nor does how long the value has stood. */
  clear(index: number): void {
    const at = index * stride
    this.#kept.fill(0, at + stoodAt, at + stride)
  }

  #endStretch(at: number): void {
    const kept = this.#kept
    const steps = kept[at + stretchSteps]!
    if (kept[at + count]! < stretch || steps < kept[at + calmest]!) kept[at + calmest] = steps
    kept[at + stretchSteps] = 0
    kept[at + stretchCount] = 0
  }
}
