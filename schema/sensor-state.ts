/** The regions of a sensor twin that travel together; numbers are wire format: append, never reorder. */
export const connections = ['live', 'stale', 'lost'] as const
export type Connection = (typeof connections)[number]

export const levels = ['normal', 'warning-high', 'critical-high', 'warning-low', 'critical-low'] as const
export type Level = (typeof levels)[number]

/** Connection in bits 0–1, level in bits 2–4 of one byte. */
export const packSensorStatus = (connection: number, level: number): number => connection | (level << 2)
export const connectionOf = (status: number): Connection => connections[status & 3] ?? 'lost'
export const levelOf = (status: number): Level => levels[status >> 2] ?? 'normal'

/** Limits of a signal in its own unit. A missing limit is never crossed. */
export interface Limits {
  readonly warningHigh?: number
  readonly criticalHigh?: number
  readonly warningLow?: number
  readonly criticalLow?: number
  /** How far a value must come back before a level is left (ISA-TR18.2.3, OPC UA Part 9 B.1.5); default 0. */
  readonly deadband?: number
  /**
   * How long the value must stay beyond a limit before its level is entered, and back before it is left, ms
   * (OPC UA Part 9, 5.8.2: OnDelay, OffDelay); default 0.
   */
  readonly onDelay?: number
  readonly offDelay?: number
  /** Delays of single limits, where they differ from the two above. */
  readonly delays?: Readonly<Partial<Record<LimitName, LimitDelays>>>
}

export const limitNames = ['warningHigh', 'criticalHigh', 'warningLow', 'criticalLow'] as const
export type LimitName = (typeof limitNames)[number]

/** Delays of one limit, ms. */
interface LimitDelays {
  readonly onDelay?: number
  readonly offDelay?: number
}

/** Whether the instrument itself can be trusted; numbers are wire format: append, never reorder. */
export const sensorHealths = ['ok', 'drifting', 'stuck', 'noisy', 'out-of-range', 'calibration-due'] as const
export type SensorHealth = (typeof sensorHealths)[number]
