import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import type { Floor } from '../floor/floor.js'

/** One stretch of time of a signal's history. */
export interface HistoryPoint {
  /** Start of the stretch, Unix ms UTC. */
  readonly time: number
  /** The last value of the stretch; NaN where the source had none. */
  readonly value: number
  readonly min: number
  readonly max: number
  readonly mean: number
  readonly count: number
  /** Share of bad quality, 0 to 1. */
  readonly badShare: number
  /** The text, of text signals. */
  readonly text?: string
}

/** What REST needs of the store. */
export interface HistoryReader {
  /**
   * The history of a signal from `from` (inclusive) to `to` (exclusive), Unix ms UTC, in at most `points` stretches,
   * oldest first; a stretch without samples is left out.
   */
  history(signal: number, from: number, to: number, points: number): Promise<readonly HistoryPoint[]>
}

/** What the routes are made from. */
export interface ApiContext {
  readonly floor: Floor
  readonly store: HistoryReader
  readonly metrics: Registry
  readonly logger: Logger
  /** What the engine still waits for before it is ready, in words; empty = ready. */
  missing(): readonly string[]
}
