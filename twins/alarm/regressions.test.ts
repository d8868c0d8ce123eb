import { describe } from 'vitest'
import type { AlarmSettings } from '../../schema/alarm.js'
import { mutated } from '../proof/mutated.js'
import { regression } from '../proof/regression.js'
import type { AlarmEvent } from './alarm.events.js'
import { alarmInTime, alarmMachine as chart } from './alarm.machine.js'
import { walkAlarm } from './alarm.walk.js'

const settings: AlarmSettings = {
  priority: 'low',
  onDelay: 0,
  offDelay: 0,
  reAlarmTime: 0,
  maximumShelvingTime: 50,
  isLatching: false,
  isAutoAcknowledged: false,
  needsConfirmation: false,
}
const by = { who: 'Ada', comment: '' }
const condition = (isActive: boolean, time: number): AlarmEvent => ({
  type: 'CONDITION',
  isActive,
  value: 0,
  limit: 5,
  time,
})
const broken = (name: string) => alarmInTime(mutated(chart, name))

describe('regressions of the alarm twin', () => {
  regression('a condition that went away within its on-delay did not begin it anew', {
    chart,
    broken: broken('condition.onDelay on CONDITION 2: target onDelay instead of normal'),
    walk: chart =>
      walkAlarm(
        { ...settings, onDelay: 7 },
        [
          condition(true, 1000),
          condition(false, 1000),
          condition(true, 1000),
          { type: 'ACKNOWLEDGE', time: 1007, ...by },
        ],
        chart,
      ),
  })

  regression('a latched alarm that was acknowledged went to normal without a reset', {
    chart,
    broken: broken(
      'alarm.Annunciated.LatchedUnacknowledged on ACKNOWLEDGE 1: target Normal instead of LatchedAcknowledged',
    ),
    walk: chart =>
      walkAlarm(
        { ...settings, isLatching: true },
        [
          condition(true, 1000),
          condition(false, 1000),
          { type: 'ACKNOWLEDGE', time: 1000, ...by },
          condition(true, 1000),
        ],
        chart,
      ),
  })

  regression('an alarm came back from its shelf as acknowledged, though nobody had seen its condition', {
    chart,
    broken: broken('alarm.Suppressed.Shelved on TICK 1: target Acknowledged instead of Unacknowledged'),
    walk: chart =>
      walkAlarm(
        settings,
        [{ type: 'SHELVE', time: 1000, duration: 1, ...by }, condition(true, 1000), condition(false, 1001)],
        chart,
      ),
  })

  regression('an alarm returned to service was suppressed by design, though nothing suppressed it', {
    chart,
    broken: broken('alarm.Suppressed.OutOfService on RETURN_TO_SERVICE 1: guard removed'),
    walk: chart =>
      walkAlarm(
        settings,
        [
          { type: 'REMOVE_FROM_SERVICE', time: 1000, ...by },
          { type: 'RETURN_TO_SERVICE', time: 1000, ...by },
        ],
        chart,
      ),
  })
})
