import type { DataChangeNotification, NotificationMessage } from 'node-opcua'
import { asyncScheduler, type Subscriber } from 'rxjs'
import type { Quality } from '../../schema/quality.js'
import type { Reject } from '../../schema/records.js'
import { type SampleBatch, SampleBatchBuilder } from '../../schema/sample-batch.js'
import { type AdapterContext, AdapterError, type IndexedSignal, type SourceEvent } from '../contract.js'
import { isOverflow, type ReceivedValue, readValue, type ValueSink } from './codec.js'
import type { OpcuaOptions } from './config.js'
import { explain } from './explain.js'
import { planSubscriptions } from './plan.js'
import { type OpenSession, openSession } from './session.js'
import {
  type LiveSubscription,
  type MissingSignal,
  monitorFound,
  readSignals,
  subscribe,
} from './subscriptions.js'

/** How often it is looked whether the server still speaks, ms. */
const watchMs = 1_000
/** A server that lives is told of at most this often, ms. */
const aliveMs = 500
/** A subscription is dead that has said nothing for twice its keep-alive and this, ms. */
const graceMs = 5_000
/** After an interruption: how long the server may take to tell what it kept, beyond two of its intervals, ms. */
const settleMs = 250
/** When it is first looked whether nodes that were missing are there by now; then after twice as long, up to the last. */
const firstLookMs = 2_000
const longestLookMs = 60_000
const maxRaw = 4096

/**
 * One link to a server, from subscribing to unsubscribing. While the server keeps the session, a cut is an
 * interruption, after which the server hands over what it kept; when the session is gone, the link fails and is made
 * anew from nothing.
 */
export class Link {
  readonly #options: OpcuaOptions
  readonly #context: AdapterContext
  readonly #subscriber: Subscriber<SourceEvent>
  readonly #closing = new AbortController()
  readonly #live: LiveSubscription[] = []
  readonly #samples = new SampleBatchBuilder()
  readonly #waiting: SampleBatch[] = []
  #rejects: Reject[] = []
  #receiveTime = 0
  #open: OpenSession | undefined
  /** Whether the subscriber takes it that the link stands: only then are samples handed over. */
  #isConnected = false
  /** Since when the link is interrupted, by the wall's clock. */
  #interruptedAt: number | undefined
  /** After an interruption: the signals that have not spoken since it began. */
  #silent: Map<number, IndexedSignal> | undefined
  #aliveAt = Number.NEGATIVE_INFINITY
  /** Bytes read of which the engine knows. */
  #bytes = 0
  #emitted = 0
  #accepted = 0
  #isPublishing = true
  #isPacing = false

  constructor(options: OpcuaOptions, context: AdapterContext, subscriber: Subscriber<SourceEvent>) {
    this.#options = options
    this.#context = context
    this.#subscriber = subscriber
    subscriber.add(
      context.accepted.subscribe(count => {
        this.#accepted = count
        this.#drain()
      }),
    )
  }

  /** Never rejects: what goes wrong is the subscriber's. */
  async open(): Promise<void> {
    try {
      const open = await openSession(this.#options, this.#context, this.#closing.signal)
      this.#open = open
      this.#listen(open)
      await subscribe(open, planSubscriptions(this.#options, this.#context.signals), this.#lifetimeMs, {
        onSubscription: live => this.#hear(live),
        onMissing: missing => this.#miss(missing),
      })
      this.#connected()
      this.#watchOver()
      this.#lookForMissing(firstLookMs)
    } catch (error) {
      this.#fail(error)
    }
  }

  close(): void {
    this.#closing.abort()
    void this.#open?.client.disconnect().catch(() => {})
  }

  /** The server keeps subscriptions longer than we try to come back. */
  get #lifetimeMs(): number {
    return 2 * Math.max(this.#options.resumeMs, 30_000)
  }

  #listen({ client, session }: OpenSession): void {
    client.on('connection_lost', () => this.#interrupt())
    client.on('connection_reestablished', () => this.#resume())
    session.on('keepalive', () => this.#alive())
    session.on('session_closed', status => {
      this.#begunAnew(`the server closed the session (${status.name})`)
    })
  }

  #hear(live: LiveSubscription): void {
    this.#live.push(live)
    live.heardAt = this.#context.wall.now()
    const { subscription } = live
    subscription.on('raw_notification', (message: NotificationMessage) => this.#take(live, message))
    subscription.on('subscriptionId_changed', () => this.#begunAnew('the server gave the subscription up'))
    subscription.on('terminated', () => this.#begunAnew('the server ended the subscription'))
  }

  #begunAnew(why: string): void {
    const { endpoint } = this.#options
    const message = `${endpoint}: ${why}. What changed meanwhile is lost; subscribing anew.`
    this.#fail(new AdapterError('not-connected', message))
  }

  #connected(): void {
    this.#isConnected = true
    this.#subscriber.next({ kind: 'connected' })
    this.#flush()
  }

  #interrupt(): void {
    if (!this.#isConnected || this.#subscriber.closed) return
    this.#isConnected = false
    this.#interruptedAt = this.#context.wall.now()
    this.#silent = new Map(
      this.#live.flatMap(({ byHandle }) => [...byHandle.values()].map(indexed => [indexed.index, indexed])),
    )
    const reason = `${this.#options.endpoint} broke off the connection.`
    this.#subscriber.next({ kind: 'interrupted', reason })
  }

  /** The session goes on: what the server kept comes first, then the values of all that had nothing to tell. */
  #resume(): void {
    if (this.#subscriber.closed) return
    this.#interruptedAt = undefined
    for (const live of this.#live) live.heardAt = this.#context.wall.now()
    this.#connected()
    const delays = this.#live.map(({ subscription }) => 2 * subscription.publishingInterval)
    this.#schedule(() => void this.#readSilent(), settleMs + Math.max(0, ...delays))
  }

  /** A signal that has not changed during an interruption is not told again: whether it still is so must be asked. */
  async #readSilent(): Promise<void> {
    const silent = [...(this.#silent?.values() ?? [])]
    this.#silent = undefined
    try {
      const values = await readSignals(this.#open!, silent)
      this.#receiveTime = this.#context.clock.now()
      for (const [place, value] of values.entries()) {
        readValue(silent[place]!, value, this.#receiveTime, this.#sink)
      }
      this.#flush()
    } catch (error) {
      // A link that is gone again is told elsewhere.
      if (this.#isConnected) this.#fail(error)
    }
  }

  #take(live: LiveSubscription, { notificationData }: NotificationMessage): void {
    live.heardAt = this.#context.wall.now()
    this.#receiveTime = this.#context.clock.now()
    this.#countBytes()
    const overflown: string[] = []
    for (const part of notificationData ?? []) {
      if (part?.schema.name !== 'DataChangeNotification') continue
      for (const { clientHandle, value } of (part as unknown as DataChangeNotification).monitoredItems ??
        []) {
        const indexed = live.byHandle.get(clientHandle)
        if (indexed === undefined) continue
        this.#silent?.delete(indexed.index)
        if (isOverflow(value as ReceivedValue)) overflown.push(indexed.signal.id)
        readValue(indexed, value as ReceivedValue, this.#receiveTime, this.#sink)
      }
    }
    if (overflown.length > 0) {
      const reason = `the server's queue ran over for ${overflown.length} signals, and what they were before is lost; give them a longer queueSize, or publish more often`
      this.#reject('opcua.gap', reason, overflown.join(' ').slice(0, maxRaw))
    }
    this.#alive()
    this.#flush()
  }

  #countBytes(): void {
    const { bytesRead } = this.#open!.client
    this.#context.received(bytesRead - this.#bytes)
    this.#bytes = bytesRead
  }

  readonly #sink: ValueSink = {
    sample: (index: number, time: number, value: number, quality: Quality) =>
      this.#samples.push(index, time, this.#receiveTime, value, quality),
    reject: (rule, reason, raw) => this.#reject(rule, reason, raw),
    intern: text => this.#context.intern(text),
  }

  #reject(rule: string, reason: string, raw: string): void {
    this.#rejects.push({ source: this.#context.source, time: this.#receiveTime, rule, reason, raw })
  }

  #miss(missing: readonly MissingSignal[]): void {
    this.#receiveTime = this.#context.clock.now()
    for (const { rule, reason, indexed } of missing) this.#reject(rule, reason, indexed.signal.tag)
    this.#flush()
  }

  #flush(): void {
    if (this.#samples.count > 0) this.#waiting.push(this.#samples.take())
    if (!this.#isConnected) return
    if (this.#rejects.length > 0) {
      const rejects = this.#rejects
      this.#rejects = []
      this.#subscriber.next({ kind: 'rejects', rejects })
    }
    this.#drain()
  }

  #drain(): void {
    if (!this.#isConnected) return
    while (this.#waiting.length > 0 && this.#emitted - this.#accepted <= this.#context.window) {
      const batch = this.#waiting.shift()!
      this.#emitted += batch.count
      this.#subscriber.next({ kind: 'samples', batch })
    }
    void this.#pace()
  }

  /** Lets the server send only while no more than a window of our samples is still to be accepted. */
  async #pace(): Promise<void> {
    const mayPublish = (): boolean =>
      this.#waiting.length === 0 && this.#emitted - this.#accepted <= this.#context.window
    if (this.#isPacing) return
    this.#isPacing = true
    try {
      while (this.#isPublishing !== mayPublish() && this.#isConnected && !this.#subscriber.closed) {
        const next = mayPublish()
        await Promise.all(this.#live.map(({ subscription }) => subscription.setPublishingMode(next)))
        this.#isPublishing = next
      }
    } catch {
      // The link is gone, which is told elsewhere.
    } finally {
      this.#isPacing = false
    }
  }

  #alive(): void {
    const now = this.#context.wall.now()
    if (now - this.#aliveAt < aliveMs || !this.#isConnected) return
    this.#aliveAt = now
    this.#subscriber.next({ kind: 'alive' })
  }

  /** Whatever the library makes of a broken link: nobody waits for it longer than this. */
  #watchOver(): void {
    const now = this.#context.wall.now()
    const { resumeMs } = this.#options
    if (this.#interruptedAt !== undefined) {
      if (now - this.#interruptedAt > resumeMs) {
        this.#begunAnew(`no way to go on was found for ${resumeMs} ms`)
        return
      }
    } else {
      const dead = this.#live.find(live => now - live.heardAt > silenceLimit(live))
      if (dead !== undefined) {
        this.#begunAnew(`a subscription has said nothing for ${Math.round(now - dead.heardAt)} ms`)
        return
      }
    }
    this.#schedule(() => this.#watchOver(), watchMs)
  }

  #lookForMissing(delayMs: number): void {
    if (this.#live.every(({ missing }) => missing.length === 0)) return
    this.#schedule(async () => {
      try {
        if (this.#isConnected) for (const live of this.#live) await monitorFound(this.#open!, live)
        this.#lookForMissing(Math.min(2 * delayMs, longestLookMs))
      } catch (error) {
        // A link that is gone again is told elsewhere.
        if (this.#isConnected) this.#fail(error)
        else this.#lookForMissing(delayMs)
      }
    }, delayMs)
  }

  #schedule(work: () => void, delayMs: number): void {
    const scheduler = this.#context.scheduler ?? asyncScheduler
    if (!this.#subscriber.closed) this.#subscriber.add(scheduler.schedule(work, delayMs))
  }

  #fail(error: unknown): void {
    if (this.#subscriber.closed) return
    this.#subscriber.error(explain(this.#options.endpoint, this.#context.folder, error))
  }
}

function silenceLimit({ subscription }: LiveSubscription): number {
  return 2 * subscription.maxKeepAliveCount * subscription.publishingInterval + graceMs
}
