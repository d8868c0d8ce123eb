import {
  type ClientFrame,
  type CloseReason,
  closeCodes,
  type ReplayFrame,
} from '../../schema/stream/protocol.js'
import { ChangeSet } from './change-set.js'
import type { Topic } from './topic.js'

/** What the stream needs of a socket; uWebSockets.js has it, tests can flush one by hand. */
export interface StreamSocket {
  /** 1 = sent, 0 = buffered (it will arrive), 2 = dropped. */
  send(frame: Uint8Array): number
  /** Bytes accepted and not yet on their way. */
  bufferedAmount(): number
  /** Packs what `sends` sends into few writes. */
  cork(sends: () => void): void
  close(code: number, reason: string): void
}

/** When a client that does not keep up is given a fresh start, and when it is given up; see SPEC.md, S20. */
const slowLimits = { bytes: 1024 * 1024, snapshotAfterMs: 5_000, closeAfterMs: 30_000 } as const

/** A client may say this much in a second; a viewer says a handful. */
const mostFramesPerSecond = 100
/** A client that had nothing for this long gets a heartbeat. */
const heartbeatMs = 1_000

interface Subscription {
  readonly topic: Topic
  /** Sequence number of the last frame sent, and not dropped. */
  seq: number
  needs: 'nothing' | 'snapshot' | 'merged'
  changes: ChangeSet | undefined
}

/** One connected client: where it stands in each of its topics, and what it is still owed. */
export class Subscriber {
  readonly #socket: StreamSocket
  readonly #subscriptions = new Map<number, Subscription>()
  /** Subscriptions owed a frame of their own, longest waiting first. */
  readonly #owed = new Set<Subscription>()
  #isPaused = false
  /** Version of the links that it was told; it begins with none. */
  #linksTold = 0
  #wantsFigures = false
  /** Version of the figures that it was sent. */
  #figuresTold = 0
  #lastSentAt: number
  #overSince: number | undefined
  #wasReset = false
  #frameSecond = 0
  #framesInSecond = 0

  constructor(socket: StreamSocket, now: number) {
    this.#socket = socket
    this.#lastSentAt = now
  }

  /** Bytes on their way to it that its connection has not taken yet. */
  get waitingBytes(): number {
    return this.#socket.bufferedAmount()
  }

  /** Sends a frame that belongs to no topic. */
  say(frame: Uint8Array, now: number): void {
    this.#socket.send(frame)
    this.#lastSentAt = now
  }

  /** Tells how the links to the sources stand, where it has not heard of it and nothing waits. Answers the bytes sent. */
  tellLinks(version: number, frame: () => Uint8Array): number {
    if (this.#isPaused || this.#linksTold === version || this.#socket.bufferedAmount() > 0) return 0
    const bytes = frame()
    if (this.#socket.send(bytes) === 2) return 0
    // It says nothing of the time: the heartbeat must not wait for it.
    this.#linksTold = version
    return bytes.length
  }

  get wantsFigures(): boolean {
    return this.#wantsFigures && !this.#isPaused
  }

  /** Sends the newest figures, where it wants them, has not had them and nothing waits. Answers the bytes sent. */
  tellFigures(version: number, frame: () => Uint8Array, now: number): number {
    if (!this.wantsFigures || this.#figuresTold === version || this.#socket.bufferedAmount() > 0) return 0
    const bytes = frame()
    if (this.#socket.send(bytes) === 2) return 0
    this.#figuresTold = version
    this.#lastSentAt = now
    return bytes.length
  }

  /** Says why, and closes. */
  refuse(frame: Uint8Array, reason: CloseReason): void {
    this.#socket.send(frame)
    this.#socket.close(closeCodes[reason], reason)
  }

  /** Counts a frame from the client; false when it talks too much. */
  mayTalk(now: number): boolean {
    const second = Math.floor(now / 1_000)
    if (second !== this.#frameSecond) {
      this.#frameSecond = second
      this.#framesInSecond = 0
    }
    return ++this.#framesInSecond <= mostFramesPerSecond
  }

  /**
   * Does what a frame asks. `topics` by number, the figures behind them where there are any; answers false where the
   * frame names one that is not there.
   */
  obey(frame: Exclude<ClientFrame, ReplayFrame>, topics: readonly Topic[], hasFigures: boolean): boolean {
    const isFigures = (number: number): boolean => hasFigures && number === topics.length
    switch (frame.kind) {
      case 'subscribe':
        if (frame.topics.some(number => topics[number] === undefined && !isFigures(number))) return false
        this.#wantsFigures = frame.topics.some(isFigures)
        this.#subscribe(new Set(frame.topics.filter(number => !isFigures(number))), topics)
        return true
      case 'resync': {
        if (isFigures(frame.topic)) {
          this.#figuresTold = 0
          return true
        }
        if (topics[frame.topic] === undefined) return false
        const subscription = this.#subscriptions.get(frame.topic)
        if (subscription !== undefined) this.#owe(subscription, 'snapshot')
        return true
      }
      case 'pause':
        this.#isPaused = true
        for (const subscription of this.#subscriptions.values()) this.#owe(subscription, 'snapshot')
        return true
      case 'resume':
        this.#isPaused = false
        return true
    }
  }

  /** One tick: what changed goes out, or is remembered while the client is behind. Answers the frames sent. */
  tick(changed: readonly Topic[], heartbeat: () => Uint8Array, now: number): TickOutcome {
    const outcome: TickOutcome = { shared: 0, own: 0, bytes: 0 }
    if (this.#isPaused) return outcome
    if (changed.length > 0 || this.#owed.size > 0) {
      this.#socket.cork(() => {
        // What is owed goes first, or the first topic of a slow client would starve the others.
        for (const topic of changed) this.#remember(topic)
        this.#settle(outcome)
        for (const topic of changed) this.#pass(topic, outcome)
      })
    }
    if (outcome.shared + outcome.own > 0) this.#lastSentAt = now
    else if (now - this.#lastSentAt >= heartbeatMs && this.#socket.bufferedAmount() === 0) {
      const frame = heartbeat()
      outcome.bytes += frame.length
      this.say(frame, now)
    }
    return outcome
  }

  /** How it stands with a client that does not read: `close` it, or go on. */
  patience(now: number): 'fine' | 'close' {
    if (this.#socket.bufferedAmount() <= slowLimits.bytes) {
      this.#overSince = undefined
      this.#wasReset = false
      return 'fine'
    }
    this.#overSince ??= now
    const over = now - this.#overSince
    if (over >= slowLimits.closeAfterMs) return 'close'
    if (over >= slowLimits.snapshotAfterMs && !this.#wasReset) {
      this.#wasReset = true
      for (const subscription of this.#subscriptions.values()) this.#owe(subscription, 'snapshot')
    }
    return 'fine'
  }

  #subscribe(wanted: ReadonlySet<number>, topics: readonly Topic[]): void {
    for (const [number, subscription] of this.#subscriptions) {
      if (wanted.has(number)) continue
      this.#subscriptions.delete(number)
      this.#owed.delete(subscription)
    }
    for (const number of wanted) {
      if (this.#subscriptions.has(number)) continue
      const subscription: Subscription = {
        topic: topics[number]!,
        seq: 0,
        needs: 'nothing',
        changes: undefined,
      }
      this.#subscriptions.set(number, subscription)
      this.#owe(subscription, 'snapshot')
    }
  }

  #owe(subscription: Subscription, needs: 'snapshot' | 'merged'): void {
    subscription.needs = needs
    if (needs === 'snapshot') subscription.changes = undefined
    this.#owed.add(subscription)
  }

  /** Adds the tick's changes to what a client that is behind will have to be told. */
  #remember(topic: Topic): void {
    const subscription = this.#subscriptions.get(topic.number)
    if (subscription?.needs === 'merged') subscription.changes?.add(topic)
  }

  /** Passes the shared delta on to a client in step, or lets it fall behind. */
  #pass(topic: Topic, outcome: TickOutcome): void {
    const subscription = this.#subscriptions.get(topic.number)
    if (subscription?.needs !== 'nothing' || subscription.seq === topic.seq) return
    if (this.#socket.bufferedAmount() === 0) {
      const frame = topic.deltaFrame()
      if (this.#socket.send(frame) !== 2) {
        subscription.seq = topic.seq
        outcome.shared++
        outcome.bytes += frame.length
        return
      }
    }
    subscription.changes = new ChangeSet(topic, subscription.seq)
    subscription.changes.add(topic)
    this.#owe(subscription, 'merged')
  }

  /** Pays what is owed, one frame after the other, for as long as the socket takes them at once. */
  #settle(outcome: TickOutcome): void {
    for (const subscription of this.#owed) {
      if (this.#socket.bufferedAmount() > 0) return
      const { topic, changes } = subscription
      const frame =
        subscription.needs === 'merged' && changes !== undefined
          ? topic.mergedFrame(changes)
          : topic.snapshotFrame()
      // Dropped: still owed.
      if (this.#socket.send(frame) === 2) return
      subscription.seq = topic.seq
      subscription.needs = 'nothing'
      subscription.changes = undefined
      this.#owed.delete(subscription)
      outcome.own++
      outcome.bytes += frame.length
    }
  }
}

export interface TickOutcome {
  /** Frames shared with others, and frames of its own (snapshots, merged). */
  shared: number
  own: number
  bytes: number
}
