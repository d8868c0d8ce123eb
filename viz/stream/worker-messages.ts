import type { Manifest } from '../../schema/manifest.js'
import type { StreamCounts } from '../../schema/stream/client.js'
import type { Freshness } from '../../schema/stream/freshness.js'
import type { Refusal } from '../../schema/stream/protocol.js'
import type { Update } from './update.js'

/** From the page to the stream's worker. */
export type PageMessage =
  /** `base`: address of the engine. `pace`: how many times faster than real its clock runs, with this one's. */
  | { readonly kind: 'start'; readonly base: string; readonly pace: number }
  /** The last update is taken; its buffer comes back for the next. */
  | { readonly kind: 'ready'; readonly spare: ArrayBuffer }
  | { readonly kind: 'retry' }
  | { readonly kind: 'visible'; readonly isVisible: boolean }

/** From the stream's worker to the page. */
export type WorkerMessage =
  | { readonly kind: 'plant'; readonly manifest: Manifest }
  | {
      readonly kind: 'update'
      readonly update: Update
      /** Dictionary texts that the page has not had. */
      readonly texts: readonly (readonly [code: number, text: string])[]
    }
  | { readonly kind: 'status'; readonly status: StreamStatus }

export interface StreamStatus {
  readonly freshness: Freshness
  /** Age of the newest frame when this was written, ms; infinite before the first. */
  readonly age: number
  /** When this was written, ms of `performance.timeOrigin + performance.now()`. */
  readonly at: number
  /** The server's wall time and the floor's time then, Unix ms; 0 before the first frame. */
  readonly serverTime: number
  readonly floorTime: number
  readonly epoch: number
  /** Newest sequence number of each topic, in the order of the hello. */
  readonly seqs: readonly number[]
  readonly counts: Readonly<StreamCounts>
  /** Deltas that reached further than one tick in the last seconds: the link is slow. */
  readonly isThinned: boolean
  /** Time to the next try to connect, ms; undefined while connected or trying. */
  readonly retryIn: number | undefined
  readonly refusal: Refusal | undefined
  /** Why the manifest could not be read, if so. */
  readonly manifestProblem: string | undefined
}
