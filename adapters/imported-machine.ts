import type { Quantity } from '../schema/plant.js'

/** A signal as a source describes it: what an import has to go on. */
export interface ImportedSignal {
  /** As the source calls it, below its machine. */
  readonly name: string
  readonly tag: string
  readonly type: 'number' | 'text'
  /** In the source's own spelling; empty where it does not say. */
  readonly unit: string
  readonly range?: readonly [number, number]
  /** Of a number that can only be whole, whatever its range. */
  readonly isWhole?: true
  /** Where the source says what it is. */
  readonly quantity?: Quantity
  /** For states and modes: the shipped map from the source's words. */
  readonly stateMap?: string
  /** Of a text or a whole number: what it says now, where the source tells. */
  readonly word?: string
}

/** A machine as a source describes it. */
export interface ImportedMachine {
  /** As the source calls it. */
  readonly name: string
  /** What it stands in: a channel, a folder, a line. */
  readonly group: string
  readonly signals: readonly ImportedSignal[]
  /** What the source has and no signal can be of, with the reason: `Curve (Float Array)`. */
  readonly leftOut?: readonly string[]
}
