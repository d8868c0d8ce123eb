import { Quality } from '../../schema/quality.js'
import type { SensorHealth } from '../../schema/sensor-state.js'

/** What the estimator knows of an instrument. */
export interface Instrument {
  /** What it can show, in its unit. */
  readonly range: readonly [number, number]
  /** Its smallest step, in its unit; 0 = not known, and stuck is not judged. */
  readonly resolution: number
  /** Expected distance between samples, ms; 0 = on change, and packet loss is not judged. */
  readonly period: number
  /** Days from one calibration to the next; undefined = none is due, ever. */
  readonly calibrationDays?: number
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
  /** Values outside the range, in the last window. */
  readonly outOfRange: number
  /** Since the last calibration told; undefined = none told. */
  readonly daysSinceCalibration: number | undefined
}

/** Good samples that make a window: everything is judged window by window. */
export const windowSize = 60
/** Windows that make the baseline. */
export const baselineWindows = 5
/** Weight of the newest window in the smoothed drift (EWMA). */
const smoothing = 0.2
/** CUSUM of the windows' means: slack and decision limit in baseline standard deviations (Page; k = 0.5, h = 5). */
const slack = 0.5
const decision = 5
/** More than these is a condition of its own. */
const tooMuchDrift = 0.05
const tooNoisy = 3
const tooManyOutOfRange = 0.05
const day = 86_400_000

/** Numbers kept of each sensor; see `Field`. */
const fields = 21
const Field = {
  count: 0,
  sum: 1,
  squares: 2,
  steps: 3,
  previous: 4,
  outside: 5,
  bad: 6,
  beganAt: 7,
  windows: 8,
  baseMean: 9,
  baseSpread: 10,
  baseNoise: 11,
  high: 12,
  low: 13,
  drift: 14,
  spread: 15,
  noise: 16,
  loss: 17,
  outOfRange: 18,
  calibratedAt: 19,
  first: 20,
} as const

/**
 * Judges instruments by what they show: stuck is a spread over the window below the resolution; drift is a CUSUM of the
 * windows' means against the sensor's own first windows; noise is taken from the steps between neighbours, so that a
 * moving process is not noise. A few additions a sample, no object a sensor. It knows no process: where a redundant or
 * modelled value exists, hand in the difference to it, else a process that moved for good looks like drift.
 */
export class SensorHealthEstimator {
  readonly #instruments: (Instrument | undefined)[]
  readonly #kept: Float64Array

  constructor(capacity: number) {
    this.#instruments = new Array(capacity)
    this.#kept = new Float64Array(capacity * fields)
  }

  watch(index: number, instrument: Instrument): void {
    this.#instruments[index] = instrument
    this.#reset(index)
  }

  /** One sample; `time` is its source time, Unix ms. Returns whether a window ended, and a new report is worth reading. */
  add(index: number, value: number, quality: number, time: number): boolean {
    const instrument = this.#instruments[index]
    if (instrument === undefined) return false
    const kept = this.#kept
    const at = index * fields
    if (kept[at + Field.beganAt] === 0) kept[at + Field.beganAt] = time
    if (quality === Quality.bad || !Number.isFinite(value)) {
      kept[at + Field.bad]!++
      return false
    }
    if (value < instrument.range[0] || value > instrument.range[1]) kept[at + Field.outside]!++
    if (kept[at + Field.count] === 0) {
      kept[at + Field.previous] = value
      kept[at + Field.first] = value
    }
    const step = value - kept[at + Field.previous]!
    // From the window's first value on, so that a small spread on a large value is not lost in rounding.
    const rise = value - kept[at + Field.first]!
    kept[at + Field.steps]! += step * step
    kept[at + Field.previous] = value
    kept[at + Field.sum]! += rise
    kept[at + Field.squares]! += rise * rise
    if (++kept[at + Field.count]! < windowSize) return false
    this.#endWindow(index, instrument, time)
    return true
  }

  /** The instrument was calibrated: what it shows from now on is the new baseline. `time` in Unix ms. */
  calibrated(index: number, time: number): void {
    this.#reset(index)
    this.#kept[index * fields + Field.calibratedAt] = time
  }

  /** The verdict by `now`, Unix ms; undefined for a sensor that is not watched. */
  report(index: number, now: number): HealthReport | undefined {
    const instrument = this.#instruments[index]
    if (instrument === undefined) return undefined
    const of = (field: number): number => this.#kept[index * fields + field]!
    const hasWindow = of(Field.windows) > 0
    const calibratedAt = of(Field.calibratedAt)
    const days = calibratedAt === 0 ? undefined : Math.max(0, now - calibratedAt) / day
    const noiseRatio = of(Field.baseNoise) > 0 ? of(Field.noise) / of(Field.baseNoise) : 1
    const drift = of(Field.drift)
    const isSignificant = Math.max(of(Field.high), of(Field.low)) >= decision
    const isStuck = hasWindow && instrument.resolution > 0 && of(Field.spread) < instrument.resolution
    const isOverdue =
      days !== undefined && instrument.calibrationDays !== undefined && days > instrument.calibrationDays
    const outside = of(Field.outOfRange) / windowSize

    let condition: SensorHealth = 'ok'
    if (outside > tooManyOutOfRange) condition = 'out-of-range'
    else if (isStuck) condition = 'stuck'
    else if (noiseRatio > tooNoisy) condition = 'noisy'
    else if (isSignificant && Math.abs(drift) > tooMuchDrift) condition = 'drifting'
    else if (isOverdue) condition = 'calibration-due'

    // Each fault alone, at the point where it becomes a condition, brings the score to 70, below which it is flagged.
    const lost =
      penalty(Math.abs(drift) / tooMuchDrift, 50) +
      penalty((noiseRatio - 1) / (tooNoisy - 1), 50) +
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
      outOfRange: of(Field.outOfRange),
      daysSinceCalibration: days,
    }
  }

  #endWindow(index: number, instrument: Instrument, time: number): void {
    const kept = this.#kept
    const at = index * fields
    const n = kept[at + Field.count]!
    const mean = kept[at + Field.first]! + kept[at + Field.sum]! / n
    const spread = Math.sqrt(Math.max(0, kept[at + Field.squares]! / n - (kept[at + Field.sum]! / n) ** 2))
    // Half the mean square of the steps is the variance of what does not go on from one sample to the next.
    const noise = Math.sqrt(kept[at + Field.steps]! / (2 * (n - 1)))
    kept[at + Field.spread] = spread
    kept[at + Field.noise] = noise
    kept[at + Field.outOfRange] = kept[at + Field.outside]!
    kept[at + Field.loss] = lossOf(
      n,
      kept[at + Field.bad]!,
      time - kept[at + Field.beganAt]!,
      instrument.period,
    )
    const windows = ++kept[at + Field.windows]!
    if (windows <= baselineWindows) {
      kept[at + Field.baseMean]! += (mean - kept[at + Field.baseMean]!) / windows
      kept[at + Field.baseSpread]! += (spread - kept[at + Field.baseSpread]!) / windows
      kept[at + Field.baseNoise]! += (noise - kept[at + Field.baseNoise]!) / windows
    } else this.#compare(at, mean, instrument)
    kept[at + Field.count] = 0
    kept[at + Field.sum] = 0
    kept[at + Field.squares] = 0
    kept[at + Field.steps] = 0
    kept[at + Field.outside] = 0
    kept[at + Field.bad] = 0
    kept[at + Field.beganAt] = time
  }

  #compare(at: number, mean: number, { range, resolution }: Instrument): void {
    const kept = this.#kept
    const away = mean - kept[at + Field.baseMean]!
    // Nothing spreads less than the instrument can show.
    const unit = Math.max(kept[at + Field.baseSpread]!, resolution, Number.MIN_VALUE)
    const z = Math.max(-1e6, Math.min(1e6, away / unit))
    kept[at + Field.high] = Math.max(0, kept[at + Field.high]! + z - slack)
    kept[at + Field.low] = Math.max(0, kept[at + Field.low]! - z - slack)
    const span = range[1] - range[0]
    const share = span > 0 && Number.isFinite(span) ? away / span : 0
    kept[at + Field.drift]! += smoothing * (share - kept[at + Field.drift]!)
  }

  #reset(index: number): void {
    const at = index * fields
    this.#kept.fill(0, at, at + Field.calibratedAt)
  }
}

/** Share of the samples expected in `elapsed` ms that did not come or came bad. */
function lossOf(good: number, bad: number, elapsed: number, period: number): number {
  const came = good + bad
  const expected = period > 0 ? Math.max(came, Math.round(elapsed / period)) : came
  return 1 - good / expected
}

/** 30 points at 1, no more than `most`. */
const penalty = (share: number, most: number): number => Math.min(most, Math.max(0, share) * 30)
