import type { MachineType, Quantity } from '../plant.js'
import type { Limits } from '../sensor-state.js'

/** A type of machine with everything that machines of it have in common; a plant file's `types` have the same shape. */
export interface MachineTypeTemplate extends MachineType {
  /** Time per part unless the machine says otherwise, seconds. */
  readonly idealCycleTime: number
  /** Candidate sensors by name; a machine has all of them unless it lists those it has. */
  readonly signals: Readonly<Record<string, SignalTemplate>>
  /** What the machine says of itself, by name. */
  readonly status: Readonly<Record<string, SignalTemplate>>
}

/** A signal before it belongs to a machine. */
export interface SignalTemplate {
  readonly quantity: Quantity
  readonly unit: string
  readonly type: 'number' | 'text'
  /** Expected distance between samples, milliseconds; 0 = reported on change. */
  readonly period: number
  readonly range: readonly [number, number]
  /** 0 = not quantised. */
  readonly resolution: number
  readonly limits: Limits
  /** Fastest change that can be true, in its unit per second. */
  readonly maxRate?: number
  /** Typical centre and spread in normal production. */
  readonly normal?: readonly [number, number]
  /** Name of the map from the source's words. */
  readonly stateMap?: string
  /** The source's name for it; `{machine}` and `{signal}` stand for the ids. Missing: as its source names things. */
  readonly tag?: string
  /** Id of the source, where it is not the machine's. */
  readonly source?: string
}

/** A sensor of a shipped type: a number once a second. */
export type SensorTemplate = Pick<SignalTemplate, 'quantity' | 'unit' | 'range' | 'resolution' | 'limits'> & {
  readonly normal: readonly [number, number]
}

/** What is written down of a shipped type; `shippedMachineTypes` completes it. */
export interface ShippedMachineType extends MachineType {
  readonly idealCycleTime: number
  readonly signals: Readonly<Record<string, SensorTemplate>>
}
