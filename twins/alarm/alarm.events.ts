import type { AlarmCause, AlarmRecord, AlarmSettings, AlarmState } from '../../schema/alarm.js'
import { shown, type TwinProblem } from '../twin-problem.js'

/** What a person, or a named piece of logic, does to an alarm. `who` is never empty. */
export interface AlarmAction {
  /** Unix ms. */
  readonly time: number
  readonly who: string
  readonly comment: string
}

export type AlarmEvent =
  /** The condition as the process shows it, before any delay. `value` and `limit` are null where it has none. */
  | {
      readonly type: 'CONDITION'
      readonly time: number
      readonly isActive: boolean
      readonly value: number | null
      readonly limit: number | null
    }
  | ({ readonly type: 'ACKNOWLEDGE' } & AlarmAction)
  | ({ readonly type: 'UNACKNOWLEDGE' } & AlarmAction)
  | ({ readonly type: 'CONFIRM' } & AlarmAction)
  | ({ readonly type: 'RESET' } & AlarmAction)
  /** For `duration` ms, at most the settings' maximum. */
  | ({ readonly type: 'SHELVE'; readonly duration: number } & AlarmAction)
  /** Until the alarm clears next, at most for the settings' maximum. */
  | ({ readonly type: 'SHELVE_ONCE' } & AlarmAction)
  | ({ readonly type: 'UNSHELVE' } & AlarmAction)
  | ({ readonly type: 'SUPPRESS' } & AlarmAction)
  | ({ readonly type: 'UNSUPPRESS' } & AlarmAction)
  | ({ readonly type: 'REMOVE_FROM_SERVICE' } & AlarmAction)
  | ({ readonly type: 'RETURN_TO_SERVICE' } & AlarmAction)
  /** Time passes. */
  | { readonly type: 'TICK'; readonly time: number }

/** What the chart says to itself: the condition has outlasted its delay. Refused from outside. */
export type DelayedCondition =
  | { readonly type: 'ACTIVATED'; readonly time: number }
  | { readonly type: 'CLEARED'; readonly time: number }

/** `alarm.changed` moved the alarm from one state to another; `alarm.noted` did not. */
export type AlarmEmitted = { readonly type: 'alarm.changed' | 'alarm.noted' } & AlarmRecord

export interface AlarmInput {
  /** Unique in the plant, e.g. `press-01.oil-temperature.high`. */
  readonly alarm: string
  readonly settings: AlarmSettings
}

/** How long an alarm is put away. */
interface Shelf {
  readonly until: number
  readonly isOneShot: boolean
}

export interface AlarmContext extends AlarmInput {
  /** Time of the newest event, Unix ms. */
  readonly time: number
  /** The chart's own alarm state: an action is not told where the chart is, and a record must say `from`. */
  readonly state: AlarmState
  /** In this state since, Unix ms. */
  readonly since: number
  /** The condition after its delays. */
  readonly isActive: boolean
  readonly isAcknowledged: boolean
  readonly isConfirmed: boolean
  /** Counts occurrences; 0 = the alarm never occurred. */
  readonly occurrence: number
  /** How often the present occurrence was announced again. */
  readonly reAlarms: number
  readonly value: number | null
  readonly limit: number | null
  /** The newest comment. */
  readonly comment: string
  readonly shelf: Shelf | null
  readonly isSuppressedByDesign: boolean
  /** When the running on-delay or off-delay ends, and when the alarm is announced again, Unix ms. */
  readonly delayDue: number | null
  readonly reAlarmDue: number | null
}

/** The id of an alarm's n-th occurrence. */
export const occurrenceId = (alarm: string, occurrence: number): string => `${alarm}#${occurrence}`

/** The next time at which something happens by itself; infinite where nothing will. */
export function nextAlarmDue({ delayDue, reAlarmDue, shelf }: AlarmContext): number {
  return Math.min(delayDue ?? Infinity, reAlarmDue ?? Infinity, shelf?.until ?? Infinity)
}

/** The actions as their records name them. */
export const actionCauses = {
  ACKNOWLEDGE: 'acknowledged',
  UNACKNOWLEDGE: 'unacknowledged',
  CONFIRM: 'confirmed',
  RESET: 'reset',
  SHELVE: 'shelved',
  SHELVE_ONCE: 'shelved',
  UNSHELVE: 'unshelved',
  SUPPRESS: 'suppressed',
  UNSUPPRESS: 'unsuppressed',
  REMOVE_FROM_SERVICE: 'removed-from-service',
  RETURN_TO_SERVICE: 'returned-to-service',
} as const satisfies Record<string, AlarmCause>

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

/**
 * Why an alarm does not take an event, before it is delivered. An event that is in order but has no meaning in the
 * present state (a reset of an alarm that is not latched) is no problem: it changes nothing.
 */
export function checkAlarmEvent(
  event: unknown,
  context: Pick<AlarmContext, 'time' | 'settings'>,
): TwinProblem | undefined {
  if (!isRecord(event)) return { code: 'unknown-event', detail: 'An event is an object with a type.' }
  const { type, time } = event
  const isAction = typeof type === 'string' && Object.hasOwn(actionCauses, type)
  if (!isAction && type !== 'CONDITION' && type !== 'TICK') {
    return { code: 'unknown-event', detail: `An alarm knows no event "${shown(type)}".` }
  }
  if (typeof time !== 'number') return { code: 'bad-payload', detail: `${type} needs a time in ms.` }
  if (!Number.isFinite(time)) return { code: 'not-a-number', detail: `The time of ${type} is ${time}.` }
  if (time < context.time) {
    return { code: 'time-backwards', detail: `${type} at ${time} comes after an event at ${context.time}.` }
  }
  if (type === 'CONDITION') return checkCondition(event)
  return isAction ? checkAction(type, event, context.settings) : undefined
}

function checkCondition(event: Readonly<Record<string, unknown>>): TwinProblem | undefined {
  if (typeof event.isActive !== 'boolean') {
    return { code: 'bad-payload', detail: 'CONDITION needs isActive, true or false.' }
  }
  for (const name of ['value', 'limit']) {
    const number = event[name]
    if (number === null) continue
    if (typeof number !== 'number') {
      return {
        code: 'bad-payload',
        detail: `CONDITION needs a ${name}: a number, or null where it has none.`,
      }
    }
    if (!Number.isFinite(number)) {
      return { code: 'not-a-number', detail: `The ${name} of CONDITION is ${number}.` }
    }
  }
  return undefined
}

function checkAction(
  type: string,
  { who, comment, duration }: Readonly<Record<string, unknown>>,
  settings: AlarmSettings,
): TwinProblem | undefined {
  if (typeof who !== 'string' || who.trim() === '') {
    return { code: 'bad-payload', detail: `${type} needs the name of who does it.` }
  }
  if (typeof comment !== 'string') {
    return { code: 'bad-payload', detail: `${type} needs a comment; it may be empty.` }
  }
  if (type !== 'SHELVE') return undefined
  if (typeof duration !== 'number') return { code: 'bad-payload', detail: 'SHELVE needs a duration in ms.' }
  if (Number.isNaN(duration)) return { code: 'not-a-number', detail: 'The duration of SHELVE is NaN.' }
  const longest = settings.maximumShelvingTime
  if (duration <= 0 || duration > longest) {
    return {
      code: 'bad-payload',
      detail: `The duration of SHELVE is ${duration} ms; choose one above 0 and up to ${longest} ms.`,
    }
  }
  return undefined
}
