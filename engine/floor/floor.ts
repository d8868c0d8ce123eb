import type { Clock } from '../../schema/clock.js'
import type { Machine, Plant, Signal } from '../../schema/plant.js'
import type { ShownLink } from '../../schema/stream/protocol.js'
import type { FaultView } from '../../twins/fault/fault.events.js'
import type { HealthReport } from '../../twins/sensor/health.js'
import type { TwinInspection } from '../twin-system/twin.js'
import type { LatestMachines, LatestSignals } from './latest-table.js'

/** A machine with its place in the hierarchy and in the stream. */
export interface RegisteredMachine {
  readonly index: number
  readonly machine: Machine
  readonly site: string
  readonly area: string
  readonly line: string
  readonly signals: readonly RegisteredSignal[]
}

export interface RegisteredSignal {
  readonly index: number
  readonly signal: Signal
  readonly machine: number
}

/**
 * Which index names which machine and signal. Indexes are given once and for ever and kept in the data directory, so
 * that history stays readable after the plant was edited; a signal that left the plant leaves a hole.
 */
export interface Registry {
  readonly machines: readonly RegisteredMachine[]
  readonly signals: readonly RegisteredSignal[]
  /** One more than the largest index. */
  readonly machineCapacity: number
  readonly signalCapacity: number
  machineByIndex(index: number): RegisteredMachine | undefined
  signalByIndex(index: number): RegisteredSignal | undefined
  machineById(id: string): RegisteredMachine | undefined
  signalById(id: string): RegisteredSignal | undefined
}

/** How the links to the sources stand; `version` grows with every change. */
export interface FloorLinks {
  readonly version: number
  list(): readonly ShownLink[]
}

/** One floor as its readers (gateway, REST) see it. */
export interface Floor {
  readonly plant: Plant
  readonly registry: Registry
  /** The floor's clock, and the wall's for ages and heartbeats. */
  readonly clock: Clock
  readonly wall: Clock
  readonly signals: LatestSignals
  readonly machines: LatestMachines
  /** A floor that only shows values has none. */
  readonly links?: FloorLinks
  /** Text of a dictionary code. */
  text(code: number): string | undefined
  /** Since the start: samples taken in, and rejects by the rule that was broken; a floor that only shows has none. */
  readonly counts?: { readonly samples: number }
  readonly rejected?: ReadonlyMap<string, number>
  /** A twin for a person to look at; a floor that only shows values has none. */
  inspect?(address: string): TwinInspection | undefined
  /** Addresses of the twins of a definition, by its id. */
  twinsOf?(definition: string): string[]
  /** What is known of the faults of a machine, by its index; none where nothing watches for them. */
  faults?(machine: number): readonly FaultView[]
  /** How an instrument is, by its signal's index; undefined for what is none. */
  health?(signal: number): HealthReport | undefined
}
