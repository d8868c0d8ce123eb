import { alarmSeverity, alarmStates } from '../../schema/alarm.js'
import { type AlarmContext, occurrenceId } from './alarm.events.js'

/** An alarm as OPC UA shows it: the fields of AlarmConditionType (OPC 10000-9, 5.8.2) by their own names. */
export interface Part9Fields {
  readonly EnabledState: boolean
  readonly ActiveState: boolean
  readonly AckedState: boolean
  readonly ConfirmedState: boolean
  readonly LatchedState: boolean
  readonly SuppressedState: boolean
  readonly OutOfServiceState: boolean
  readonly ShelvingState: 'Unshelved' | 'TimedShelved' | 'OneShotShelved'
  /** Until the alarm comes back from its shelf, ms; 0 where it is on none. */
  readonly UnshelveTime: number
  readonly MaxTimeShelved: number
  readonly SuppressedOrShelved: boolean
  /** Whether a client that has just connected must be told of it (ConditionRefresh, 5.5.7). */
  readonly Retain: boolean
  /** 1 to 1000. */
  readonly Severity: number
  /** Whether it should be heard. */
  readonly AudibleEnabled: boolean
  /** Milliseconds. */
  readonly OnDelay: number
  readonly OffDelay: number
  readonly ReAlarmTime: number
  readonly ReAlarmRepeatCount: number
  readonly Comment: string
  /** Unix ms at which the alarm came into its present state. */
  readonly Time: number
  readonly ConditionName: string
  /** The occurrence; our twins keep one branch. */
  readonly BranchId: string
}

/**
 * The OPC UA view of an alarm. Beyond A to F several suppressions may hold at once: the state names the strongest,
 * these fields name all. While it is suppressed, ActiveState goes on following the condition.
 */
export function part9Fields({ context }: { readonly context: AlarmContext }): Part9Fields {
  const { settings, shelf, state } = context
  return {
    EnabledState: true,
    ActiveState: context.isActive,
    AckedState: context.isAcknowledged,
    ConfirmedState: context.isConfirmed,
    LatchedState: alarmStates[state].isLatched,
    SuppressedState: context.isSuppressedByDesign,
    OutOfServiceState: state === 'OutOfService',
    ShelvingState: shelf === null ? 'Unshelved' : shelf.isOneShot ? 'OneShotShelved' : 'TimedShelved',
    UnshelveTime: shelf === null ? 0 : shelf.until - context.time,
    MaxTimeShelved: settings.maximumShelvingTime,
    SuppressedOrShelved: alarmStates[state].isSuppressed,
    // Suppressed alarms stay in view: nobody may lose sight of one across a reconnection.
    Retain: state !== 'Normal' || !context.isConfirmed,
    Severity: alarmSeverity[settings.priority],
    AudibleEnabled: alarmStates[state].isAudible,
    OnDelay: settings.onDelay,
    OffDelay: settings.offDelay,
    ReAlarmTime: settings.reAlarmTime,
    ReAlarmRepeatCount: context.reAlarms,
    Comment: context.comment,
    Time: context.since,
    ConditionName: context.alarm,
    BranchId: occurrenceId(context.alarm, context.occurrence),
  }
}
