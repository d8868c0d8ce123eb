import { Quality } from '../schema/quality.js'
import { SensorClassifier } from '../twins/sensor/classifier.js'

const sensors = 1716
const rounds = 3000

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
  // Values are made beforehand: their making is not what is measured.
  const values = Float64Array.from({ length: 10_007 }, (_, i) =>
    i % 1000 === 0 ? 85 : 50 + 20 * Math.sin(i),
  )
  judge(classifier, values, 0, rounds / 10)
  const started = performance.now()
  judge(classifier, values, rounds / 10, rounds)
  return { samplesPerSecond: (sensors * rounds) / ((performance.now() - started) / 1000) }
}

function judge(classifier: SensorClassifier, values: Float64Array, from: number, count: number): number {
  let moved = 0
  let next = 0
  for (let round = from; round < from + count; round++) {
    for (let i = 0; i < sensors; i++) {
      if (classifier.isMovedBySample(i, values[next]!, Quality.good, round * 1000)) moved++
      if (++next === values.length) next = 0
    }
  }
  return moved
}
