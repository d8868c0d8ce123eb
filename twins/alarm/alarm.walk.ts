import { expect } from 'vitest'
import { createActor } from 'xstate'
import type { AlarmSettings } from '../../schema/alarm.js'
import { walk } from '../proof/walk.js'
import { type AlarmEmitted, type AlarmEvent, occurrenceId } from './alarm.events.js'
import { alarmMachine } from './alarm.machine.js'
import { AlarmModel } from './alarm.model.js'

const alarm = 'press-01.oil-temperature.high'

/** Leads the alarm's chart and its model through the same events, record by record; throws where they differ. */
export function walkAlarm(
  settings: AlarmSettings,
  events: readonly AlarmEvent[],
  chart = alarmMachine,
): void {
  const actor = createActor(chart, { input: { alarm, settings } })
  const records: AlarmEmitted[] = []
  actor.on('*', record => records.push(record))
  actor.start()
  const model = new AlarmModel(settings)
  const theirs: unknown[] = []
  walk(events, { model, real: actor }, (model, actor, event) => {
    actor.send(event)
    const { state, isActive, isConfirmed, time } = actor.getSnapshot().context
    for (const { occurrence, ...record } of model.apply(event)) {
      theirs.push({ occurrence: occurrenceId(alarm, occurrence), ...record })
    }
    const { state: expected, isActive: active, isConfirmed: confirmed } = model
    expect([state, isActive, isConfirmed, time]).toEqual([expected, active, confirmed, event.time])
  })
  expect(
    records.map(({ time, occurrence, from, to, cause }) => ({ occurrence, time, from, to, cause })),
  ).toEqual(theirs)
}
