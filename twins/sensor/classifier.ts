import { Quality } from '../../schema/quality.js'
import type { Limits } from '../../schema/sensor-state.js'
import { type CompiledLimits, compileLimits, nextLevelNumber } from './level.js'

const live = 0
const stale = 1
const lost = 2

/**
 * Stands before the sensor statecharts and lets through only the samples that would move a region, because a
 * statechart is a hundred times dearer than a comparison. It holds each sensor's regions as numbers, by signal index,
 * and judges with the very function the statechart's guards use; a property test holds the two equal.
 */
export class SensorClassifier {
  readonly #connection: Uint8Array
  readonly #quality: Uint8Array
  readonly #level: Uint8Array
  readonly #limits: (CompiledLimits | undefined)[]

  constructor(capacity: number) {
    this.#connection = new Uint8Array(capacity).fill(lost)
    this.#quality = new Uint8Array(capacity).fill(Quality.bad)
    this.#level = new Uint8Array(capacity)
    this.#limits = new Array(capacity)
  }

  setLimits(index: number, limits: Limits): void {
    const isLimited =
      limits.warningHigh !== undefined ||
      limits.criticalHigh !== undefined ||
      limits.warningLow !== undefined ||
      limits.criticalLow !== undefined
    this.#limits[index] = isLimited ? compileLimits(limits) : undefined
  }

  /** Takes over the regions of a restored twin. */
  adopt(index: number, connection: number, quality: number, level: number): void {
    this.#connection[index] = connection
    this.#quality[index] = quality
    this.#level[index] = level
  }

  /** Whether this sample moves a region of the sensor; if so, the regions have moved here. */
  isMovedBySample(index: number, value: number, quality: number): boolean {
    let isMoved = false
    if (this.#connection[index] !== live) {
      this.#connection[index] = live
      isMoved = true
    }
    if (this.#quality[index] !== quality) {
      this.#quality[index] = quality
      isMoved = true
    }
    const limits = this.#limits[index]
    if (limits !== undefined && quality !== Quality.bad && !Number.isNaN(value)) {
      const level = nextLevelNumber(this.#level[index]!, value, limits)
      if (this.#level[index] !== level) {
        this.#level[index] = level
        isMoved = true
      }
    }
    return isMoved
  }

  isMovedBySilence(index: number): boolean {
    return this.#connect(index, live, stale)
  }

  isMovedByLoss(index: number): boolean {
    if (this.#connection[index] === lost) return false
    this.#connection[index] = lost
    return true
  }

  isMovedByFind(index: number): boolean {
    return this.#connect(index, lost, stale)
  }

  isLive(index: number): boolean {
    return this.#connection[index] === live
  }

  connection(index: number): number {
    return this.#connection[index]!
  }

  level(index: number): number {
    return this.#level[index]!
  }

  #connect(index: number, from: number, to: number): boolean {
    if (this.#connection[index] !== from) return false
    this.#connection[index] = to
    return true
  }
}
