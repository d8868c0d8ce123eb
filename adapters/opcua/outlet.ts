import type { Subscriber } from 'rxjs'
import type { Quality } from '../../schema/quality.js'
import type { Reject } from '../../schema/records.js'
import { SampleBatchBuilder } from '../../schema/sample-batch.js'
import type { AdapterContext, IndexedSignal, SourceEvent } from '../contract.js'
import { guarded } from '../guarded.js'
import { type ReceivedValue, readValue, type ValueSink } from './codec.js'

type Samples = Extract<SourceEvent, { kind: 'samples' }>

/**
 * What a link hands on: samples and rejects, once the subscriber knows that the link stands, and samples only while no
 * more than a window of them is still to be accepted. What comes meanwhile waits here; the link sees to it that little
 * does.
 */
export class Outlet implements ValueSink {
  readonly #context: AdapterContext
  readonly #subscriber: Subscriber<SourceEvent>
  readonly #samples = new SampleBatchBuilder()
  readonly #waiting: Samples[] = []
  readonly #paced: () => void
  readonly #roomWanted: (() => void)[] = []
  #rejects: Reject[] = []
  /** Why what came last for a signal could not be taken. */
  readonly #refused = new Map<number, string>()
  /** Rejected as one before was, by rule. */
  readonly #repeated = new Map<string, number>()
  #isOpen = false
  #emitted = 0
  #accepted = 0
  /** When what is taken now was received, Unix ms UTC by the floor's clock. */
  receiveTime = 0

  /** `paced`: called when whether there is room may have changed. */
  constructor(context: AdapterContext, subscriber: Subscriber<SourceEvent>, paced: () => void) {
    this.#context = context
    this.#subscriber = subscriber
    this.#paced = paced
    subscriber.add(
      context.accepted.subscribe(count => {
        this.#accepted = count
        this.#drain()
      }),
    )
  }

  /** Whether the subscriber takes it that the link stands. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  get hasRoom(): boolean {
    return this.#waiting.length === 0 && !this.#isFull
  }

  get #isFull(): boolean {
    return this.#emitted - this.#accepted > this.#context.window
  }

  /** The link stands: says so, and hands on what has come. */
  open(): void {
    this.#isOpen = true
    this.#subscriber.next({ kind: 'connected' })
    this.flush()
  }

  /** The link is interrupted: what comes from now on waits. */
  close(reason: string): void {
    this.#isOpen = false
    this.#subscriber.next({ kind: 'interrupted', reason })
  }

  /** Takes a value; `time`: where the server says none, Unix ms UTC. */
  read(indexed: IndexedSignal, received: ReceivedValue, time = this.receiveTime): void {
    const { source } = this.#context
    const failure = guarded(source, this.receiveTime, indexed.signal.tag, () =>
      readValue(indexed, received, time, this),
    )
    if (failure !== undefined) this.#rejects.push(failure)
  }

  sample(index: number, time: number, value: number, quality: Quality): void {
    this.#samples.push(index, time, this.receiveTime, value, quality)
    if (this.#refused.size > 0 && !Number.isNaN(value)) this.#refused.delete(index)
  }

  /** Told once until the signal has a value again, and counted: what is no number is told anew at each sampling. */
  refuse(index: number, time: number, rule: string, reason: string, raw: string): void {
    this.#samples.pushNone(index, time, this.receiveTime)
    if (this.#refused.get(index) === reason) this.#repeated.set(rule, (this.#repeated.get(rule) ?? 0) + 1)
    else this.reject(rule, reason, raw)
    this.#refused.set(index, reason)
  }

  reject(rule: string, reason: string, raw: string): void {
    const { source } = this.#context
    this.#rejects.push({ source, time: this.receiveTime, rule, reason, raw })
  }

  intern(text: string): number {
    return this.#context.intern(text)
  }

  /** When the next batch may be handed on at once; never where the link ends before. */
  room(): Promise<void> {
    return this.hasRoom ? Promise.resolve() : new Promise(resolve => this.#roomWanted.push(resolve))
  }

  /** Ends a batch of what the source says after the event, from its own store. */
  flushHistory(): void {
    if (this.#samples.count > 0)
      this.#waiting.push({ kind: 'samples', batch: this.#samples.take(), isHistory: true })
    this.flush()
  }

  /** Ends a batch, and hands on what may be. */
  flush(): void {
    if (this.#samples.count > 0) this.#waiting.push({ kind: 'samples', batch: this.#samples.take() })
    if (!this.#isOpen) return
    if (this.#rejects.length > 0) {
      const rejects = this.#rejects
      this.#rejects = []
      this.#subscriber.next({ kind: 'rejects', rejects })
    }
    for (const [rule, count] of this.#repeated) this.#subscriber.next({ kind: 'repeated', rule, count })
    this.#repeated.clear()
    this.#drain()
  }

  #drain(): void {
    if (!this.#isOpen) return
    while (this.#waiting.length > 0 && !this.#isFull) {
      const samples = this.#waiting.shift()!
      this.#emitted += samples.batch.count
      this.#subscriber.next(samples)
    }
    if (this.hasRoom) for (const resolve of this.#roomWanted.splice(0)) resolve()
    this.#paced()
  }
}
