import fc from 'fast-check'
import { Quality } from '../../schema/quality.js'
import { type Limits, limitNames, sensorHealths } from '../../schema/sensor-state.js'
import type { SensorEvent } from './sensor.events.js'

const delay = fc.constantFrom(undefined, 0, 5, 20, 60)
export const anyLimits: fc.Arbitrary<Limits> = fc.record(
  {
    warningHigh: fc.constant(80),
    criticalHigh: fc.constant(100),
    warningLow: fc.constant(20),
    criticalLow: fc.constant(10),
    deadband: fc.constantFrom(0, 2, 15),
    onDelay: delay,
    offDelay: delay,
    delays: fc.record(
      Object.fromEntries(limitNames.map(name => [name, fc.record({ onDelay: delay, offDelay: delay })])),
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: [] },
)

const anyStep = fc.tuple(
  fc.oneof({ weight: 3, arbitrary: fc.nat(15) }, { weight: 1, arbitrary: fc.constantFrom(0, 5, 20, 60) }),
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        type: fc.constant('SAMPLE' as const),
        value: fc.oneof(
          fc.double({ min: 0, max: 120, noNaN: true }),
          fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, 5, 10, 12, 20, 22, 50, 78, 79, 80, 98, 100),
        ),
        quality: fc.constantFrom(Quality.good, Quality.good, Quality.good, Quality.uncertain, Quality.bad),
      }),
    },
    { weight: 3, arbitrary: fc.record({ type: fc.constant('TICK' as const), ahead: fc.nat(40) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        type: fc.constantFrom('SILENT' as const, 'SOURCE_LOST' as const, 'SOURCE_FOUND' as const),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        type: fc.constant('HEALTH' as const),
        condition: fc.constantFrom(...sensorHealths),
        score: fc.nat(100),
      }),
    },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('CALIBRATED' as const) }) },
  ),
)

/** Samples in order; a tick may run ahead of samples that are still on their way. */
export const anyEvents: fc.Arbitrary<SensorEvent[]> = fc.array(anyStep, { maxLength: 60 }).map(steps => {
  let now = 1000
  return steps.map(([step, event]): SensorEvent => {
    now += step
    if (event.type !== 'TICK') return { ...event, time: now }
    return { type: 'TICK', time: now + event.ahead }
  })
})
