import fc from 'fast-check'
import type { AlarmSettings } from '../../schema/alarm.js'
import type { AlarmAction, AlarmEvent } from './alarm.events.js'

/** An event without its time, and how long after the one before it comes, ms. */
interface Step {
  readonly after: number
  readonly at: (time: number) => AlarmEvent
}

const action: Omit<AlarmAction, 'time'> = { who: 'Ada', comment: '' }
const plainActions = [
  'ACKNOWLEDGE',
  'ACKNOWLEDGE',
  'UNACKNOWLEDGE',
  'CONFIRM',
  'RESET',
  'SHELVE_ONCE',
  'UNSHELVE',
  'SUPPRESS',
  'UNSUPPRESS',
  'REMOVE_FROM_SERVICE',
  'RETURN_TO_SERVICE',
] as const

/** Short, so that delays, shelves and events meet each other often. */
const delay = fc.constantFrom(0, 3, 7, 20)

export const arbitrarySettings: fc.Arbitrary<AlarmSettings> = fc.record({
  priority: fc.constantFrom('low', 'high'),
  onDelay: delay,
  offDelay: delay,
  reAlarmTime: delay,
  maximumShelvingTime: fc.constant(50),
  isLatching: fc.boolean(),
  isAutoAcknowledged: fc.boolean(),
  needsConfirmation: fc.boolean(),
})

const makeEvent = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ isActive: fc.boolean(), value: fc.integer({ min: 0, max: 9 }) }).map(
      part =>
        (time: number): AlarmEvent => ({ type: 'CONDITION', time, limit: 5, ...part }),
    ),
  },
  {
    weight: 7,
    arbitrary: fc.constantFrom(...plainActions).map(
      type =>
        (time: number): AlarmEvent => ({ type, time, ...action }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 1, max: 50 }).map(
      duration =>
        (time: number): AlarmEvent => ({ type: 'SHELVE', time, duration, ...action }),
    ),
  },
  { weight: 1, arbitrary: fc.constant((time: number): AlarmEvent => ({ type: 'TICK', time })) },
)

const step: fc.Arbitrary<Step> = fc.record({ after: fc.integer({ min: 0, max: 12 }), at: makeEvent })

/** Events in the order of time. */
export const arbitraryEvents: fc.Arbitrary<AlarmEvent[]> = fc
  .array(step, { maxLength: 40, size: 'max' })
  .map(steps => {
    let time = 1000
    return steps.map(({ after, at }) => {
      time += after
      return at(time)
    })
  })
