import type { ClientSubscription, DataChangeNotification, NotificationMessage } from 'node-opcua'
import { asyncScheduler, type Subscriber } from 'rxjs'
import { type AdapterContext, AdapterError, type IndexedSignal, type SourceEvent } from '../contract.js'
import { isOverflow, type ReceivedValue } from './codec.js'
import type { OpcuaOptions } from './config.js'
import { explain, isTimeout, slow } from './explain.js'
import { GapFiller } from './gap-filler.js'
import { Outlet } from './outlet.js'
import { planSubscriptions } from './plan.js'
import { tellShort, tellSlower } from './revision.js'
import { listens, type OpenSession, openSession } from './session.js'
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
/** A server that is too busy to answer is given twice as long at each try, up to so long, ms. */
const longestTimeoutMs = 30_000
/** When a server that had none of the nodes is asked again, ms: it may still be building them. */
const noNodesMs = 3_000

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
  readonly #outlet: Outlet
  readonly #gaps: GapFiller
  #open: OpenSession | undefined
  /** Since when the link is interrupted, by the wall's clock. */
  #interruptedAt: number | undefined
  /** After an interruption: the signals that have not spoken since it began. */
  #silent: Map<number, IndexedSignal> | undefined
  #aliveAt = Number.NEGATIVE_INFINITY
  /** Bytes read of which the engine knows. */
  #bytes = 0
  #isPublishing = true
  #isPacing = false

  constructor(options: OpcuaOptions, context: AdapterContext, subscriber: Subscriber<SourceEvent>) {
    this.#options = options
    this.#context = context
    this.#subscriber = subscriber
    this.#outlet = new Outlet(context, subscriber, () => void this.#pace())
    this.#gaps = new GapFiller(context, this.#outlet, options.historyMs)
  }

  /** Never rejects: what goes wrong is the subscriber's. */
  async open(): Promise<void> {
    const timeoutMs = this.#timeoutMs
    const began = performance.now()
    try {
      const open = await openSession({ ...this.#options, timeoutMs }, this.#context, this.#closing.signal)
      this.#open = open
      this.#listen(open)
      this.#gaps.begin()
      const missing: MissingSignal[] = []
      await subscribe(open, planSubscriptions(this.#options, this.#context.signals), this.#lifetimeMs, {
        onSubscription: live => this.#hear(live),
        onMissing: some => void missing.push(...some),
      })
      this.#checkAny(missing)
      this.#miss(missing)
      this.#outlet.open()
      this.#tellRevised()
      this.#watchOver()
      this.#lookForMissing(firstLookMs)
      this.#schedule(() => void this.#fillGaps(), this.#settledMs)
    } catch (error) {
      const isLate = !(error instanceof AdapterError) && performance.now() - began > 0.9 * timeoutMs
      const isSlow = isLate && isTimeout(error) && (await listens(this.#options.endpoint, timeoutMs))
      this.#fail(isSlow ? slow(this.#options.endpoint, timeoutMs, this.#timeoutAfter(1), error) : error)
    }
  }

  /** How long an answer may take at this try, ms. A link that took long to stand keeps its patience. */
  get #timeoutMs(): number {
    return this.#timeoutAfter(0)
  }

  #timeoutAfter(moreTries: number): number {
    const { timeoutMs } = this.#options
    const grown = timeoutMs * 2 ** ((this.#context.slowTries ?? 0) + moreTries)
    return Math.max(timeoutMs, Math.min(grown, longestTimeoutMs))
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

  /** What it gives less of than asked is no error to the server, and would be lost without a word. */
  #tellRevised(): void {
    const revisions = this.#live.flatMap(live => live.revisions)
    this.#subscriber.next({ kind: 'trouble', of: 'sampling', what: tellSlower(revisions) })
    this.#subscriber.next({ kind: 'trouble', of: 'queue', what: tellShort(revisions) })
  }

  #hear(live: LiveSubscription): void {
    this.#live.push(live)
    live.heardAt = this.#context.wall.now()
    const { subscription } = live
    subscription.on('raw_notification', (message: NotificationMessage) => {
      countKeepAlive(subscription, message)
      this.#take(live, message)
    })
    subscription.on('subscriptionId_changed', () => this.#begunAnew('the server gave the subscription up'))
    subscription.on('terminated', () => this.#begunAnew('the server ended the subscription'))
  }

  #begunAnew(why: string): void {
    const { endpoint } = this.#options
    const message = `${endpoint}: ${why}. What changed meanwhile is lost, but for what its history tells; subscribing anew.`
    this.#fail(new AdapterError('not-connected', message))
  }

  #interrupt(): void {
    if (!this.#outlet.isOpen || this.#subscriber.closed) return
    this.#interruptedAt = this.#context.wall.now()
    this.#silent = new Map(
      this.#live.flatMap(({ byHandle }) => [...byHandle.values()].map(indexed => [indexed.index, indexed])),
    )
    this.#outlet.close(`${this.#options.endpoint} broke off the connection.`)
  }

  /** The session goes on: what the server kept comes first, then the values of all that had nothing to tell. */
  #resume(): void {
    if (this.#subscriber.closed) return
    this.#interruptedAt = undefined
    for (const live of this.#live) live.heardAt = this.#context.wall.now()
    this.#outlet.open()
    this.#catchUp()
  }

  /** By then the server has told what it had to tell at once, ms. */
  get #settledMs(): number {
    return (
      settleMs + Math.max(0, ...this.#live.map(({ subscription }) => 2 * subscription.publishingInterval))
    )
  }

  /** What was missed before this link began is read where the server has kept it. */
  async #fillGaps(): Promise<void> {
    if (!this.#outlet.isOpen) return
    this.#gaps.close()
    try {
      await this.#gaps.fill(this.#open!)
    } catch (error) {
      // A link that is gone again is told elsewhere; what is left is read by the next one.
      if (this.#outlet.isOpen && !this.#subscriber.closed) this.#tellUnread(error)
    }
  }

  #tellUnread(error: unknown): void {
    this.#outlet.receiveTime = this.#context.clock.now()
    const why = error instanceof Error ? error.message : String(error)
    const reason = `the server's history could not be read: what changed while the link was gone is missing until the next link (${why})`
    this.#outlet.reject('opcua.gap', reason, '')
    this.#outlet.flush()
  }

  /** A signal that has not changed during an interruption is not told again: whether it still is so must be asked. */
  async #readSilent(): Promise<void> {
    const silent = [...(this.#silent?.values() ?? [])]
    this.#silent = undefined
    try {
      const values = await readSignals(this.#open!, silent)
      this.#outlet.receiveTime = this.#context.clock.now()
      for (const [place, value] of values.entries()) {
        this.#outlet.read(silent[place]!, value)
      }
      this.#outlet.flush()
    } catch (error) {
      // A link that is gone again is told elsewhere.
      if (this.#outlet.isOpen) this.#fail(error)
    }
  }

  #take(live: LiveSubscription, message: NotificationMessage): void {
    const { notificationData } = message
    live.heardAt = this.#context.wall.now()
    this.#outlet.receiveTime = this.#context.clock.now()
    this.#countBytes()
    const dropped = live.sequence.take(message)
    if (dropped > 0) this.#tellDropped(live, dropped)
    const overflown: string[] = []
    for (const part of notificationData ?? []) {
      if (part?.schema.name !== 'DataChangeNotification') continue
      for (const { clientHandle, value } of (part as unknown as DataChangeNotification).monitoredItems ??
        []) {
        const indexed = live.byHandle.get(clientHandle)
        if (indexed === undefined) continue
        this.#silent?.delete(indexed.index)
        if (isOverflow(value as ReceivedValue)) overflown.push(indexed.signal.id)
        this.#gaps.came(indexed.index, value as ReceivedValue)
        this.#outlet.read(indexed, value as ReceivedValue)
      }
    }
    if (overflown.length > 0) {
      const reason = `the server's queue ran over for ${overflown.length} signals, and what they were before is lost; give them a longer queueSize, or publish more often`
      this.#outlet.reject('opcua.gap', reason, overflown.join(' ').slice(0, maxRaw))
    }
    this.#alive()
    this.#outlet.flush()
  }

  /**
   * Messages never came, and the server has them no more: nobody knows which signals they were of. The present of all of
   * the subscription is asked for, and what they said meanwhile, where the server keeps a history.
   */
  #tellDropped(live: LiveSubscription, dropped: number): void {
    const signals = [...live.byHandle.values()]
    const what = dropped === 1 ? 'a message' : `${dropped} messages`
    const reason = `the server dropped ${what} before it could be asked to repeat them (BadMessageNotAvailable): what its ${signals.length} signals were meanwhile is missing, but for what its history tells`
    this.#outlet.reject(
      'opcua.gap',
      reason,
      signals
        .map(({ signal }) => signal.id)
        .join(' ')
        .slice(0, maxRaw),
    )
    this.#gaps.begin(signals)
    this.#silent ??= new Map()
    for (const indexed of signals) this.#silent.set(indexed.index, indexed)
    if (this.#outlet.isOpen) this.#catchUp()
  }

  /** What has not spoken by the time all else is told is asked for; then the past. */
  #catchUp(): void {
    this.#schedule(() => {
      void this.#readSilent()
      void this.#fillGaps()
    }, this.#settledMs)
  }

  /** A server that has nothing of what is asked for is not the one, or not in the order, that the plant file means. */
  #checkAny(missing: readonly MissingSignal[]): void {
    const { signals } = this.#context
    const unknown = missing.filter(({ rule }) => rule !== 'opcua.refused-item')
    if (signals.length === 0 || unknown.length < signals.length) return
    const { endpoint } = this.#options
    const example = unknown[0]!.indexed.signal.tag
    throw new AdapterError(
      'back-off',
      `${endpoint} has none of the ${signals.length} nodes of this source, ${example} among them: has a namespace another number? \`gemba browse ${endpoint}\` shows what it has; nsu=<uri>;s=… names a namespace for good.`,
      { waitMs: noNodesMs },
    )
  }

  #countBytes(): void {
    const { bytesRead } = this.#open!.client
    this.#context.received(bytesRead - this.#bytes)
    this.#bytes = bytesRead
  }

  #miss(missing: readonly MissingSignal[]): void {
    this.#outlet.receiveTime = this.#context.clock.now()
    for (const { rule, reason, indexed } of missing) this.#outlet.reject(rule, reason, indexed.signal.tag)
    this.#outlet.flush()
  }

  /** Lets the server send only while no more than a window of our samples is still to be accepted. */
  async #pace(): Promise<void> {
    if (this.#isPacing) return
    this.#isPacing = true
    try {
      while (this.#isPublishing !== this.#outlet.hasRoom && this.#outlet.isOpen && !this.#subscriber.closed) {
        const next = this.#outlet.hasRoom
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
    if (now - this.#aliveAt < aliveMs || !this.#outlet.isOpen) return
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
        if (this.#outlet.isOpen) {
          for (const live of this.#live) await monitorFound(this.#open!, live)
          this.#tellRevised()
        }
        this.#lookForMissing(Math.min(2 * delayMs, longestLookMs))
      } catch (error) {
        // A link that is gone again is told elsewhere.
        if (this.#outlet.isOpen) this.#fail(error)
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

/**
 * A keep-alive bears the number of the next message, not one of its own (OPC 10000-4, 5.14.1.1). node-opcua takes it for
 * received, and after a cut would ask the server to repeat only what follows it: the first message of the cut were lost.
 */
function countKeepAlive(subscription: ClientSubscription, message: NotificationMessage): void {
  if ((message.notificationData ?? []).length > 0) return
  ;(subscription as { lastSequenceNumber?: number }).lastSequenceNumber = message.sequenceNumber - 1
}

function silenceLimit({ subscription }: LiveSubscription): number {
  return 2 * subscription.maxKeepAliveCount * subscription.publishingInterval + graceMs
}
