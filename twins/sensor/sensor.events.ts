import type { Quality } from '../../schema/quality.js'
import { type SensorHealth, sensorHealths } from '../../schema/sensor-state.js'
import { shown, type TwinProblem } from '../twin-problem.js'

export type SensorEvent =
  /** A sample; `time` is its source time, Unix ms. A bad or missing value never moves the level. */
  | { readonly type: 'SAMPLE'; readonly value: number; readonly quality: Quality; readonly time: number }
  /** It is `time` by the sensor's own clock: what was due by then happens, at the time it was due. */
  | { readonly type: 'TICK'; readonly time: number }
  /** Three periods have passed without a sample. */
  | { readonly type: 'SILENT'; readonly time: number }
  /** The link to the source is gone. */
  | { readonly type: 'SOURCE_LOST'; readonly time: number }
  /** The link stands again; what the sensor reads is not known until it says so, perhaps of another day. */
  | { readonly type: 'SOURCE_FOUND'; readonly time: number }
  /** The health estimator has come to another verdict. `score` 0 (useless) to 100 (as new). */
  | {
      readonly type: 'HEALTH'
      readonly condition: SensorHealth
      readonly score: number
      readonly time: number
    }
  /** The instrument was calibrated at `time`. */
  | { readonly type: 'CALIBRATED'; readonly time: number }

/** What the check needs to know of the twin. */
interface CheckedContext {
  readonly sampledAt: number
  readonly judgedAt: number
  readonly calibratedAt: number
}

/**
 * Why the sensor twin cannot take `event`; undefined = it can. Samples and ticks run on the sensor's own time line, in
 * order. The link's events come by the floor's clock, which may have been set back: a lost link is never refused.
 */
export function checkSensorEvent(event: unknown, context: CheckedContext): TwinProblem | undefined {
  if (typeof event !== 'object' || event === null) return bad('an event is an object with type and time')
  const { type, time, value, quality, condition, score } = event as Partial<Record<string, unknown>>
  switch (type) {
    case 'SAMPLE':
      if (quality !== 0 && quality !== 1 && quality !== 2)
        return bad(`quality is ${shown(quality)}; it is 0 (good), 1 (uncertain) or 2 (bad)`)
      if (typeof value !== 'number') return bad(`value is a ${typeof value}; it is a number`)
      if (!Number.isFinite(value) && quality !== 2)
        return { code: 'not-a-number', detail: `value is ${value} though its quality is not bad` }
      return checkTime(time, context.sampledAt, 'sample')
    case 'TICK':
      return checkTime(time, context.sampledAt, 'sample')
    case 'SILENT':
    case 'SOURCE_LOST':
    case 'SOURCE_FOUND':
      return checkTime(time, Number.NEGATIVE_INFINITY, '')
    case 'HEALTH':
      if (!sensorHealths.some(name => name === condition))
        return bad(`condition is ${shown(condition)}; it is one of ${sensorHealths.join(', ')}`)
      if (typeof score !== 'number') return bad(`score is a ${typeof score}; it is a number`)
      if (Number.isNaN(score)) return { code: 'not-a-number', detail: 'score is NaN' }
      if (score < 0 || score > 100) return bad(`score is ${score}; it lies from 0 to 100`)
      return checkTime(time, context.judgedAt, 'verdict on its health')
    case 'CALIBRATED':
      return checkTime(time, context.calibratedAt, 'calibration')
    default:
      return { code: 'unknown-event', detail: `a sensor knows no event ${shown(type)}` }
  }
}

function checkTime(time: unknown, newest: number, what: string): TwinProblem | undefined {
  if (typeof time !== 'number') return bad(`time is a ${typeof time}; it is a number, Unix ms`)
  if (!Number.isFinite(time)) return { code: 'not-a-number', detail: `time is ${time}` }
  if (time < newest)
    return { code: 'time-backwards', detail: `time is ${time}; the newest ${what} is of ${newest}` }
  return undefined
}

const bad = (detail: string): TwinProblem => ({ code: 'bad-payload', detail })
