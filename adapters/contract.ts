import type { Observable, SchedulerLike } from 'rxjs'
import type { z } from 'zod'
import type { Clock } from '../schema/clock.js'
import type { DamageReport } from '../schema/damage-report.js'
import type { LineRun } from '../schema/line-run.js'
import type { Plant, Signal } from '../schema/plant.js'
import type { TagProblem } from '../schema/plant-file/sources.js'
import type { Reject } from '../schema/records.js'
import type { SampleBatch } from '../schema/sample-batch.js'
import type { ReadSecret } from '../schema/secret.js'
import type { SimulationCommand } from '../schema/simulation-command.js'

/** What an adapter tells the engine. */
export type SourceEvent = FloorEvent | FigureEvent

/** What the floor hears. */
export type FloorEvent =
  /** The link stands; samples follow. */
  | { readonly kind: 'connected' }
  /**
   * The source answers, and every signal it has told of still is as it was told: a signal that it would have reported
   * had it changed does not become stale for want of a sample.
   */
  | { readonly kind: 'alive' }
  /**
   * The link is gone for now, and the adapter itself brings it back, because only within the same session the other
   * side hands over what it kept meanwhile. `connected` follows, or an error.
   */
  | { readonly kind: 'interrupted'; readonly reason: string }
  | {
      readonly kind: 'samples'
      readonly batch: SampleBatch
      /** The source says them after the event, from its own store: they go to the record and are never the present. */
      readonly isHistory?: true
      /** Called, before the batch is accepted, for each sample by its place whose time cannot be: it is a reject alone. */
      readonly turnedAway?: (place: number, reject: Reject) => void
    }
  /**
   * The source knows no more of these signals (by index) until it tells them anew: a device behind it is gone, or what
   * it told was kept from earlier. Their sensors are stale, and machines whose state is among them Undefined.
   */
  | {
      readonly kind: 'stale'
      readonly signals: readonly number[]
      /** Since when, Unix ms UTC, where the source says it; else from now on. */
      readonly since?: number
    }
  | { readonly kind: 'rejects'; readonly rejects: readonly Reject[] }
  /** What only a simulation knows: how far the faults of its machines have come. */
  | { readonly kind: 'damage'; readonly reports: readonly DamageReport[] }
  /** What only a simulation knows: what its lines begin to make and have made. */
  | { readonly kind: 'runs'; readonly runs: readonly LineRun[] }

/** What only the figures of the source hear. */
type FigureEvent =
  /** Values of tags that no signal has, one entry a value. The engine counts them, and rejects each tag once. */
  | { readonly kind: 'unknown-tags'; readonly values: readonly UnknownTag[] }
  /** More inputs that are rejected as one before them was, whose reject is on record: counted, not told again. */
  | { readonly kind: 'repeated'; readonly rule: string; readonly count: number }
  /** What a person should know of how the source speaks, once; where it is said again nobody is told again. */
  | { readonly kind: 'noted'; readonly what: string }
  /**
   * Something does not work though the link stands: what it is and the next step, or undefined once it is over. One at a
   * time of each name in `of`; with the link all of them are over.
   */
  | { readonly kind: 'trouble'; readonly of: string; readonly what: string | undefined }
  /** Polls that were due while the one before still ran, or while nothing more was accepted. */
  | { readonly kind: 'missed'; readonly polls: number }

export interface UnknownTag {
  readonly tag: string
  /** The input as it came. */
  readonly raw: string
}

/** Entries that somebody posted to a source (`POST /api/v1/ingest`), as JSON has them; a line that is none as text. */
export interface Post {
  readonly entries: readonly unknown[]
  readonly bytes: number
  /** Called once: when all of it is accepted, or at once where it cannot be taken now. */
  answer(answer: PostAnswer): void
}

export type PostAnswer =
  | { readonly kind: 'accepted'; readonly samples: number; readonly problems: readonly PostProblem[] }
  /** More samples than may be are on their way: nothing of the post was taken. */
  | { readonly kind: 'busy' }

/** An entry that was not taken, by its place from 0, and why. */
export interface PostProblem {
  readonly entry: number
  readonly rule: string
  readonly reason: string
}

/** A signal together with the index by which batches name it. */
export interface IndexedSignal {
  readonly index: number
  readonly signal: Signal
}

/** What is missing in the record of a signal (by index): after `from` and before `to`, Unix ms UTC. */
export interface MissingPast {
  readonly index: number
  from: number
  readonly to: number
}

/** What is known of a source from before a link to it. */
export interface SourcePast {
  /** Source time of the newest sample of a signal that the floor has, Unix ms UTC; undefined where it has none. */
  newest(index: number): number | undefined
  /** What the floor takes off the times of a signal because its source's clock is ahead of ours, ms. */
  ahead(index: number): number
  /** What links have missed and a history at the source may still tell. An adapter keeps it; it outlives a link. */
  readonly missing: MissingPast[]
}

/** What an adapter remembers of its source over a restart of the engine: a few bytes of JSON. */
export interface SourceMemory {
  /** What was remembered last; undefined = nothing. Who reads it checks it: another version may have written it. */
  recall(): unknown
  /** Only what all samples before were accepted of: a crash may bring back an older one, never a newer. */
  remember(value: unknown): void
}

/** What the engine hands an adapter. */
export interface AdapterContext {
  readonly source: string
  /** The floor's clock: receive times come from it. */
  readonly clock: Clock
  /** Real time for heartbeats and pacing; a fake in tests. Never for a sample. */
  readonly wall: Clock
  /** Timers for heartbeats, deadlines and pacing: RxJS's asyncScheduler unless given; virtual time in tests. */
  readonly scheduler?: SchedulerLike
  readonly plant: Plant
  /** The signals of this source. */
  readonly signals: readonly IndexedSignal[]
  /**
   * Names this installation, the same for as long as its data folder lives: what a source knows us by must be ours
   * alone, though another installation may run the same plant file.
   */
  readonly installation: string
  /** Where this kind of adapter keeps files of its own (certificates), in the data folder; may not exist yet. */
  readonly folder: string
  readonly readSecret: ReadSecret
  /** The dictionary code of a text; the same text has the same code for ever. */
  intern(text: string): number
  /** So many bytes came from the source, of whatever use: for its figures. */
  received(bytes: number): void
  /**
   * Total count of samples of this subscription that the spool has taken so far. Back-pressure: an adapter stops
   * reading while more than `window` of its samples are not yet accepted.
   */
  readonly accepted: Observable<number>
  readonly window: number
  /**
   * Resolves when all that is accepted by now is on the disk, for which it asks at once. For sources that forget what
   * they have a receipt of: accepted samples survive a crash, these a loss of power, too.
   */
  onDisk?(): Promise<void>
  /** How many tries in a row, up to this one, came to nothing because the source was too slow; see AdapterError. */
  readonly slowTries?: number
  /** Absent where the source's own times are not kept: no history would fit into them. */
  readonly past?: SourcePast
  /** Absent for whoever only listens for a moment. */
  readonly memory?: SourceMemory
  /** What is posted to this source. */
  readonly posts?: Observable<Post>
  /** What people want of its machines; a simulation's alone, nothing is ever sent to a real machine. */
  readonly commands?: Observable<SimulationCommand>
}

/**
 * An adapter is a cold Observable: subscribing connects, unsubscribing disconnects, an error means the connection was
 * lost (the engine retries), completion means the end of the input. It never retries, sleeps or logs by itself.
 */
export interface AdapterDefinition<Options = unknown> {
  readonly kind: string
  readonly summary: string
  /** Its machines are not real: it knows their damage, and says so in `damage` events. */
  readonly isSimulation?: true
  /**
   * Nothing in the protocol tells that whoever speaks has died: so long a silence is worth a word where all signals are
   * reported on change and the plant file says no `silence`, ms.
   */
  readonly quietMs?: number
  readonly options: z.ZodType<Options>
  /** Plant-file snippets; each must satisfy `options`. Shown by `gemba adapters`, checked by a test. */
  readonly examples: readonly { readonly title: string; readonly options: Record<string, unknown> }[]
  create(options: Options, context: AdapterContext): Observable<SourceEvent>
  /** What is wrong with the tags of the signals, as far as that is known without the source. */
  checkTags?(options: Options, signals: readonly Signal[]): readonly TagProblem[]
  /** Where a counter with this tag rolls over, such as 65536, as far as the tag tells. */
  counterWidth?(options: Options, signal: Signal): number | undefined
  /**
   * The options by which somebody may listen for a moment beside a running engine without disturbing it: no session of
   * the same name, no share of its messages. Absent where there are none.
   */
  probe?(options: Options): Options
}

export type AdapterErrorCode = 'not-connected' | 'protocol' | 'back-off'

/** The one error of this folder. `not-connected` and `protocol` are retried; `back-off` says for how long to wait. */
export class AdapterError extends Error {
  readonly code: AdapterErrorCode
  readonly waitMs: number | undefined
  /** The source is there and did not answer in time: the next try should leave it more. */
  readonly isSlow: boolean

  constructor(
    code: AdapterErrorCode,
    message: string,
    options: { cause?: unknown; waitMs?: number; isSlow?: boolean } = {},
  ) {
    super(message, { cause: options.cause })
    this.name = 'AdapterError'
    this.code = code
    this.waitMs = options.waitMs
    this.isSlow = options.isSlow ?? false
  }
}
