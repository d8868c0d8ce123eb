import type { Manifest } from '../../schema/manifest.js'
import { StreamClient } from '../../schema/stream/client.js'
import { decodeServerFrame, encodeClientFrame } from '../../schema/stream/codec.js'
import {
  type ClientFrame,
  closeCodes,
  type Delta,
  figuresTopic,
  type Snapshot,
  subprotocol,
} from '../../schema/stream/protocol.js'
import { StreamError } from '../../schema/stream/stream-error.js'
import { Mirror } from './mirror.js'
import type { StreamStatus, WorkerMessage } from './worker-messages.js'

/** How often the status is told and the client's time passes, real ms. */
const statusPeriod = 250
/** Frames of one tick come in a burst, one per area: wait this long to hand them over as one. */
const burst = 12
/** How long a new epoch may take to tell the whole floor before what there is is shown, ms. */
const wholeWait = 2_000
/** For how long a merged delta makes the link count as slow, ms. */
const thinnedFor = 3_000

export interface SessionOptions {
  readonly base: string
  readonly pace: number
  readonly post: (message: WorkerMessage, transfer: Transferable[]) => void
}

/**
 * The viewer's stream: the socket around the protocol's client, the manifest, and what the page has yet to see. Runs
 * in a worker. Sends an update only when the page has taken the one before.
 */
export class StreamSession {
  readonly #options: SessionOptions
  readonly #client = new StreamClient({ random: Math.random })
  readonly #started = performance.now()
  #socket: WebSocket | undefined
  #retryTimer: ReturnType<typeof setTimeout> | undefined
  #retryAt = 0
  #flushTimer: ReturnType<typeof setTimeout> | undefined
  #mirror: Mirror | undefined
  #manifestHash = ''
  #manifestProblem: string | undefined
  #epoch = 0
  /** Topics of a new epoch whose snapshot is still to come: until then the page keeps the old picture. */
  #awaited = new Set<number>()
  #awaitedUntil = 0
  #texts = new Map<number, string>()
  #isPageReady = true
  #spare: ArrayBuffer | undefined
  #floorTime = 0
  #merged = 0
  #thinnedUntil = 0
  #isMismatched = false

  constructor(options: SessionOptions) {
    this.#options = options
    setInterval(() => this.#tick(), statusPeriod)
    this.#connect()
  }

  pageReady(spare: ArrayBuffer): void {
    this.#isPageReady = true
    this.#spare = spare
    this.#flushSoon()
  }

  /** Connect at once rather than when the delay is over. */
  retry(): void {
    if (this.#socket === undefined && !this.#isMismatched) this.#connect()
  }

  setVisible(isVisible: boolean): void {
    this.#send(isVisible ? this.#client.resume(this.#now()) : this.#client.pause())
    if (isVisible) this.retry()
  }

  /** A clock that does not jump, `pace` times as fast as the real one. */
  #now(): number {
    const elapsed = performance.now() - this.#started
    return performance.timeOrigin + this.#started + elapsed * this.#options.pace
  }

  #connect(): void {
    clearTimeout(this.#retryTimer)
    this.#retryAt = 0
    const url = new URL('api/v1/stream', this.#options.base)
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
    const socket = new WebSocket(url, subprotocol)
    socket.binaryType = 'arraybuffer'
    this.#socket = socket
    // Events of a socket that was given up must not reach its successor.
    const isCurrent = (): boolean => this.#socket === socket
    socket.onopen = () => {
      if (!isCurrent()) return
      this.#client.opened(this.#now())
      this.#tell()
    }
    socket.onmessage = event => {
      if (isCurrent()) this.#receive(new Uint8Array(event.data as ArrayBuffer))
    }
    socket.onclose = () => {
      if (isCurrent()) this.#closed()
    }
  }

  #closed(): void {
    this.#socket = undefined
    const delay = this.#client.closed(this.#now()) / this.#options.pace
    if (!this.#isMismatched) {
      this.#retryAt = performance.now() + delay
      this.#retryTimer = setTimeout(() => this.#connect(), delay)
    }
    this.#tell()
  }

  #receive(bytes: Uint8Array): void {
    let frame: ReturnType<typeof decodeServerFrame>
    try {
      frame = decodeServerFrame(bytes)
    } catch (error) {
      // A kind of a newer minor version may be passed over; anything else means that the two sides disagree.
      if (error instanceof StreamError && error.code === 'unknown-kind') return
      this.#drop(closeCodes['bad-frame'])
      return
    }
    const { send, applied, close } = this.#client.receive(frame, bytes.length, this.#now())
    this.#send(send)
    if ('floorTime' in frame) this.#floorTime = frame.floorTime
    if (close !== undefined) {
      this.#isMismatched = this.#client.refusal?.reason === 'wrong-version'
      this.#drop(close)
      return
    }
    if (frame.kind === 'hello') this.#greeted(frame.epoch, frame.topics, frame.manifest)
    if (frame.kind === 'refusal') this.#isMismatched = frame.reason === 'wrong-version'
    for (const part of applied) this.#note(part)
  }

  #greeted(epoch: number, topics: readonly string[], manifestHash: string): void {
    if (epoch !== this.#epoch) {
      this.#epoch = epoch
      this.#awaited = new Set(topics.flatMap((id, topic) => (id === figuresTopic ? [] : [topic])))
      this.#awaitedUntil = this.#now() + wholeWait
    }
    if (manifestHash !== this.#manifestHash) void this.#fetchManifest(manifestHash)
    this.#tell()
  }

  async #fetchManifest(hash: string): Promise<void> {
    this.#manifestHash = hash
    // What comes from here on is of the new plant: its indexes mean nothing in the old one.
    this.#mirror = undefined
    try {
      const response = await fetch(new URL(`api/v1/manifest/${hash}`, this.#options.base))
      if (!response.ok) throw new Error(`The manifest of the plant came with status ${response.status}.`)
      const manifest = (await response.json()) as Manifest
      if (hash !== this.#manifestHash) return
      this.#manifestProblem = undefined
      this.#mirror = new Mirror(capacity(manifest.signals), capacity(manifest.machines))
      this.#options.post({ kind: 'plant', manifest }, [])
      this.#mirror.noteAll(this.#client.latest)
      this.#texts = new Map(this.#client.texts)
      this.#flushSoon()
    } catch (error) {
      if (hash !== this.#manifestHash) return
      this.#manifestHash = ''
      this.#manifestProblem = error instanceof Error ? error.message : String(error)
      // Without the manifest nothing can be shown: begin anew, with the delays of a lost connection.
      this.#drop(1000)
    }
  }

  #note(frame: Snapshot | Delta): void {
    if (frame.kind === 'snapshot') this.#awaited.delete(frame.topic)
    if (this.#client.counts.merged > this.#merged) {
      this.#merged = this.#client.counts.merged
      this.#thinnedUntil = this.#now() + thinnedFor
    }
    for (const [code, text] of frame.texts) this.#texts.set(code, text)
    this.#mirror?.note(frame.signals, frame.machines)
    if (this.#awaitedUntil > 0 && this.#awaited.size === 0) this.#wholeFloorTold()
    this.#flushSoon()
  }

  #wholeFloorTold(): void {
    this.#awaitedUntil = 0
    this.#mirror?.noteAll(this.#client.latest)
  }

  #flushSoon(): void {
    if (this.#flushTimer === undefined) this.#flushTimer = setTimeout(() => this.#flush(), burst)
  }

  #flush(): void {
    this.#flushTimer = undefined
    const mirror = this.#mirror
    if (mirror === undefined || !mirror.isDirty || !this.#isPageReady || this.#awaitedUntil > 0) return
    this.#isPageReady = false
    const update = mirror.take(this.#client.latest, this.#spare)
    this.#spare = undefined
    this.#options.post({ kind: 'update', update, texts: [...this.#texts] }, [update.buffer])
    this.#texts.clear()
    this.#tell()
  }

  #tick(): void {
    const now = this.#now()
    this.#send(this.#client.tick(now))
    if (this.#awaitedUntil > 0 && now > this.#awaitedUntil && this.#client.hello !== undefined) {
      this.#wholeFloorTold()
      this.#flushSoon()
    }
    if (this.#client.mustReconnect(now)) this.#drop(1000)
    this.#tell()
  }

  /** Gives the socket up. A half-open one may take minutes to say that it is closed, so it is not waited for. */
  #drop(code: number): void {
    const socket = this.#socket
    if (socket === undefined) return
    this.#closed()
    socket.close(code === 1000 || code >= 3000 ? code : 1000)
  }

  #send(frames: readonly ClientFrame[]): void {
    for (const frame of frames) {
      if (this.#socket?.readyState === WebSocket.OPEN)
        this.#socket.send(encodeClientFrame(frame) as Uint8Array<ArrayBuffer>)
    }
  }

  #tell(): void {
    const now = this.#now()
    const client = this.#client
    const status: StreamStatus = {
      freshness: client.freshness(now),
      age: client.age(now),
      at: performance.timeOrigin + performance.now(),
      serverTime: client.hello === undefined ? 0 : client.serverTime(now),
      floorTime: this.#floorTime,
      epoch: this.#epoch,
      seqs: client.hello?.topics.map((_, topic) => client.lastSeq(topic) ?? 0) ?? [],
      counts: { ...client.counts },
      isThinned: now < this.#thinnedUntil,
      retryIn: this.#retryAt === 0 ? undefined : Math.max(0, this.#retryAt - performance.now()),
      refusal: client.refusal,
      manifestProblem: this.#manifestProblem,
    }
    this.#options.post({ kind: 'status', status }, [])
  }
}

function capacity(items: readonly { readonly index: number }[]): number {
  return items.reduce((largest, { index }) => Math.max(largest, index + 1), 0)
}
