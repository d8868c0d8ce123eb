import type { SampleBatch } from './sample-batch.js'
import type { Rows } from './tables/row-tables.js'

/**
 * From `time` on a machine was seen in this state, or in this mode. Intervals are derived from these. State and mode
 * are often told by two signals: an empty `state` (with its reason and word) or an empty `mode` means "as it was".
 */
export interface StateChange {
  readonly machine: string
  /** Event time, Unix ms UTC: the source's own where it has one. May lie before changes already recorded. */
  readonly time: number
  /** PackML state and unit mode by name. */
  readonly state: string
  readonly mode: string
  /** blocked, starved or none. */
  readonly reason: string
  /** The source's own word; empty where we inferred the change. */
  readonly sourceState: string
  /** False where nobody saw it: a skipped acting state, a lost source. */
  readonly observed: boolean
}

/** What a twin did or what happened to it, in the order of arrival. */
export interface TwinEvent {
  readonly address: string
  readonly time: number
  /** e.g. `level.changed`, `connection.changed`, `state.changed`, `twin.crashed`, `twin.quarantined`. */
  readonly type: string
  readonly payload: Readonly<Record<string, unknown>>
}

/** Something that came in and could not be taken, kept whole with its reason: nothing is silently dropped. */
export interface Reject {
  readonly source: string
  /** Floor time of receipt, Unix ms UTC. */
  readonly time: number
  /** A short closed code, e.g. `shdr.malformed-line`, `signal.unknown-tag`. */
  readonly rule: string
  /** What is wrong, for a person. */
  readonly reason: string
  /** The input as it came, cut at 4,096 characters. */
  readonly raw: string
  /** Where it was a sample: id of its signal, its value, and the time that the source gave it, Unix ms. */
  readonly signal?: string
  readonly value?: number
  readonly sourceTime?: number
}

export interface TwinSnapshot {
  readonly address: string
  readonly time: number
  readonly definition: string
  readonly version: number
  /** The persisted XState snapshot as JSON. */
  readonly snapshot: string
}

/** What becomes durable in one piece: samples and everything the twins made of them. */
export interface Entry {
  readonly source: string
  readonly samples?: SampleBatch
  readonly stateChanges?: readonly StateChange[]
  readonly twinEvents?: readonly TwinEvent[]
  readonly rejects?: readonly Reject[]
  readonly snapshots?: readonly TwinSnapshot[]
  readonly rows?: Rows
  /** Texts whose dictionary codes occur here for the first time. */
  readonly texts?: readonly (readonly [code: number, text: string])[]
}
