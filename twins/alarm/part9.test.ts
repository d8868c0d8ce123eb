import { describe, expect, it } from 'vitest'
import { createActor } from 'xstate'
import { type AlarmSettings, defaultAlarmSettings } from '../../schema/alarm.js'
import type { AlarmEvent } from './alarm.events.js'
import { alarmMachine } from './alarm.machine.js'
import { part9Fields } from './part9.js'

function fieldsAfter(steps: readonly string[], settings: Partial<AlarmSettings> = {}) {
  const input = { alarm: 'oven.door', settings: { ...defaultAlarmSettings, ...settings } }
  const actor = createActor(alarmMachine, { input }).start()
  let time = 1000
  for (const step of steps) {
    time += 1000
    actor.send(
      step === 'on' || step === 'off'
        ? { type: 'CONDITION', time, isActive: step === 'on', value: null, limit: null }
        : ({ type: step, time, who: 'Ada', comment: 'note', duration: 60_000 } as AlarmEvent),
    )
  }
  return part9Fields(actor.getSnapshot())
}

describe('the OPC UA fields of an alarm', () => {
  it('follow the states A to F (OPC 10000-9, 5.8.2)', () => {
    const rows: [string[], Partial<AlarmSettings>, boolean, boolean, boolean, boolean][] = [
      [[], {}, false, true, false, false],
      [['on'], {}, true, false, false, true],
      [['on', 'ACKNOWLEDGE'], {}, true, true, false, true],
      [['on', 'off'], {}, false, false, false, true],
      [['on', 'off'], { isLatching: true }, false, false, true, true],
      [['on', 'ACKNOWLEDGE', 'off'], { isLatching: true }, false, true, true, true],
    ]
    for (const [steps, settings, ActiveState, AckedState, LatchedState, Retain] of rows) {
      expect(fieldsAfter(steps, settings), steps.join()).toMatchObject({
        ActiveState,
        AckedState,
        LatchedState,
        Retain,
        SuppressedOrShelved: false,
        ShelvingState: 'Unshelved',
        UnshelveTime: 0,
      })
    }
  })

  it('name every suppression that holds, not only the strongest', () => {
    expect(fieldsAfter(['SHELVE', 'SUPPRESS', 'REMOVE_FROM_SERVICE', 'on'])).toMatchObject({
      ActiveState: true,
      AckedState: false,
      SuppressedState: true,
      OutOfServiceState: true,
      ShelvingState: 'TimedShelved',
      UnshelveTime: 57_000,
      SuppressedOrShelved: true,
      Retain: true,
      AudibleEnabled: false,
    })
    expect(fieldsAfter(['SHELVE_ONCE'])).toMatchObject({
      ShelvingState: 'OneShotShelved',
      UnshelveTime: defaultAlarmSettings.maximumShelvingTime,
      OutOfServiceState: false,
      SuppressedState: false,
    })
  })

  it('retain an alarm that has returned and waits for its confirmation', () => {
    const settings = { needsConfirmation: true }
    expect(fieldsAfter(['on', 'ACKNOWLEDGE', 'off'], settings)).toMatchObject({
      ConfirmedState: false,
      Retain: true,
    })
    expect(fieldsAfter(['on', 'ACKNOWLEDGE', 'off', 'CONFIRM'], settings)).toMatchObject({
      ConfirmedState: true,
      Retain: false,
    })
  })

  it('carry the settings, the newest comment, and since when the alarm is as it is', () => {
    const settings: Partial<AlarmSettings> = {
      onDelay: 0,
      offDelay: 20,
      reAlarmTime: 30_000,
      priority: 'highest',
    }
    expect(fieldsAfter(['on', 'ACKNOWLEDGE'], settings)).toMatchObject({
      EnabledState: true,
      Severity: 900,
      OnDelay: 0,
      OffDelay: 20,
      ReAlarmTime: 30_000,
      ReAlarmRepeatCount: 0,
      MaxTimeShelved: defaultAlarmSettings.maximumShelvingTime,
      Comment: 'note',
      Time: 3000,
      ConditionName: 'oven.door',
      BranchId: 'oven.door#1',
      AudibleEnabled: false,
    })
    expect(fieldsAfter(['on'])).toMatchObject({ AudibleEnabled: true, Comment: '' })
  })
})
