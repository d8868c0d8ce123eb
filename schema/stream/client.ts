import { FrameAge, type Freshness, freshnessLimits, freshnessOf } from './freshness.js'
import { LatestColumns } from './latest-columns.js'
import {
  type ClientFrame,
  closeCodes,
  type Delta,
  type FigureColumns,
  figuresTopic,
  type Hello,
  protocolVersion,
  type Refusal,
  type ReplayRequest,
  type ReplayState,
  type ServerFrame,
  type ShownLink,
  type Snapshot,
} from './protocol.js'
import { TopicSync } from './topic-sync.js'

/** Reconnecting: longest delay, first ceiling, and how long a stream must hold before the count starts anew; S27. */
const reconnectLimits = { longestMs: 30_000, firstMs: 500, healthyMs: 10_000 } as const

export interface StreamClientOptions {
  /** A number from 0 to 1, as Math.random gives it. */
  readonly random: () => number
  /** Which topics of the hello to subscribe to; all areas unless given. */
  readonly wants?: (topic: string) => boolean
}

/** More texts than this, and those that no signal shows are forgotten: every frame brings its own. */
const manyTexts = 4_096

/** What a received frame leads to. */
export interface Reaction {
  /** To send, in this order. */
  readonly send: readonly ClientFrame[]
  /** What became part of the picture, in this order. */
  readonly applied: readonly (Snapshot | Delta)[]
  /** Close the socket with this code. */
  readonly close?: number
}

export interface StreamCounts {
  frames: number
  bytes: number
  gaps: number
  resyncs: number
  /** Frames that brought nothing new, or of another epoch. */
  dropped: number
  /** Deltas that carried more than one step at once: the link, or this client, is slow. */
  merged: number
  reconnects: number
}

/**
 * The client's half of the protocol, without a socket, a timer or a clock: the caller passes decoded frames and times
 * in, sends what comes out, and reads the picture from `latest`. The viewer runs it in a Web Worker, benchmarks and
 * tests in Node. Times are ms of a clock that does not jump.
 */
export class StreamClient {
  latest = new LatestColumns()
  /** Texts of dictionary codes seen in this epoch. */
  readonly texts = new Map<number, string>()
  readonly counts: StreamCounts = {
    frames: 0,
    bytes: 0,
    gaps: 0,
    resyncs: 0,
    dropped: 0,
    merged: 0,
    reconnects: 0,
  }
  readonly #random: () => number
  #wants: (topic: string) => boolean
  readonly #topics = new Map<number, TopicSync>()
  readonly #age = new FrameAge()
  #hello: Hello | undefined
  #refusal: Refusal | undefined
  #links: readonly ShownLink[] = []
  #figures: FigureColumns | undefined
  /** The window that is wanted, and how it stands; undefined in the present. */
  #wanted: ReplayRequest | undefined
  #isHeld = false
  #replay: ReplayState | undefined
  #isNewConnection = false
  /** Epoch of the newest replay that was shown, and the newest floor time of its frames. */
  #shownReplay: number | undefined
  #floorTime = 0
  #isOpen = false
  #isPaused = false
  /** Silence counts from here on: a fresh socket, or one that was paused, is not late yet. */
  #awaitedSince = 0
  #openedAt = 0
  #attempts = 0
  #textLimit = manyTexts

  constructor(options: StreamClientOptions) {
    this.#random = options.random
    this.#wants = options.wants ?? (topic => topic !== figuresTopic)
  }

  /** The last hello; undefined before the first. */
  get hello(): Hello | undefined {
    return this.#hello
  }

  /** Why the server closed, or would not go on, if it said. */
  get refusal(): Refusal | undefined {
    return this.#refusal
  }

  /** How the links to the sources stand, as far as the server has said. */
  get links(): readonly ShownLink[] {
    return this.#links
  }

  /** What the OEE of each machine is made from, where the client wants the topic `kpi` and it has come. */
  get figures(): FigureColumns | undefined {
    return this.#figures
  }

  /** Sequence number of a topic, by its number in the hello. */
  lastSeq(topic: number): number | undefined {
    return this.#topics.get(topic)?.lastSeq
  }

  /** The socket is open; the server speaks first. */
  opened(now: number): void {
    this.#isOpen = true
    this.#isNewConnection = true
    this.#openedAt = now
    this.#awaitedSince = now
    this.#refusal = undefined
    this.#age.restart()
  }

  /** The socket is closed. Answers after how many ms to connect again; connecting sooner is always allowed. */
  closed(now: number): number {
    if (this.#isOpen && now - this.#openedAt >= reconnectLimits.healthyMs) this.#attempts = 0
    this.#isOpen = false
    this.counts.reconnects++
    const ceiling = Math.min(reconnectLimits.longestMs, reconnectLimits.firstMs * 2 ** this.#attempts)
    this.#attempts++
    return this.#random() * ceiling
  }

  /** A frame has arrived; `bytes` is its size on the wire. */
  receive(frame: ServerFrame, bytes: number, now: number): Reaction {
    this.counts.frames++
    this.counts.bytes += bytes
    switch (frame.kind) {
      case 'hello':
        return this.#greet(frame, now)
      case 'refusal':
        this.#refusal = frame
        return { send: [], applied: [] }
      case 'heartbeat':
        if (this.#isOfThisEpoch(frame.epoch)) this.#age.arrived(frame.wallTime, now)
        return { send: [], applied: [] }
      case 'links':
        if (this.#isOfThisEpoch(frame.epoch)) this.#links = frame.links
        return { send: [], applied: [] }
      case 'figures':
        if (this.#isOfThisEpoch(frame.epoch)) {
          this.#age.arrived(frame.wallTime, now)
          this.#figures = frame.figures
        }
        return { send: [], applied: [] }
      case 'replay-state':
        return this.#hearReplay(frame)
      case 'snapshot':
      case 'delta':
        return this.#take(frame, bytes, now)
    }
  }

  /** Time passes: asks again for snapshots that did not come. Call it about once a second. */
  tick(now: number): readonly ClientFrame[] {
    if (!this.#isOpen || this.#isPaused) return []
    const send: ClientFrame[] = []
    for (const [topic, sync] of this.#topics)
      if (sync.tick(now).askResync) send.push(this.#resync(topic, sync))
    return send
  }

  /** Chooses topics anew; what is no longer wanted keeps its last picture. */
  subscribe(wants: (topic: string) => boolean, now: number): readonly ClientFrame[] {
    this.#wants = wants
    return this.#hello === undefined || !this.#isOpen ? [] : [this.#subscribeTo(this.#hello, now, false)]
  }

  /** Nobody looks: nothing is to be sent until `resume`. */
  pause(): readonly ClientFrame[] {
    if (this.#isPaused) return []
    this.#isPaused = true
    return this.#isOpen ? [{ kind: 'pause' }] : []
  }

  resume(now: number): readonly ClientFrame[] {
    if (!this.#isPaused) return []
    this.#isPaused = false
    this.#awaitedSince = now
    for (const sync of this.#topics.values()) sync.await(now)
    return this.#isOpen ? [{ kind: 'resume' }] : []
  }

  /** How the replay stands that was asked for; undefined where none was, or when it was left. */
  get replay(): ReplayState | undefined {
    return this.#replay
  }

  /** What is on the screen is the past: the window that was asked for, or one before it. */
  get isReplaying(): boolean {
    return this.#replay !== undefined && this.#shownReplay === this.#hello?.epoch
  }

  /** Asks for a window of the past, or seeks in it. Times are Unix ms by the floor's clock; `to` 0: until now. */
  startReplay(window: {
    readonly from: number
    readonly to?: number
    readonly speed: number
  }): readonly ClientFrame[] {
    this.#isHeld = false
    this.#wanted = { kind: 'replay', to: 0, ...window }
    return this.#isOpen ? [this.#wanted] : []
  }

  /** Another speed, or to hold the time, or to let it go on. */
  pace(speed: number, isHeld: boolean): readonly ClientFrame[] {
    if (this.#wanted === undefined) return []
    this.#isHeld = isHeld
    this.#wanted = { ...this.#wanted, speed }
    return this.#isOpen ? [{ kind: 'pace', speed, isHeld }] : []
  }

  /** Back to the present. */
  goLive(): readonly ClientFrame[] {
    if (this.#wanted === undefined) return []
    this.#wanted = undefined
    this.#replay = undefined
    return this.#isOpen ? [{ kind: 'live' }] : []
  }

  /** Age of what is on the screen, ms: time since the newest frame left the server. */
  age(now: number): number {
    return this.#age.age(now)
  }

  /** The server's wall time now, ms. */
  serverTime(now: number): number {
    return now + this.#age.offset(now)
  }

  freshness(now: number): Freshness {
    if (!this.#isOpen || this.#hello === undefined) return 'lost'
    const age = this.age(now)
    const isWaiting = [...this.#topics.values()].some(sync => sync.isWaiting)
    if (isWaiting && Math.min(age, now - this.#awaitedSince) < freshnessLimits.stale) return 'resync'
    return freshnessOf(age)
  }

  /** The socket says it is open and nothing comes: close it and connect again. */
  mustReconnect(now: number): boolean {
    if (!this.#isOpen || this.#isPaused) return false
    return Math.min(this.age(now), now - this.#awaitedSince) >= freshnessLimits.lost
  }

  #greet(hello: Hello, now: number): Reaction {
    if (hello.version !== protocolVersion) {
      this.#refusal = {
        kind: 'refusal',
        reason: 'wrong-version',
        detail: `The server speaks version ${hello.version}, this viewer ${protocolVersion}. Reload the page.`,
      }
      return { send: [], applied: [], close: closeCodes['wrong-version'] }
    }
    if (this.#hello?.epoch !== hello.epoch) {
      this.latest = new LatestColumns()
      this.texts.clear()
      this.#links = []
      this.#figures = undefined
    }
    this.#hello = hello
    this.#age.arrived(hello.wallTime, now)
    const send: ClientFrame[] = [this.#subscribeTo(hello, now, true)]
    if (this.#isPaused) send.push({ kind: 'pause' })
    if (this.#isNewConnection) send.push(...this.#askAnew())
    this.#isNewConnection = false
    return { send, applied: [] }
  }

  /** A replay ends with its connection: on the next it is asked for from where it stood. */
  #askAnew(): ClientFrame[] {
    const wanted = this.#wanted
    if (wanted === undefined) return []
    const at = this.#shownReplay === undefined ? wanted.from : this.#floorTime
    const frames: ClientFrame[] = [{ ...wanted, from: at }]
    if (this.#isHeld) frames.push({ kind: 'pace', speed: wanted.speed, isHeld: true })
    return frames
  }

  #hearReplay(state: ReplayState): Reaction {
    // One that was left meanwhile says nothing of what is wanted now.
    if (this.#wanted === undefined) return { send: [], applied: [] }
    this.#replay = state
    if (state.stage === 'playing' || state.stage === 'held' || state.stage === 'over') {
      this.#shownReplay = state.epoch
      this.#floorTime = state.at
    } else if (state.stage === 'refused' && !this.isReplaying) this.#wanted = undefined
    return { send: [], applied: [] }
  }

  #subscribeTo(hello: Hello, now: number, isNewConnection: boolean): ClientFrame {
    const topics = hello.topics.flatMap((id, number) => (this.#wants(id) ? [number] : []))
    if (isNewConnection) this.#topics.clear()
    for (const number of [...this.#topics.keys()]) if (!topics.includes(number)) this.#topics.delete(number)
    for (const number of topics) {
      // Figures come whole each time: there is nothing to be in step with.
      if (hello.topics[number] === figuresTopic) continue
      if (!this.#topics.has(number)) this.#topics.set(number, new TopicSync(now))
    }
    return { kind: 'subscribe', topics }
  }

  #take(frame: Snapshot | Delta, bytes: number, now: number): Reaction {
    const sync = this.#topics.get(frame.topic)
    if (!this.#isOfThisEpoch(frame.epoch) || sync === undefined) return { send: [], applied: [] }
    this.#age.arrived(frame.wallTime, now)
    if (this.isReplaying) this.#floorTime = frame.floorTime
    const { gaps, old } = sync
    const outcome = frame.kind === 'snapshot' ? sync.snapshot(frame, now) : sync.delta(frame, bytes, now)
    this.counts.gaps += sync.gaps - gaps
    this.counts.dropped += sync.old - old
    for (const applied of outcome.apply) this.#apply(applied)
    return { send: outcome.askResync ? [this.#resync(frame.topic, sync)] : [], applied: outcome.apply }
  }

  #apply(frame: Snapshot | Delta): void {
    if (frame.kind === 'delta' && frame.seq - frame.fromSeq > 1) this.counts.merged++
    for (const [code, text] of frame.texts) this.texts.set(code, text)
    this.latest.applySignals(frame.signals)
    this.latest.applyMachines(frame.machines)
    if (this.texts.size > this.#textLimit) this.#forgetTexts()
  }

  /** On a wall for weeks, with a program line as text each second: keep only what is shown. */
  #forgetTexts(): void {
    const shown = new Set(this.latest.value)
    for (const code of this.texts.keys()) if (!shown.has(code)) this.texts.delete(code)
    this.#textLimit = Math.max(manyTexts, this.texts.size * 2)
  }

  #resync(topic: number, sync: TopicSync): ClientFrame {
    this.counts.resyncs++
    return { kind: 'resync', topic, epoch: this.#hello?.epoch ?? 0, lastSeq: sync.lastSeq }
  }

  #isOfThisEpoch(epoch: number): boolean {
    if (epoch === this.#hello?.epoch) return true
    this.counts.dropped++
    return false
  }
}
