/**
 * The shared language of alarms: states, priorities, settings and records after ANSI/ISA-18.2-2016 and IEC 62682.
 * The statechart that moves between the states is a twin; nothing here does anything.
 */
export const alarmStateNames = [
  'Normal',
  'Unacknowledged',
  'Acknowledged',
  'ReturnedUnacknowledged',
  'LatchedUnacknowledged',
  'LatchedAcknowledged',
  'Shelved',
  'SuppressedByDesign',
  'OutOfService',
] as const
export type AlarmState = (typeof alarmStateNames)[number]

/** What a state of the alarm state diagram (ISA-18.2, figure "Alarm state transition diagram") means. */
export interface AlarmStateMeaning {
  /** The letter in the diagram. */
  readonly letter: string
  /** The process condition; `any` where the alarm is suppressed. */
  readonly condition: 'normal' | 'abnormal' | 'any'
  readonly isAudible: boolean
  /** How a lamp or a row of a list shows it. */
  readonly visual: 'none' | 'blinking' | 'steady' | 'slow-blinking'
  /** Undefined where the state says nothing of it. */
  readonly isAcknowledged: boolean | undefined
  readonly isLatched: boolean
  readonly isSuppressed: boolean
}

const meaning = (letter: string, rest: Partial<AlarmStateMeaning>): AlarmStateMeaning => ({
  letter,
  condition: 'normal',
  isAudible: false,
  visual: 'none',
  isAcknowledged: undefined,
  isLatched: false,
  isSuppressed: false,
  ...rest,
})

export const alarmStates: Readonly<Record<AlarmState, AlarmStateMeaning>> = {
  Normal: meaning('A', { isAcknowledged: true }),
  Unacknowledged: meaning('B', {
    condition: 'abnormal',
    isAudible: true,
    visual: 'blinking',
    isAcknowledged: false,
  }),
  Acknowledged: meaning('C', { condition: 'abnormal', visual: 'steady', isAcknowledged: true }),
  ReturnedUnacknowledged: meaning('D', { visual: 'slow-blinking', isAcknowledged: false }),
  LatchedUnacknowledged: meaning('E', {
    isAudible: true,
    visual: 'blinking',
    isAcknowledged: false,
    isLatched: true,
  }),
  LatchedAcknowledged: meaning('F', { visual: 'steady', isAcknowledged: true, isLatched: true }),
  Shelved: meaning('G', { condition: 'any', isSuppressed: true }),
  SuppressedByDesign: meaning('H', { condition: 'any', isSuppressed: true }),
  OutOfService: meaning('I', { condition: 'any', isSuppressed: true }),
}

/** From least to most urgent (ISA-18.2, 10.2: three or four). */
export type AlarmPriority = 'low' | 'medium' | 'high' | 'highest'

/** OPC UA severity of a priority, 1 to 1000 (OPC 10000-9, 5.5.2): low to 333, medium to 666, high from 667. */
export const alarmSeverity: Readonly<Record<AlarmPriority, number>> = {
  low: 200,
  medium: 500,
  high: 800,
  highest: 900,
}

/** How one alarm behaves; all times in milliseconds. The deadband belongs to the sensor, not to the alarm. */
export interface AlarmSettings {
  readonly priority: AlarmPriority
  /** The condition must hold this long before the alarm is raised; 0 = at once. */
  readonly onDelay: number
  /** The condition must be gone this long before the alarm returns to normal; 0 = at once. */
  readonly offDelay: number
  /** An alarm that stays active is announced again this long after its acknowledgement; 0 = never. */
  readonly reAlarmTime: number
  /** The longest time an alarm may be shelved, by a one-shot too. */
  readonly maximumShelvingTime: number
  /** Stays after the condition has gone, until an operator resets it. */
  readonly isLatching: boolean
  /** Goes away by itself when the condition has gone. */
  readonly isAutoAcknowledged: boolean
  /** An acknowledgement must be confirmed: somebody says that what was to be done is done (OPC 10000-9, 5.7.2). */
  readonly needsConfirmation: boolean
}

export const defaultAlarmSettings: AlarmSettings = {
  priority: 'medium',
  onDelay: 0,
  offDelay: 0,
  reAlarmTime: 0,
  maximumShelvingTime: 8 * 3_600_000,
  isLatching: false,
  isAutoAcknowledged: false,
  needsConfirmation: false,
}

/** Why a record was written. */
export type AlarmCause =
  | 'activated'
  | 'cleared'
  | 'acknowledged'
  | 'unacknowledged'
  | 're-alarm'
  | 'confirmed'
  | 'reset'
  | 'shelved'
  | 'unshelved'
  | 'shelving-ended'
  | 'suppressed'
  | 'unsuppressed'
  | 'removed-from-service'
  | 'returned-to-service'

/**
 * One entry of an alarm's record (ISA-18.2, 16.5). `from` equals `to` where something happened that did not move the
 * alarm: a condition that came or went while it was suppressed, a confirmation, a second reason to suppress it.
 */
export interface AlarmRecord {
  /** When it happened, Unix ms: a delay that ran out between two messages has the time at which it ran out. */
  readonly time: number
  readonly alarm: string
  /** Id of the occurrence: the alarm's id and a count. */
  readonly occurrence: string
  readonly from: AlarmState
  readonly to: AlarmState
  readonly cause: AlarmCause
  /** Who did it; empty where nobody did. */
  readonly who: string
  readonly comment: string
  /** The value and the limit it was held against, in the signal's unit; null where the condition has none. */
  readonly value: number | null
  readonly limit: number | null
  readonly priority: AlarmPriority
}
