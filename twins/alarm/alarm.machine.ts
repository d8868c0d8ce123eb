import { assign, emit, raise, setup } from 'xstate'
import { type AlarmCause, type AlarmRecord, type AlarmState, alarmStates } from '../../schema/alarm.js'
import { inTime } from '../in-time.js'
import {
  type AlarmContext,
  type AlarmEmitted,
  type AlarmEvent,
  type AlarmInput,
  actionCauses,
  checkAlarmEvent,
  type DelayedCondition,
  nextAlarmDue,
  occurrenceId,
} from './alarm.events.js'

/** Raise when the chart changes in a way that an older snapshot cannot be restored into. */
export const alarmDefinition = { id: 'alarm', version: 1 } as const

type AnyAlarmEvent = AlarmEvent | DelayedCondition

/**
 * The alarm state diagram of ANSI/ISA-18.2-2016 and IEC 62682, states A to I. Three regions: the newest time heard,
 * the condition with its delays, and the alarm itself, which hears of the condition only after the delays.
 */
const chart = setup({
  types: {
    context: {} as AlarmContext,
    events: {} as AnyAlarmEvent,
    emitted: {} as AlarmEmitted,
    input: {} as AlarmInput,
  },
  guards: {
    isRaised: ({ event }) => event.type === 'CONDITION' && event.isActive,
    isGone: ({ event }) => event.type === 'CONDITION' && !event.isActive,
    isRaisedAtOnce: ({ context, event }) =>
      event.type === 'CONDITION' && event.isActive && context.settings.onDelay === 0,
    isGoneAtOnce: ({ context, event }) =>
      event.type === 'CONDITION' && !event.isActive && context.settings.offDelay === 0,
    isDelayOver: ({ context, event }) => context.delayDue !== null && event.time >= context.delayDue,
    isReAlarmDue: ({ context, event }) => context.reAlarmDue !== null && event.time >= context.reAlarmDue,
    isShelfOver: ({ context, event }) => context.shelf !== null && event.time >= context.shelf.until,
    isShelfOverAndActive: ({ context, event }) =>
      context.isActive && context.shelf !== null && event.time >= context.shelf.until,
    isActive: ({ context }) => context.isActive,
    isShelved: ({ context }) => context.shelf !== null,
    isShelvedOnce: ({ context }) => context.shelf?.isOneShot === true,
    isSuppressedByDesign: ({ context }) => context.isSuppressedByDesign,
    isNotSuppressedByDesign: ({ context }) => !context.isSuppressedByDesign,
    isLatching: ({ context }) => context.settings.isLatching,
    isAutoAcknowledged: ({ context }) => context.settings.isAutoAcknowledged,
    isLatchingAndAutoAcknowledged: ({ context }) =>
      context.settings.isLatching && context.settings.isAutoAcknowledged,
    isUnconfirmed: ({ context }) => !context.isConfirmed,
  },
  actions: {
    rememberTime: assign(({ event }) => ({ time: event.time })),
    rememberComment: assign(({ event }) => ('comment' in event ? { comment: event.comment } : {})),
    rememberValue: assign(({ event }) =>
      event.type === 'CONDITION' ? { value: event.value, limit: event.limit } : {},
    ),
    startOnDelay: assign(({ context, event }) => ({ delayDue: event.time + context.settings.onDelay })),
    startOffDelay: assign(({ context, event }) => ({ delayDue: event.time + context.settings.offDelay })),
    endDelay: assign({ delayDue: null }),
    activate: assign({ isActive: true }),
    deactivate: assign({ isActive: false }),
    sayActivated: raise(({ event }) => ({ type: 'ACTIVATED' as const, time: event.time })),
    sayCleared: raise(({ event }) => ({ type: 'CLEARED' as const, time: event.time })),
    openOccurrence: assign(({ context }) => ({
      occurrence: context.occurrence + 1,
      isAcknowledged: false,
      reAlarms: 0,
    })),
    countReAlarm: assign(({ context }) => ({ reAlarms: context.reAlarms + 1 })),
    askForConfirmation: assign(({ context }) => ({ isConfirmed: !context.settings.needsConfirmation })),
    confirm: assign({ isConfirmed: true }),
    putOnShelf: assign(({ context, event }) => ({
      shelf: {
        until: event.time + (event.type === 'SHELVE' ? event.duration : context.settings.maximumShelvingTime),
        isOneShot: event.type === 'SHELVE_ONCE',
      },
    })),
    takeFromShelf: assign({ shelf: null }),
    suppressByDesign: assign({ isSuppressedByDesign: true }),
    unsuppressByDesign: assign({ isSuppressedByDesign: false }),
    announce: emit(({ context, event }, params: { to: AlarmState; cause: AlarmCause }) => ({
      type: 'alarm.changed' as const,
      ...recordOf(context, event, params.to, params.cause),
    })),
    note: emit(({ context, event }, params: { cause: AlarmCause }) => ({
      type: 'alarm.noted' as const,
      ...recordOf(context, event, context.state, params.cause),
    })),
    enter: assign(({ context, event }, params: { to: AlarmState }) => ({
      state: params.to,
      since: event.time,
      isAcknowledged: alarmStates[params.to].isAcknowledged ?? context.isAcknowledged,
      reAlarmDue:
        params.to === 'Acknowledged' && context.settings.reAlarmTime > 0
          ? event.time + context.settings.reAlarmTime
          : null,
    })),
  },
}).createMachine({
  id: 'alarm',
  context: ({ input }) => ({
    alarm: input.alarm,
    settings: input.settings,
    time: 0,
    state: 'Normal',
    since: 0,
    isActive: false,
    isAcknowledged: true,
    isConfirmed: true,
    occurrence: 0,
    reAlarms: 0,
    value: null,
    limit: null,
    comment: '',
    shelf: null,
    isSuppressedByDesign: false,
    delayDue: null,
    reAlarmDue: null,
  }),
  type: 'parallel',
  states: {
    clock: { on: { '*': { actions: ['rememberTime', 'rememberComment'] } } },
    condition: {
      initial: 'normal',
      states: {
        normal: {
          on: {
            CONDITION: [
              {
                guard: 'isRaisedAtOnce',
                target: 'abnormal',
                actions: ['rememberValue', 'activate', 'sayActivated'],
              },
              { guard: 'isRaised', target: 'onDelay', actions: ['rememberValue', 'startOnDelay'] },
            ],
          },
        },
        onDelay: {
          on: {
            CONDITION: [
              { guard: 'isRaised', actions: 'rememberValue' },
              { target: 'normal', actions: ['rememberValue', 'endDelay'] },
            ],
            TICK: {
              guard: 'isDelayOver',
              target: 'abnormal',
              actions: ['endDelay', 'activate', 'sayActivated'],
            },
          },
        },
        abnormal: {
          on: {
            CONDITION: [
              {
                guard: 'isGoneAtOnce',
                target: 'normal',
                actions: ['rememberValue', 'deactivate', 'sayCleared'],
              },
              { guard: 'isGone', target: 'offDelay', actions: ['rememberValue', 'startOffDelay'] },
              { actions: 'rememberValue' },
            ],
          },
        },
        offDelay: {
          on: {
            CONDITION: [
              { guard: 'isGone', actions: 'rememberValue' },
              { target: 'abnormal', actions: ['rememberValue', 'endDelay'] },
            ],
            TICK: {
              guard: 'isDelayOver',
              target: 'normal',
              actions: ['endDelay', 'deactivate', 'sayCleared'],
            },
          },
        },
      },
    },
    alarm: {
      initial: 'Annunciated',
      on: { CONFIRM: { guard: 'isUnconfirmed', actions: ['confirm', noted('confirmed')] } },
      states: {
        Annunciated: {
          initial: 'Normal',
          on: {
            SHELVE: goes('#Shelved', actionCauses.SHELVE, 'putOnShelf'),
            SHELVE_ONCE: goes('#Shelved', actionCauses.SHELVE_ONCE, 'putOnShelf'),
            SUPPRESS: goes('#SuppressedByDesign', actionCauses.SUPPRESS, 'suppressByDesign'),
            REMOVE_FROM_SERVICE: goes('#OutOfService', actionCauses.REMOVE_FROM_SERVICE),
          },
          states: {
            Normal: {
              id: 'Normal',
              on: { ACTIVATED: goes('#Unacknowledged', 'activated', 'openOccurrence') },
            },
            Unacknowledged: {
              id: 'Unacknowledged',
              on: {
                ACKNOWLEDGE: goes('#Acknowledged', 'acknowledged', 'askForConfirmation'),
                CLEARED: [
                  {
                    guard: 'isLatchingAndAutoAcknowledged' as const,
                    ...goes('#LatchedAcknowledged', 'cleared'),
                  },
                  { guard: 'isLatching' as const, ...goes('#LatchedUnacknowledged', 'cleared') },
                  { guard: 'isAutoAcknowledged' as const, ...goes('#Normal', 'cleared') },
                  goes('#ReturnedUnacknowledged', 'cleared'),
                ],
              },
            },
            Acknowledged: {
              id: 'Acknowledged',
              on: {
                CLEARED: [
                  { guard: 'isLatching' as const, ...goes('#LatchedAcknowledged', 'cleared') },
                  goes('#Normal', 'cleared'),
                ],
                UNACKNOWLEDGE: goes('#Unacknowledged', 'unacknowledged'),
                TICK: {
                  guard: 'isReAlarmDue' as const,
                  ...goes('#Unacknowledged', 're-alarm', 'countReAlarm'),
                },
              },
            },
            ReturnedUnacknowledged: {
              id: 'ReturnedUnacknowledged',
              on: {
                ACKNOWLEDGE: goes('#Normal', 'acknowledged', 'askForConfirmation'),
                ACTIVATED: goes('#Unacknowledged', 'activated', 'openOccurrence'),
              },
            },
            LatchedUnacknowledged: {
              id: 'LatchedUnacknowledged',
              on: {
                ACKNOWLEDGE: goes('#LatchedAcknowledged', 'acknowledged', 'askForConfirmation'),
                ACTIVATED: goes('#Unacknowledged', 'activated'),
              },
            },
            LatchedAcknowledged: {
              id: 'LatchedAcknowledged',
              on: {
                RESET: goes('#Normal', 'reset'),
                ACTIVATED: [
                  // Nobody has seen it: without a person's acknowledgement it must not come back as acknowledged.
                  { guard: 'isAutoAcknowledged' as const, ...goes('#Unacknowledged', 'activated') },
                  goes('#Acknowledged', 'activated'),
                ],
              },
            },
          },
        },
        Suppressed: {
          initial: 'Shelved',
          on: {
            ACTIVATED: { actions: ['openOccurrence', noted('activated')] },
            CLEARED: [
              {
                guard: 'isShelvedOnce',
                actions: [noted('cleared'), 'takeFromShelf', noted('shelving-ended')],
              },
              { actions: noted('cleared') },
            ],
            SHELVE: { actions: ['putOnShelf', noted(actionCauses.SHELVE)] },
            SHELVE_ONCE: { actions: ['putOnShelf', noted(actionCauses.SHELVE_ONCE)] },
            UNSHELVE: { guard: 'isShelved', actions: ['takeFromShelf', noted(actionCauses.UNSHELVE)] },
            TICK: { guard: 'isShelfOver', actions: ['takeFromShelf', noted('shelving-ended')] },
          },
          states: {
            Shelved: {
              id: 'Shelved',
              on: {
                CLEARED: {
                  guard: 'isShelvedOnce' as const,
                  ...goes('#Normal', 'shelving-ended', noted('cleared'), 'takeFromShelf'),
                },
                UNSHELVE: comesBack(actionCauses.UNSHELVE, 'takeFromShelf'),
                TICK: [
                  {
                    guard: 'isShelfOverAndActive' as const,
                    ...goes('#Unacknowledged', 'shelving-ended', 'takeFromShelf'),
                  },
                  { guard: 'isShelfOver' as const, ...goes('#Normal', 'shelving-ended', 'takeFromShelf') },
                ],
                SUPPRESS: goes('#SuppressedByDesign', actionCauses.SUPPRESS, 'suppressByDesign'),
                REMOVE_FROM_SERVICE: goes('#OutOfService', actionCauses.REMOVE_FROM_SERVICE),
              },
            },
            SuppressedByDesign: {
              id: 'SuppressedByDesign',
              on: {
                UNSUPPRESS: [
                  {
                    guard: 'isShelved' as const,
                    ...goes('#Shelved', actionCauses.UNSUPPRESS, 'unsuppressByDesign'),
                  },
                  ...comesBack(actionCauses.UNSUPPRESS, 'unsuppressByDesign'),
                ],
                REMOVE_FROM_SERVICE: goes('#OutOfService', actionCauses.REMOVE_FROM_SERVICE),
              },
            },
            OutOfService: {
              id: 'OutOfService',
              on: {
                SUPPRESS: {
                  guard: 'isNotSuppressedByDesign',
                  actions: ['suppressByDesign', noted(actionCauses.SUPPRESS)],
                },
                UNSUPPRESS: {
                  guard: 'isSuppressedByDesign',
                  actions: ['unsuppressByDesign', noted(actionCauses.UNSUPPRESS)],
                },
                RETURN_TO_SERVICE: [
                  {
                    guard: 'isSuppressedByDesign' as const,
                    ...goes('#SuppressedByDesign', actionCauses.RETURN_TO_SERVICE),
                  },
                  { guard: 'isShelved' as const, ...goes('#Shelved', actionCauses.RETURN_TO_SERVICE) },
                  ...comesBack(actionCauses.RETURN_TO_SERVICE),
                ],
              },
            },
          },
        },
      },
    },
  },
})

/** An alarm's chart that is in time: whatever became due before an event has happened, at its own time, before it. */
export const alarmInTime = (machine: typeof chart): typeof chart =>
  inTime(
    machine,
    { check: checkAlarmEvent, nextDue: nextAlarmDue },
    time => ({ type: 'TICK', time }) as const,
  )

/** The alarm twin's statechart. */
export const alarmMachine = alarmInTime(chart)

type Change =
  | 'openOccurrence'
  | 'countReAlarm'
  | 'askForConfirmation'
  | 'putOnShelf'
  | 'takeFromShelf'
  | 'suppressByDesign'
  | 'unsuppressByDesign'

/** To another state, with what changes on the way, and a record of it. */
function goes<To extends AlarmState>(
  target: `#${To}`,
  cause: AlarmCause,
  ...changes: (Change | ReturnType<typeof noted>)[]
) {
  const to = target.slice(1) as To
  return {
    target,
    actions: [
      ...changes,
      { type: 'announce' as const, params: { to, cause } },
      { type: 'enter' as const, params: { to } },
    ],
  }
}

/** Out of suppression: by the condition to Unacknowledged or Normal, never silently to Acknowledged. */
function comesBack(cause: AlarmCause, ...changes: Change[]) {
  return [
    { guard: 'isActive' as const, ...goes('#Unacknowledged', cause, ...changes) },
    goes('#Normal', cause, ...changes),
  ]
}

function noted(cause: AlarmCause) {
  return { type: 'note' as const, params: { cause } }
}

function recordOf(
  context: AlarmContext,
  event: AnyAlarmEvent,
  to: AlarmState,
  cause: AlarmCause,
): AlarmRecord {
  return {
    time: event.time,
    alarm: context.alarm,
    occurrence: occurrenceId(context.alarm, context.occurrence),
    from: context.state,
    to,
    cause,
    who: 'who' in event ? event.who : '',
    comment: 'comment' in event ? event.comment : '',
    value: context.value,
    limit: context.limit,
    priority: context.settings.priority,
  }
}
