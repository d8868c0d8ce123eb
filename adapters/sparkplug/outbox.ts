import { Quality } from '../../schema/quality.js'
import type { Reject } from '../../schema/records.js'
import { SampleBatchBuilder } from '../../schema/sample-batch.js'
import type { SourceEvent, UnknownTag } from '../contract.js'

export type SparkplugRule =
  | 'sparkplug.bad-payload'
  | 'sparkplug.bad-seq'
  | 'sparkplug.bad-topic'
  | 'sparkplug.before-birth'
  | 'sparkplug.no-type'
  | 'sparkplug.out-of-sequence'
  | 'sparkplug.retained'
  | 'sparkplug.stale-death'
  | 'sparkplug.no-bdseq'
  | 'sparkplug.too-many-nodes'
  | 'sparkplug.unit-mismatch'
  | 'sparkplug.unknown-metric'
  | 'sparkplug.unsupported-type'
  | 'sparkplug.wrong-value'

/** What a host has to tell the engine, in the order in which it happened. */
export class Outbox {
  readonly #source: string
  readonly #samples = new SampleBatchBuilder()
  #isHistory = false
  #events: SourceEvent[] = []
  #rejects: Reject[] = []
  #unknown: UnknownTag[] = []
  readonly #repeated = new Map<SparkplugRule, number>()
  /** Samples put in so far and not yet taken. */
  count = 0

  constructor(source: string) {
    this.#source = source
  }

  sample(index: number, time: number, now: number, value: number, quality: number, isHistory: boolean): void {
    if (isHistory !== this.#isHistory) this.#cut()
    this.#isHistory = isHistory
    this.#samples.push(index, time, now, value, quality)
    this.count++
  }

  /** What came for the signal cannot be taken: it has no value from then on. */
  none(index: number, time: number, now: number, isHistory: boolean): void {
    this.sample(index, time, now, Number.NaN, Quality.bad, isHistory)
  }

  stale(signals: readonly number[], since?: number): void {
    if (signals.length === 0) return
    this.#cut()
    this.#events.push({ kind: 'stale', signals, ...(since !== undefined && { since }) })
  }

  reject(rule: SparkplugRule, reason: string, raw: string, now: number): void {
    this.#rejects.push({ source: this.#source, time: now, rule, reason, raw: raw.slice(0, 4096) })
  }

  /** Rejected as one before was, which is told. */
  repeat(rule: SparkplugRule): void {
    this.#repeated.set(rule, (this.#repeated.get(rule) ?? 0) + 1)
  }

  unknown(tag: UnknownTag): void {
    this.#unknown.push(tag)
  }

  /** Something does not work, or does again where `what` is undefined. */
  trouble(of: string, what: string | undefined): void {
    this.#events.push({ kind: 'trouble', of, what })
  }

  take(): readonly SourceEvent[] {
    this.#cut()
    const events = this.#events
    if (this.#rejects.length > 0) events.push({ kind: 'rejects', rejects: this.#rejects })
    if (this.#unknown.length > 0) events.push({ kind: 'unknown-tags', values: this.#unknown })
    for (const [rule, count] of this.#repeated) events.push({ kind: 'repeated', rule, count })
    this.#repeated.clear()
    this.#events = []
    this.#rejects = []
    this.#unknown = []
    this.count = 0
    return events
  }

  #cut(): void {
    if (this.#samples.count === 0) return
    const batch = this.#samples.take()
    this.#events.push({ kind: 'samples', batch, ...(this.#isHistory && { isHistory: true as const }) })
  }
}
