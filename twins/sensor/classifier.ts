import { Quality } from '../../schema/quality.js'
import { type Limits, limitNames } from '../../schema/sensor-state.js'
import { type CompiledLimits, compileLimits, nextLevelNumber, normal } from './level.js'
import { believedQuality, type LevelMemory } from './level-memory.js'
import {
  isDelayRunning,
  resetTimers,
  runDelays,
  settleLevel,
  stopDelays,
  timersPerSensor,
} from './level-timers.js'

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

  /** As level-timers lays them out. */
  readonly #timers: Float64Array
  /** 0 = surely no delay runs: then a value within all limits needs no second look. */
  readonly #mayDelay: Uint8Array

  constructor(capacity: number) {
    this.#connection = new Uint8Array(capacity).fill(lost)
    this.#quality = new Uint8Array(capacity).fill(Quality.bad)
    this.#level = new Uint8Array(capacity)
    this.#limits = new Array(capacity)
    this.#mayDelay = new Uint8Array(capacity)
    this.#timers = new Float64Array(capacity * timersPerSensor).fill(Number.NaN)
    for (let i = 0; i < capacity; i++) resetTimers(this.#timers, i * timersPerSensor)
  }

  setLimits(index: number, limits: Limits): void {
    const isLimited = limitNames.some(name => limits[name] !== undefined)
    this.#limits[index] = isLimited ? compileLimits(limits) : undefined
  }

  /** Takes over the regions of a restored twin, and the delays that ran in it. */
  adopt(index: number, connection: number, quality: number, level: number, memory?: LevelMemory): void {
    this.#connection[index] = connection
    this.#quality[index] = quality
    this.#level[index] = level
    this.#mayDelay[index] = 1
    memory?.timers.forEach((timer, i) => {
      this.#timers[index * timersPerSensor + i] = timer ?? Number.NaN
    })
  }

  /**
   * Whether this sample moves a region of the sensor, or starts or stops a delay of it; if so, it has happened here.
   * `time` is its source time, Unix ms; per sensor it never goes back.
   */
  isMovedBySample(index: number, value: number, quality: number, time: number): boolean {
    let isMoved = false
    if (this.#connection[index] !== live) {
      this.#connection[index] = live
      isMoved = true
    }
    const believed = believedQuality(value, quality)
    if (this.#quality[index] !== believed) {
      this.#quality[index] = believed
      isMoved = true
    }
    const limits = this.#limits[index]
    if (limits === undefined) return isMoved
    if (limits.isDelayed) return this.#delay(index, value, believed, time, limits) || isMoved
    if (believed === Quality.bad) return isMoved
    const level = nextLevelNumber(this.#level[index]!, value, limits)
    if (this.#level[index] === level) return isMoved
    this.#level[index] = level
    return true
  }

  /** Whether a delay has passed by `time` of the sensor's own clock, Unix ms. */
  isMovedByTick(index: number, time: number): boolean {
    const limits = this.#limits[index]
    if (limits === undefined || !limits.isDelayed) return false
    const from = this.#level[index]!
    const level = settleLevel(from, this.#timers, index * timersPerSensor, time, limits)
    this.#level[index] = level
    return level !== from
  }

  isMovedBySilence(index: number): boolean {
    return this.#connect(index, live, stale)
  }

  isMovedByLoss(index: number): boolean {
    if (this.#connection[index] === lost) return false
    this.#connection[index] = lost
    stopDelays(this.#timers, index * timersPerSensor)
    return true
  }

  /** The source begins anew, perhaps with another day: no delay runs, and no time is too early. */
  isMovedByFind(index: number): boolean {
    const hadTimes = resetTimers(this.#timers, index * timersPerSensor)
    return this.#connect(index, lost, stale) || hadTimes
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

  #delay(index: number, value: number, quality: number, time: number, limits: CompiledLimits): boolean {
    const from = this.#level[index]!
    const isWithin =
      value < limits.warningHigh &&
      value < limits.criticalHigh &&
      value > limits.warningLow &&
      value > limits.criticalLow
    if (isWithin && from === normal && this.#mayDelay[index] === 0) return false
    const timers = this.#timers
    const at = index * timersPerSensor
    const settled = settleLevel(from, timers, at, time, limits)
    const isTimed =
      quality === Quality.bad ? stopDelays(timers, at) : runDelays(settled, timers, at, value, time, limits)
    const level = settleLevel(settled, timers, at, time, limits)
    this.#level[index] = level
    this.#mayDelay[index] = isDelayRunning(timers, at) ? 1 : 0
    return isTimed || settled !== from || level !== settled
  }

  #connect(index: number, from: number, to: number): boolean {
    if (this.#connection[index] !== from) return false
    this.#connection[index] = to
    stopDelays(this.#timers, index * timersPerSensor)
    return true
  }
}
