/** The three regions of a sensor twin that travel together; numbers are wire format: append, never reorder. */
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
}
