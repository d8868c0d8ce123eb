import type { Quality } from '../../schema/quality.js'
import type { Reject } from '../../schema/records.js'
import { type SampleBatch, SampleBatchBuilder } from '../../schema/sample-batch.js'
import type { UnknownTag } from '../contract.js'
import { asCame } from '../shown.js'
import type { Feed } from './mapping.js'

/** What the messages since the last `take` say. */
export interface Decoded {
  readonly samples: SampleBatch
  readonly rejects: readonly Reject[]
  readonly unknown: readonly UnknownTag[]
  /** Periodic signals whose newest value the broker had in store: old until they are heard live. */
  readonly stale: readonly number[]
  /** What a person should know of the source; once. */
  readonly note: string | undefined
}

export type Rule =
  | 'mqtt.bad-json'
  | 'mqtt.bad-quality'
  | 'mqtt.bad-time'
  | 'mqtt.no-tag'
  | 'mqtt.no-value'
  | 'mqtt.not-a-number'
  | 'mqtt.not-text'
  | 'mqtt.too-long'
  | 'mqtt.unit-mismatch'

/** What there is a note of. */
type Noted = 'zoneless' | 'overlap' | 'partial'

/** Collects what messages say, each as of its receipt. */
export class Findings {
  readonly #source: string
  readonly #samples = new SampleBatchBuilder()
  #rejects: Reject[] = []
  #unknown: UnknownTag[] = []
  #stale = new Set<number>()
  /** Of what a note was said. */
  readonly #noted = new Set<Noted>()
  #note: string | undefined
  /** Of the message being read: Unix ms UTC by the floor's clock. */
  receiveTime = 0
  /** Whether the broker had it in store. */
  isRetained = false

  constructor(source: string) {
    this.#source = source
  }

  /** Samples not yet taken. */
  get count(): number {
    return this.#samples.count
  }

  take(): Decoded {
    const samples = this.#samples.take()
    const decoded = {
      samples,
      rejects: this.#rejects,
      unknown: this.#unknown,
      stale: [...this.#stale],
      note: this.#note,
    }
    this.#note = undefined
    if (this.#rejects.length > 0) this.#rejects = []
    if (this.#unknown.length > 0) this.#unknown = []
    if (this.#stale.size > 0) this.#stale = new Set()
    return decoded
  }

  sample({ index, isPeriodic }: Feed, time: number, value: number, quality: Quality): void {
    this.#samples.push(index, time, this.receiveTime, value, quality)
    if (this.isRetained && isPeriodic) this.#stale.add(index)
    else if (this.#stale.size > 0) this.#stale.delete(index)
  }

  /** The signal has no value from `time` on. */
  none({ index }: Feed, time: number): void {
    this.#samples.pushNone(index, time, this.receiveTime)
  }

  unknownTag(tag: string, raw: unknown): void {
    this.#unknown.push({ tag, raw: asCame(raw) })
  }

  /** What came for these signals cannot be taken: rejected, and they have no value from then on. */
  refuse(feeds: readonly Feed[], rule: Rule, reason: string, raw: unknown, time = this.receiveTime): void {
    this.reject(rule, reason, raw)
    for (const feed of feeds) this.none(feed, time)
  }

  reject(rule: Rule, reason: string, raw: unknown): void {
    this.#rejects.push({ source: this.#source, time: this.receiveTime, rule, reason, raw: asCame(raw) })
  }

  hasNoted(what: Noted): boolean {
    return this.#noted.has(what)
  }

  /** Once of a kind; where another note is not yet taken, the next time. */
  note(what: Noted, note: string): void {
    if (this.#note !== undefined || this.#noted.has(what)) return
    this.#noted.add(what)
    this.#note = note
  }
}
