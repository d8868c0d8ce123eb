import { describe, it } from 'vitest'
import { assign } from 'xstate'
import { Quality } from '../../schema/quality.js'
import { mutated } from '../proof/mutated.js'
import { regression } from '../proof/regression.js'
import { sensorMachine as chart } from './sensor.machine.js'
import { walkClassified, walkSensor } from './sensor.walk.js'

const quality = Quality.good
/** Critical only after 5 ms below 10. */
const delayed = { criticalLow: 10, delays: { criticalLow: { onDelay: 5 } } }

describe('regressions of the sensor twin', () => {
  it('the delay of a level ran on in the classifier while the link was lost', () => {
    walkClassified(delayed, [
      { type: 'SAMPLE', value: 0, quality, time: 1000 },
      { type: 'SOURCE_LOST', time: 1000 },
      { type: 'SAMPLE', value: 0, quality, time: 1005 },
    ])
  })

  regression('a calibration gave back the points that something else had cost', {
    chart,
    broken: chart.provide({
      actions: {
        rememberCalibration: assign(({ event }) => ({ calibratedAt: event.time, score: 100 })) as never,
      },
    }),
    walk: chart =>
      walkSensor(
        {},
        [
          { type: 'HEALTH', condition: 'ok', score: 0, time: 1000 },
          { type: 'CALIBRATED', time: 1000 },
        ],
        chart,
      ),
  })

  regression('the delay of a level ran on while nobody heard the sensor', {
    chart,
    broken: mutated(chart, 'level on SILENT 1: without stopDelays'),
    walk: chart =>
      walkSensor(
        delayed,
        [
          { type: 'SAMPLE', value: 10, quality, time: 1000 },
          { type: 'SILENT', time: 1000 },
          { type: 'SAMPLE', value: 0, quality, time: 1005 },
        ],
        chart,
      ),
  })

  regression('the delay of a level ran on from before the link began anew', {
    chart,
    broken: mutated(chart, 'level on SOURCE_FOUND 1: without forgetTimes'),
    walk: chart =>
      walkSensor(
        delayed,
        [
          { type: 'SAMPLE', value: 0, quality, time: 1000 },
          { type: 'SOURCE_FOUND', time: 1000 },
          { type: 'SAMPLE', value: 0, quality, time: 1060 },
        ],
        chart,
      ),
  })

  regression('a value beyond its limit began no delay, so that its level never came', {
    chart,
    broken: mutated(chart, 'level.normal on SAMPLE 5: without followLevel normal'),
    walk: chart =>
      walkSensor(
        { warningLow: 20, onDelay: 5 },
        [
          { type: 'SAMPLE', value: 0, quality, time: 1000 },
          { type: 'TICK', time: 1005 },
        ],
        chart,
      ),
  })
})
