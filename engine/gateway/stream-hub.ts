import { decodeClientFrame, encodeServerFrame } from '../../schema/stream/codec.js'
import {
  type CloseReason,
  figuresTopic,
  protocolVersion,
  type ReplayFrame,
} from '../../schema/stream/protocol.js'
import { StreamError } from '../../schema/stream/stream-error.js'
import type { Floor } from '../floor/floor.js'
import { FigureBoard, type FigureFeed } from './figure-board.js'
import type { StreamMetrics } from './stream-metrics.js'
import { type StreamSocket, Subscriber } from './subscriber.js'
import { Topic, type TopicGround } from './topic.js'

export interface StreamHubOptions {
  readonly floor: Floor
  /** Hash of the manifest. */
  readonly manifest: string
  readonly tickMs: number
  readonly metrics: StreamMetrics
  /** Without it there is no topic of figures. */
  readonly figures?: FigureFeed
  /** The wall's time at the start, unless another is given. */
  readonly epoch?: number
  /** A client steers a replay. */
  onReplay?(socket: StreamSocket, frame: ReplayFrame): void
}

/**
 * The server's half of the stream protocol (SPEC.md), without sockets or timers: the gateway opens, hears and closes
 * clients, and calls `tick`. What a tick costs follows what changed, not the size of the plant.
 */
export class StreamHub {
  readonly epoch: number
  readonly #floor: Floor
  readonly #options: StreamHubOptions
  readonly #topics: readonly Topic[]
  /** Topic of a signal or a machine, by index. */
  readonly #topicOfSignal: (Topic | undefined)[] = []
  readonly #topicOfMachine: (Topic | undefined)[] = []
  readonly #figures: FigureBoard | undefined
  readonly #subscribers = new Map<StreamSocket, Subscriber>()

  constructor(options: StreamHubOptions) {
    this.#options = options
    this.#floor = options.floor
    this.epoch = options.epoch ?? Math.floor(options.floor.wall.now())
    this.#topics = this.#makeTopics()
    const { figures, floor, tickMs } = options
    const machines = floor.registry.machines.map(({ index, machine }) => ({ index, id: machine.id }))
    this.#figures = figures && new FigureBoard(figures, machines, tickMs)
  }

  get clientCount(): number {
    return this.#subscribers.size
  }

  /** A client has connected. */
  open(socket: StreamSocket): void {
    const now = this.#floor.wall.now()
    const subscriber = new Subscriber(socket, now)
    this.#subscribers.set(socket, subscriber)
    this.#options.metrics.clients.inc()
    const hello = encodeServerFrame({
      kind: 'hello',
      version: protocolVersion,
      epoch: this.epoch,
      manifest: this.#options.manifest,
      topics: [...this.#topics.map(topic => topic.id), ...(this.#figures ? [figuresTopic] : [])],
      tickMs: this.#options.tickMs,
      floorTime: this.#floor.clock.now(),
      wallTime: now,
    })
    subscriber.say(hello, now)
  }

  /** A client has said something. */
  hear(socket: StreamSocket, bytes: Uint8Array): void {
    const subscriber = this.#subscribers.get(socket)
    if (subscriber === undefined) return
    if (!subscriber.mayTalk(this.#floor.wall.now())) {
      this.refuse(socket, 'try-again-later', 'Too many frames in one second. Connect again and send fewer.')
      return
    }
    try {
      const frame = decodeClientFrame(bytes)
      if (frame.kind === 'resync') this.#options.metrics.resyncs.inc()
      if (frame.kind === 'replay' || frame.kind === 'pace' || frame.kind === 'live') {
        this.#options.onReplay?.(socket, frame)
        return
      }
      if (subscriber.obey(frame, this.#topics, this.#figures !== undefined)) return
      this.refuse(socket, 'bad-frame', `A topic beyond the ${this.#topics.length} of the hello.`)
    } catch (error) {
      if (!(error instanceof StreamError)) throw error
      this.refuse(socket, error.code === 'frame-too-large' ? 'frame-too-large' : 'bad-frame', error.message)
    }
  }

  /** Says why, and closes. */
  refuse(socket: StreamSocket, reason: CloseReason, detail: string): void {
    const subscriber = this.#subscribers.get(socket)
    if (subscriber === undefined) return
    this.closed(socket)
    this.#options.metrics.refusals.inc({ reason })
    subscriber.refuse(encodeServerFrame({ kind: 'refusal', reason, detail }), reason)
  }

  /** Sends a client a frame that belongs to no topic. */
  say(socket: StreamSocket, frame: Uint8Array): void {
    this.#subscribers.get(socket)?.say(frame, this.#floor.wall.now())
  }

  /** A client goes over to another hub. */
  leave(socket: StreamSocket): void {
    if (this.#subscribers.delete(socket)) this.#options.metrics.clients.dec()
  }

  /** A client is gone. */
  closed(socket: StreamSocket): void {
    if (this.#subscribers.delete(socket)) this.#options.metrics.clients.dec()
  }

  /** Takes what changed on the floor and brings every client up to it. */
  tick(): void {
    const measured = this.#options.metrics.tickSeconds.startTimer()
    const now = this.#floor.wall.now()
    const changed = this.#takeChanged()
    for (const topic of changed) topic.step()
    let heartbeat: Uint8Array | undefined
    const beat = (): Uint8Array => {
      heartbeat ??= encodeServerFrame({
        kind: 'heartbeat',
        epoch: this.epoch,
        floorTime: this.#floor.clock.now(),
        wallTime: now,
      })
      return heartbeat
    }
    let linksFrame: Uint8Array | undefined
    const { links } = this.#floor
    const tellLinks = (): Uint8Array => {
      linksFrame ??= encodeServerFrame({ kind: 'links', epoch: this.epoch, links: links?.list() ?? [] })
      return linksFrame
    }
    const board = this.#figures
    // Nobody looks: nothing is worked out.
    if ([...this.#subscribers.values()].some(subscriber => subscriber.wantsFigures)) board?.tick()
    let figuresFrame: Uint8Array | undefined
    const tellFigures = (): Uint8Array => {
      figuresFrame ??= encodeServerFrame({
        kind: 'figures',
        epoch: this.epoch,
        floorTime: this.#floor.clock.now(),
        wallTime: now,
        figures: board!.columns,
      })
      return figuresFrame
    }
    const { metrics } = this.#options
    let waiting = 0
    for (const [socket, subscriber] of this.#subscribers) {
      if (subscriber.patience(now) === 'close') {
        this.refuse(
          socket,
          'too-slow',
          'The connection is too slow for the stream. Subscribe to fewer topics.',
        )
        continue
      }
      const { shared, own, bytes } = subscriber.tick(changed, beat, now)
      metrics.frames.inc({ kind: 'shared' }, shared)
      metrics.frames.inc({ kind: 'own' }, own)
      const told = subscriber.tellFigures(board?.version ?? 0, tellFigures, now)
      metrics.bytes.inc(bytes + told + subscriber.tellLinks(links?.version ?? 0, tellLinks))
      waiting += subscriber.waitingBytes
    }
    metrics.waiting.set(waiting)
    for (const topic of this.#topics) topic.settle()
    measured()
  }

  /** The engine stops. */
  close(): void {
    for (const socket of [...this.#subscribers.keys()]) {
      this.refuse(socket, 'going-away', 'The engine stops. Connect again in a moment.')
    }
  }

  #takeChanged(): Topic[] {
    const changed: Topic[] = []
    const note = (topic: Topic): void => {
      if (!topic.isChanged) changed.push(topic)
    }
    for (const index of this.#floor.signals.takeChanged()) {
      const topic = this.#topicOfSignal[index]
      if (topic === undefined) continue
      note(topic)
      topic.signalChanged(index)
    }
    for (const index of this.#floor.machines.takeChanged()) {
      const topic = this.#topicOfMachine[index]
      if (topic === undefined) continue
      note(topic)
      topic.machineChanged(index)
    }
    return changed
  }

  #makeTopics(): Topic[] {
    const { registry } = this.#floor
    const ground: TopicGround = {
      floor: this.#floor,
      epoch: this.epoch,
      resolution: new Float64Array(registry.signalCapacity),
      isText: new Uint8Array(registry.signalCapacity),
      place: new Uint32Array(registry.signalCapacity),
    }
    const byArea = new Map<string, { signals: number[]; machines: number[] }>()
    for (const machine of registry.machines) {
      const members = byArea.get(machine.area) ?? { signals: [], machines: [] }
      byArea.set(machine.area, members)
      members.machines.push(machine.index)
      for (const { index, signal } of machine.signals) {
        members.signals.push(index)
        ground.resolution[index] = signal.type === 'number' ? signal.resolution : 0
        ground.isText[index] = signal.type === 'text' ? 1 : 0
      }
    }
    return [...byArea].map(([area, members], number) => {
      const signals = Uint32Array.from(members.signals).sort()
      const machines = Uint32Array.from(members.machines).sort()
      const topic = new Topic(number, `area/${area}`, signals, machines, ground)
      for (const index of signals) this.#topicOfSignal[index] = topic
      for (const index of machines) this.#topicOfMachine[index] = topic
      return topic
    })
  }
}
