import type { Signal } from '../../schema/plant.js'
import { Quality, qualityNames } from '../../schema/quality.js'
import { fastestCrossing, freeStep, type QualityRule } from '../../schema/quality-rules.js'
import type { Reject } from '../../schema/records.js'
import type { SampleBatch } from '../../schema/sample-batch.js'
import { likelyUnit } from '../../schema/unit-conversion.js'
import type { RegisteredSignal, Registry } from './floor.js'
import { partCounterOf } from './part-counters.js'
import { timeText } from './time-text.js'

export interface Judged {
  /** The batch as it is believed: a value that breaks a rule is of bad quality. */
  readonly batch: SampleBatch
  readonly rejects: readonly Reject[]
}

/** What the gate needs to know of the signals. */
type Signals = Pick<Registry, 'signalCapacity' | 'signals' | 'signalByIndex'>

/** Spreads around its normal centre within which a signal is usually found. */
const usualSpreads = 6

/**
 * Between what came in and what is believed. A value that cannot be true stays in the history, but as a bad one: it
 * moves no level and counts in no figure, and a reject tells which rule it broke and what the source had said of it.
 */
export class QualityGate {
  readonly #registry: Signals
  /** Of each signal: what it may show, and how far and how fast (per ms) it may move. */
  readonly #low: Float64Array
  readonly #high: Float64Array
  readonly #step: Float64Array
  readonly #rate: Float64Array
  /** Of each signal: whether it counts parts. */
  readonly #isCounter: Uint8Array
  /** The newest value that was believed, and its source time. */
  readonly #lastValue: Float64Array
  readonly #lastTime: Float64Array

  constructor(registry: Signals) {
    const capacity = registry.signalCapacity
    this.#registry = registry
    this.#low = new Float64Array(capacity).fill(Number.NEGATIVE_INFINITY)
    this.#high = new Float64Array(capacity).fill(Number.POSITIVE_INFINITY)
    this.#step = new Float64Array(capacity)
    this.#rate = new Float64Array(capacity).fill(Number.POSITIVE_INFINITY)
    this.#isCounter = new Uint8Array(capacity)
    this.#lastValue = new Float64Array(capacity)
    this.#lastTime = new Float64Array(capacity).fill(Number.NEGATIVE_INFINITY)
    for (const registered of registry.signals) this.#watch(registered)
  }

  /** `now`: the floor's time, for the rejects. */
  judge(source: string, batch: SampleBatch, now: number): Judged {
    const { count, signal, sourceTime, value, quality } = batch
    let believed: Uint8Array | undefined
    const rejects: Reject[] = []
    for (let i = 0; i < count; i++) {
      const index = signal[i]!
      const reading = value[i]!
      if (quality[i] === Quality.bad || Number.isNaN(reading)) continue
      const broken = this.#broken(index, reading, sourceTime[i]!)
      if (broken === undefined) continue
      rejects.push(this.#reject(source, batch, i, broken, now))
      believed ??= quality.slice()
      believed[i] = Quality.bad
    }
    return { batch: believed === undefined ? batch : { ...batch, quality: believed }, rejects }
  }

  /** The link of the signal's source begins anew, perhaps with another day: nothing is too fast against before. */
  forget(index: number): void {
    this.#lastTime[index] = Number.NEGATIVE_INFINITY
  }

  /** The newest value of a signal that was believed, and its time, Unix ms. */
  remember(index: number): readonly [value: number, time: number] {
    return [this.#lastValue[index]!, this.#lastTime[index]!]
  }

  recall(index: number, [value, time]: readonly [value: number, time: number]): void {
    this.#lastValue[index] = value
    this.#lastTime[index] = time
  }

  #broken(index: number, reading: number, time: number): QualityRule | undefined {
    if (!(reading >= this.#low[index]! && reading <= this.#high[index]!)) return 'value.out-of-range'
    if (this.#isCounter[index] === 1 && !Number.isInteger(reading)) return 'value.not-whole'
    return this.#isTooFast(index, reading, time) ? 'value.too-fast' : undefined
  }

  #watch({ index, signal }: RegisteredSignal): void {
    if (signal.type === 'text') return
    if (partCounterOf(signal) !== undefined) this.#isCounter[index] = 1
    const [low, high] = signal.range
    const span = high - low
    // The last step of the display may round beyond the edge.
    this.#low[index] = low - signal.resolution
    this.#high[index] = high + signal.resolution
    // What is told only when it changes has been elsewhere in between: from one report to the next it may jump.
    const crossing = signal.period === 0 ? undefined : fastestCrossing[signal.quantity]
    const rate = signal.maxRate ?? (crossing === undefined ? undefined : span / crossing)
    if (rate === undefined) return
    this.#rate[index] = rate / 1000
    // Said by the plant file, the rate is meant as it is said; one step of the display is none.
    this.#step[index] = signal.maxRate === undefined ? freeStep * span : signal.resolution
  }

  /** Late samples are not judged: what was before them is not known here. */
  #isTooFast(index: number, value: number, time: number): boolean {
    const rate = this.#rate[index]!
    const passed = time - this.#lastTime[index]!
    if (rate === Number.POSITIVE_INFINITY || !(passed >= 0)) return false
    // A source that speaks for the first time has moved from nowhere.
    if (Math.abs(value - this.#lastValue[index]!) > this.#step[index]! + rate * passed) return true
    this.#lastValue[index] = value
    this.#lastTime[index] = time
    return false
  }

  #reject(source: string, batch: SampleBatch, i: number, broken: QualityRule, now: number): Reject {
    const { signal } = this.#registry.signalByIndex(batch.signal[i]!)!
    const value = batch.value[i]!
    const sourceTime = batch.sourceTime[i]!
    const likely = likelyUnit(signal.quantity, signal.unit, value, turned =>
      this.#isUsual(batch.signal[i]!, signal, turned),
    )
    const [why, advice] = this.#why(broken, batch.signal[i]!, value, sourceTime)
    const guess =
      likely &&
      `in ${likely.unit} it would be ${short(likely.value)} ${signal.unit}: look at the unit in the source`
    return {
      source,
      time: now,
      rule: likely === undefined ? broken : 'value.wrong-unit',
      reason: `${signal.id}: ${why}; ${guess ?? advice}.`,
      raw: `${timeText(sourceTime)}|${signal.tag}|${value}|${qualityNames[batch.quality[i]!]}`,
      signal: signal.id,
      value,
      sourceTime,
    }
  }

  /** What is wrong with a value, and where to look. */
  #why(
    broken: QualityRule,
    index: number,
    value: number,
    sourceTime: number,
  ): readonly [why: string, advice: string] {
    const { range, unit } = this.#registry.signalByIndex(index)!.signal
    if (broken === 'value.not-whole')
      return [
        `${value} is no whole number of parts`,
        'look at the tag in the source, and at its unit and its scale',
      ]
    const shown = `${short(value)} ${unit}`.trim()
    const advice = 'look at the sensor, or at range and maxRate in the plant file'
    if (broken === 'value.out-of-range')
      return [`${shown} lies outside of what it can show (${range[0]} to ${range[1]})`, advice]
    const passed = Math.max(0, sourceTime - this.#lastTime[index]!) / 1000
    return [`${shown} is too far from ${short(this.#lastValue[index]!)} ${passed} s before`, advice]
  }

  /** Where the signal was last, or where it is in normal production. */
  #isUsual(index: number, { normal, range }: Signal, value: number): boolean {
    const isNear = Math.abs(value - this.#lastValue[index]!) <= freeStep * (range[1] - range[0])
    if (this.#lastTime[index]! > Number.NEGATIVE_INFINITY && isNear) return true
    return normal !== undefined && Math.abs(value - normal[0]) <= usualSpreads * normal[1]
  }
}

/** Six digits are enough to recognise a value. */
const short = (value: number): string => String(Number(value.toPrecision(6)))
