import { Quality } from '../schema/quality.js'
import { SensorClassifier } from '../twins/sensor/classifier.js'
import { SensorHealthEstimator } from '../twins/sensor/health.js'

const sensors = 1716
const rounds = 3000

// Values are made beforehand: their making is not what is measured.
const values = Float64Array.from({ length: 10_007 }, (_, i) => (i % 1000 === 0 ? 85 : 50 + 20 * Math.sin(i)))

/** Samples a second that `take` is given, of all sensors in turn, a second apart; the first tenth only warms up. */
function speedOf(take: (index: number, value: number, time: number) => unknown): number {
  let next = 0
  const give = (from: number, count: number): void => {
    for (let round = from; round < from + count; round++) {
      for (let i = 0; i < sensors; i++) {
        take(i, values[next]!, round * 1000)
        if (++next === values.length) next = 0
      }
    }
  }
  give(1, rounds / 10)
  const started = performance.now()
  give(1 + rounds / 10, rounds)
  return (sensors * rounds) / ((performance.now() - started) / 1000)
}

/**
 * How many samples a second the classifier judges on one core. The reference plant's sensors, each with four limits, a
 * third of them with delays; values that mostly stay normal and cross a limit in about one sample of a thousand.
 */
export function classifierSpeed(): { samplesPerSecond: number } {
  const classifier = new SensorClassifier(sensors)
  for (let i = 0; i < sensors; i++) {
    const limits = { warningHigh: 80, criticalHigh: 100, warningLow: 20, criticalLow: 10, deadband: 2 }
    classifier.setLimits(i, i % 3 === 0 ? { ...limits, onDelay: 10_000, offDelay: 5_000 } : limits)
  }
  const samplesPerSecond = speedOf((index, value, time) =>
    classifier.isMovedBySample(index, value, Quality.good, time),
  )
  return { samplesPerSecond }
}

/** How many samples a second the health estimator judges on one core, a report at the end of each window included. */
export function healthSpeed(): { healthSamplesPerSecond: number } {
  const estimator = new SensorHealthEstimator(sensors)
  for (let i = 0; i < sensors; i++) estimator.watch(i, { range: [0, 200], resolution: 0.1, period: 1000 })
  const healthSamplesPerSecond = speedOf((index, value, time) => {
    if (estimator.add(index, value, Quality.good, time)) estimator.report(index, time)
  })
  return { healthSamplesPerSecond }
}
