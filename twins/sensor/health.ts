import type { SensorHealth } from '../../schema/sensor-state.js'
import { HealthWindows, type WindowSummary, windowSize } from './health-window.js'

/** What the estimator knows of an instrument. */
export interface Instrument {
  /** What it can show, in its unit. */
  readonly range: readonly [number, number]
  /** Its smallest step, in its unit; 0 = not known, and stuck is not judged. */
  readonly resolution: number
  /** Expected distance between samples, ms; 0 = on change, and packet loss is not judged. */
  readonly period: number
  /** Days from one calibration to the next; undefined = none is due, unless a calibration said when. */
  readonly calibrationDays?: number
  /** How long a value must stand still, or be noisy, before it is a verdict, ms; 0 = a window. */
  readonly patience?: number
  /** Over how long means are taken that show a drift, ms; 0 = a window. */
  readonly driftSpan?: number
}

export interface HealthReport {
  readonly condition: SensorHealth
  /** 0 (useless) to 100 (as new). */
  readonly score: number
  /** Smoothed distance from the baseline, share of span, signed. */
  readonly drift: number
  /** Noise now over noise at the baseline; 1 while there is no baseline. */
  readonly noiseRatio: number
  /** Share of the expected samples that did not come, or came bad. */
  readonly packetLoss: number
  /** Windows that were judged; 0 = nothing is known yet. */
  readonly windows: number
  /** Distance of the last window from what is usual for this sensor, in standard deviations; 0 while that is not known. */
  readonly sigma: number
  /** Since when it has been unusual, beyond three of them, source time in Unix ms; undefined = it is not. */
  readonly unusualSince: number | undefined
  /** Values outside the range, in the last window. */
  readonly outOfRange: number
  /** Time of the last calibration told, Unix ms; undefined = none told. */
  readonly calibratedAt: number | undefined
  /** When the next is due, Unix ms; undefined = never. */
  readonly calibrationDue: number | undefined
}

/** Windows that make the baseline of the noise, and spans that make that of the drift. */
export const baselineWindows = 5
/** Weight of the newest window in the smoothed drift (EWMA). */
const smoothing = 0.2
/** CUSUM of the windows' means: slack and decision limit in baseline standard deviations (Page; k = 0.5, h = 5). */
const slack = 0.5
const decision = 5
/** More than these is a condition of its own. */
/** Further than this many standard deviations from the baseline is unusual. */
const usualSigma = 3
const tooMuchDrift = 0.05
const tooNoisy = 3
const tooManyOutOfRange = 0.05
const day = 86_400_000

/** What is remembered of a sensor between windows; a place in its row of numbers each. */
const Field = {
  // What the last window said.
  windows: 0,
  spread: 1,
  noise: 2,
  loss: 3,
  outOfRange: 4,
  noisyFor: 5,
  stoodFor: 6,
  // The open span of windows.
  spanWindows: 7,
  spanSum: 8,
  spanBeganAt: 9,
  // The first spans of all: what is usual.
  spans: 10,
  baseCount: 11,
  baseMean: 12,
  baseDeviation: 13,
  baseVariance: 14,
  baseNoise: 15,
  // How far the spans since lie from it.
  high: 16,
  low: 17,
  drift: 18,
  // How unusual the last window was, in standard deviations, and since when windows are.
  sigma: 19,
  unusualSince: 20,
  // Told from outside.
  calibratedAt: 21,
  dueAt: 22,
  // 1: the baseline of the noise was whole at a calibration, and stays.
  isNoiseKept: 23,
} as const
const fields = Object.keys(Field).length

/**
 * Judges instruments by what they show: stuck is a spread over the window below the resolution; drift is a CUSUM of
 * means against those of the sensor's own first time; noise is taken from the steps between neighbours, so that a
 * moving process is not noise. It knows no process: where a redundant or modelled value exists, hand in the difference
 * to it, else a process that moved for good looks like drift.
 */
export class SensorHealthEstimator {
  readonly #instruments: (Instrument | undefined)[]
  readonly #windows: HealthWindows
  readonly #kept: Float64Array

  constructor(capacity: number) {
    this.#instruments = new Array(capacity)
    this.#windows = new HealthWindows(capacity)
    this.#kept = new Float64Array(capacity * fields)
  }

  watch(index: number, instrument: Instrument): void {
    this.#instruments[index] = instrument
    this.#windows.watch(index, instrument.range, instrument.resolution)
    this.#reset(index)
  }

  /** One sample; `time` is its source time, Unix ms. Returns whether a window ended, and a new report is worth reading. */
  add(index: number, value: number, quality: number, time: number): boolean {
    if (!this.#windows.add(index, value, quality, time)) return false
    const instrument = this.#instruments[index]
    if (instrument === undefined) return false
    this.#judge(index, this.#windows.end(index, time), instrument)
    return true
  }

  /** Nothing is expected of the sensor for a while: the window that is open counts for nothing. */
  pause(index: number): void {
    this.#windows.clear(index)
  }

  /**
   * The instrument was calibrated: where it lies from now on is the new baseline. What an adjustment does not mend is
   * as it was: a value that stands still, noise, lost samples, values out of range. `due`: when the next calibration
   * is, where that was said; both in Unix ms.
   */
  calibrated(index: number, time: number, due?: number): void {
    const kept = this.#kept
    const at = index * fields
    const noise = kept[at + Field.baseNoise]!
    if (kept[at + Field.spans]! >= baselineWindows) kept[at + Field.isNoiseKept] = 1
    kept.fill(0, at + Field.spanWindows, at + Field.calibratedAt)
    // The noise of before stays the measure, or a noisy instrument would be taken for usual.
    if (kept[at + Field.isNoiseKept] === 1) kept[at + Field.baseNoise] = noise
    this.#windows.restart(index)
    kept[at + Field.calibratedAt] = time
    const days = this.#instruments[index]?.calibrationDays
    kept[at + Field.dueAt] = due ?? (days === undefined ? 0 : time + days * day)
  }

  /** When the next calibration is due, Unix ms; infinite where none is. */
  dueAt(index: number): number {
    return this.#kept[index * fields + Field.dueAt]! || Number.POSITIVE_INFINITY
  }

  /** Whether the mean has moved, for whatever reason. */
  isShifted(index: number): boolean {
    const at = index * fields
    return Math.max(this.#kept[at + Field.high]!, this.#kept[at + Field.low]!) >= decision
  }

  /** What is remembered of a sensor, ready for JSON. */
  save(index: number): readonly number[] {
    return Array.from(this.#kept.subarray(index * fields, (index + 1) * fields))
  }

  /**
   * Goes on from what `save` gave, now or before there was `isNoiseKept`; anything else is no memory, and the sensor
   * starts anew.
   */
  restore(index: number, memory: unknown): boolean {
    const isMemory =
      Array.isArray(memory) &&
      (memory.length === fields || memory.length === Field.isNoiseKept) &&
      memory.every(value => Number.isFinite(value))
    if (!isMemory || this.#instruments[index] === undefined) return false
    this.#kept.fill(0, index * fields, (index + 1) * fields)
    this.#kept.set(memory as number[], index * fields)
    this.pause(index)
    return true
  }

  /** The window that is open, ready for JSON; `save` leaves it out, since nobody watched over a restart. */
  saveWindow(index: number): readonly number[] {
    return this.#windows.save(index)
  }

  /** Goes on in the middle of a window, after `restore`. */
  restoreWindow(index: number, window: readonly number[]): void {
    if (this.#instruments[index] !== undefined) this.#windows.restore(index, window)
  }

  /**
   * The verdict by `now`, Unix ms; undefined for a sensor that is not watched. `isProcess`: what has moved is known to
   * be the process and not the instrument; then it does not drift.
   */
  report(index: number, now: number, isProcess = false): HealthReport | undefined {
    const instrument = this.#instruments[index]
    if (instrument === undefined) return undefined
    const of = (field: number): number => this.#kept[index * fields + field]!
    const hasWindow = of(Field.windows) > 0
    const calibratedAt = of(Field.calibratedAt)
    const dueAt = of(Field.dueAt)
    const noiseRatio = of(Field.baseNoise) > 0 ? of(Field.noise) / of(Field.baseNoise) : 1
    const drift = isProcess ? 0 : of(Field.drift)
    const { resolution, patience = 0 } = instrument
    const hasStood = hasWindow && of(Field.stoodFor) >= patience
    const isStuck = hasStood && resolution > 0 && of(Field.spread) < resolution
    const isLastingNoise = of(Field.noisyFor) >= patience
    const isOverdue = dueAt > 0 && now > dueAt
    const outside = of(Field.outOfRange) / windowSize

    let condition: SensorHealth = 'ok'
    if (outside > tooManyOutOfRange) condition = 'out-of-range'
    else if (isStuck) condition = 'stuck'
    else if (isLastingNoise && noiseRatio > tooNoisy) condition = 'noisy'
    else if (this.isShifted(index) && Math.abs(drift) > tooMuchDrift) condition = 'drifting'
    else if (isOverdue) condition = 'calibration-due'

    // Each fault alone, at the point where it becomes a condition, brings the score to 70, below which it is flagged.
    const lost =
      penalty(Math.abs(drift) / tooMuchDrift, 50) +
      penalty(isLastingNoise ? (noiseRatio - 1) / (tooNoisy - 1) : 0, 50) +
      penalty(of(Field.loss) / 0.05, 60) +
      penalty(outside / tooManyOutOfRange, 60) +
      (isStuck ? 70 : 0) +
      (isOverdue ? 10 : 0)
    return {
      condition,
      score: Math.max(0, Math.round(100 - lost)),
      drift,
      noiseRatio,
      packetLoss: of(Field.loss),
      windows: of(Field.windows),
      sigma: of(Field.sigma),
      unusualSince: of(Field.unusualSince) > 0 ? of(Field.unusualSince) : undefined,
      outOfRange: of(Field.outOfRange),
      calibratedAt: calibratedAt > 0 ? calibratedAt : undefined,
      calibrationDue: dueAt > 0 ? dueAt : undefined,
    }
  }

  #judge(index: number, window: WindowSummary, instrument: Instrument): void {
    const kept = this.#kept
    const at = index * fields
    const { spread, noise, elapsed } = window
    kept[at + Field.windows]!++
    kept[at + Field.spread] = spread
    kept[at + Field.noise] = noise
    kept[at + Field.outOfRange] = window.outside
    kept[at + Field.loss] = lossOf(window, instrument.period)
    kept[at + Field.stoodFor] = window.stoodFor
    const isNoisy = noise > tooNoisy * kept[at + Field.baseNoise]!
    kept[at + Field.noisyFor] = isNoisy ? kept[at + Field.noisyFor]! + Math.max(0, elapsed) : 0
    this.#addToSpan(at, window, instrument)
    this.#compareWindow(at, window, instrument)
  }

  /** Whether the sensor has left what is usual for it, for whatever reason; known once the baseline is. */
  #compareWindow(at: number, { mean, beganAt }: WindowSummary, { resolution }: Instrument): void {
    const kept = this.#kept
    if (kept[at + Field.spans]! < baselineWindows) return
    const sigma = (mean - kept[at + Field.baseMean]!) / this.#unitOf(at, resolution)
    kept[at + Field.sigma] = sigma
    if (Math.abs(sigma) <= usualSigma) kept[at + Field.unusualSince] = 0
    else if (kept[at + Field.unusualSince] === 0) kept[at + Field.unusualSince] = beganAt
  }

  /** One standard deviation of the baseline; nothing spreads less than the instrument can show. */
  #unitOf(at: number, resolution: number): number {
    const kept = this.#kept
    const variance =
      kept[at + Field.baseVariance]! + kept[at + Field.baseDeviation]! / kept[at + Field.baseCount]!
    return Math.max(Math.sqrt(variance), resolution, Number.MIN_VALUE)
  }

  /** Means are compared span by span, so that what comes and goes within one does not look like a drift. */
  #addToSpan(
    at: number,
    { mean, spread, noise, beganAt, elapsed }: WindowSummary,
    instrument: Instrument,
  ): void {
    const kept = this.#kept
    const time = beganAt + elapsed
    // A recording may begin with another day: then the open span counts for nothing.
    if (kept[at + Field.spanWindows] === 0 || time < kept[at + Field.spanBeganAt]!) {
      kept[at + Field.spanBeganAt] = beganAt
      kept[at + Field.spanWindows] = 0
      kept[at + Field.spanSum] = 0
    }
    kept[at + Field.spanSum]! += mean
    const windows = ++kept[at + Field.spanWindows]!
    const isBaseline = kept[at + Field.spans]! < baselineWindows
    if (isBaseline) {
      // Welford: the deviation of the windows' means, beside the mean variance within them.
      const n = ++kept[at + Field.baseCount]!
      const away = mean - kept[at + Field.baseMean]!
      kept[at + Field.baseMean]! += away / n
      kept[at + Field.baseDeviation]! += away * (mean - kept[at + Field.baseMean]!)
      if (kept[at + Field.isNoiseKept] === 0) {
        kept[at + Field.baseNoise]! += (noise - kept[at + Field.baseNoise]!) / n
      }
      kept[at + Field.baseVariance]! += (spread * spread - kept[at + Field.baseVariance]!) / n
    }
    if (time - kept[at + Field.spanBeganAt]! < (instrument.driftSpan ?? 0)) return
    kept[at + Field.spans]!++
    if (!isBaseline) this.#compare(at, kept[at + Field.spanSum]! / windows, instrument)
    kept[at + Field.spanWindows] = 0
    kept[at + Field.spanSum] = 0
  }

  #compare(at: number, mean: number, { range, resolution }: Instrument): void {
    const kept = this.#kept
    const away = mean - kept[at + Field.baseMean]!
    const z = Math.max(-1e6, Math.min(1e6, away / this.#unitOf(at, resolution)))
    kept[at + Field.high] = Math.max(0, kept[at + Field.high]! + z - slack)
    kept[at + Field.low] = Math.max(0, kept[at + Field.low]! - z - slack)
    const span = range[1] - range[0]
    const share = span > 0 && Number.isFinite(span) ? away / span : 0
    kept[at + Field.drift]! += smoothing * (share - kept[at + Field.drift]!)
  }

  #reset(index: number): void {
    const at = index * fields
    this.#windows.clear(index)
    this.#kept.fill(0, at, at + Field.calibratedAt)
  }
}

/** Share of the samples expected that did not come or came bad. */
function lossOf({ bad, elapsed }: WindowSummary, period: number): number {
  const came = windowSize + bad
  const expected = period > 0 ? Math.max(came, Math.round(elapsed / period)) : came
  return 1 - windowSize / expected
}

/** 30 points at 1, no more than `most`. */
const penalty = (share: number, most: number): number => Math.min(most, Math.max(0, share) * 30)
