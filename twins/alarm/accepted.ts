import type { SnapshotFrom } from 'xstate'
import { acceptedOf } from '../accepted.js'
import { type AlarmEvent, actionCauses } from './alarm.events.js'
import type { alarmMachine } from './alarm.machine.js'

/** What the twin would take now, by event type: the condition, and of the actions those that mean something here. */
export function acceptedBy(snapshot: SnapshotFrom<typeof alarmMachine>): string[] {
  const { time, settings } = snapshot.context
  const action = { time, who: 'anybody', comment: '', duration: settings.maximumShelvingTime }
  const actions = Object.keys(actionCauses).map(type => ({ type, ...action }) as AlarmEvent)
  const conditions = [true, false].map(
    (isActive): AlarmEvent => ({ type: 'CONDITION', time, isActive, value: null, limit: null }),
  )
  return acceptedOf(snapshot, [...conditions, ...actions])
}
