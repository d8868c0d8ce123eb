import {
  App,
  type HttpResponse,
  type TemplatedApp,
  us_listen_socket_close,
  us_socket_local_port,
  type WebSocket,
} from 'uWebSockets.js'
import { readFile } from 'node:fs/promises'
import { extname, join, normalize } from 'node:path'
import type { Manifest } from '../../schema/manifest.js'
import { decodeClientFrame, encodeServerFrame } from '../../schema/stream/codec.js'
import {
  type ClientFrame,
  type Delta,
  protocolVersion,
  type ServerFrame,
  subprotocol,
} from '../../schema/stream/protocol.js'
import { demoPlant } from '../dev/demo-plant.js'
import { ScriptedPlant } from './scripted-plant.js'

export interface ScriptedServerOptions {
  /** Folder of the built viewer. */
  readonly files: string
  readonly manifest?: Manifest
  /** How many times faster than real the server's clock runs. */
  readonly pace?: number
  /** How far the server's clock is ahead of the real one, ms. */
  readonly skew?: number
  readonly version?: number
  /** Where the floor's clock stands, Unix ms: a recording's day. Without it the floor's clock is the wall's. */
  readonly floorTime?: number
}

interface Session {
  topics: readonly number[]
}

const texts: readonly (readonly [code: number, text: string])[] = [
  [0, 'P-1001'],
  [1, 'P-1002'],
  [2, 'P-2040'],
  [3, 'Warm-up'],
]
const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
}

/**
 * An engine that does what a test says: it serves the built viewer and speaks the stream protocol, loses a delta on
 * command, goes silent, hangs up, starts anew.
 */
export class ScriptedServer {
  readonly #options: ScriptedServerOptions
  readonly #app: TemplatedApp
  readonly #sockets = new Set<WebSocket<Session>>()
  readonly #started = performance.now()
  readonly #heartbeat: ReturnType<typeof setInterval>
  #listening: Parameters<typeof us_listen_socket_close>[0] | undefined
  #change: ReturnType<typeof setInterval> | undefined
  #seqs: number[] = []
  #isSilent = false
  #isRefusing = false
  #deltasToLose = 0
  #resyncDelay = 0
  plant: ScriptedPlant
  epoch = 1_000
  /** When anything was sent last, by the server's clock. */
  lastSent = 0
  port = 0
  /** Frames of clients, oldest first. */
  readonly received: ClientFrame[] = []
  /** Bytes of snapshots and of deltas sent. */
  readonly sent = { snapshots: 0, snapshotBytes: 0, deltas: 0, deltaBytes: 0 }

  static async start(options: ScriptedServerOptions): Promise<ScriptedServer> {
    const server = new ScriptedServer(options)
    await server.#listen()
    return server
  }

  private constructor(options: ScriptedServerOptions) {
    this.#options = options
    this.plant = new ScriptedPlant(options.manifest ?? demoPlant(), this.now())
    this.#seqs = this.plant.manifest.areas.map(() => 1)
    this.#app = App()
    this.#app.ws<Session>('/api/v1/stream', {
      upgrade: (response, request, context) => {
        if (this.#isRefusing) {
          response.writeStatus('503 Service Unavailable').end()
          return
        }
        response.upgrade<Session>(
          { topics: [] },
          request.getHeader('sec-websocket-key'),
          request.getHeader('sec-websocket-protocol') === subprotocol ? subprotocol : '',
          request.getHeader('sec-websocket-extensions'),
          context,
        )
      },
      open: socket => {
        this.#sockets.add(socket)
        if (!this.#isSilent) this.#send(socket, this.#hello())
      },
      message: (socket, message) => this.#take(socket, decodeClientFrame(new Uint8Array(message.slice(0)))),
      close: socket => void this.#sockets.delete(socket),
    })
    this.#app.get('/api/v1/manifest/:hash', response => {
      response.writeHeader('content-type', 'application/json').end(JSON.stringify(this.plant.manifest))
    })
    this.#app.get('/*', (response, request) => void this.#serve(response, request.getUrl()))
    this.#heartbeat = setInterval(() => this.beat(), 1_000 / (options.pace ?? 1))
  }

  get url(): string {
    const pace = this.#options.pace ?? 1
    return `http://127.0.0.1:${this.port}/${pace === 1 ? '' : `?pace=${pace}`}`
  }

  /** The floor's time, Unix ms. */
  floorNow(): number {
    return this.#options.floorTime ?? this.now()
  }

  /** The server's wall time, Unix ms. */
  now(): number {
    const { pace = 1, skew = 0 } = this.#options
    const elapsed = (performance.now() - this.#started) * pace
    return Math.round(performance.timeOrigin + this.#started + elapsed + skew)
  }

  /** Sends a heartbeat to everybody. */
  beat(): void {
    if (this.#isSilent) return
    const wallTime = this.now()
    for (const socket of this.#sockets)
      this.#send(socket, { kind: 'heartbeat', epoch: this.epoch, floorTime: this.floorNow(), wallTime })
  }

  /** Sends what changed in the plant since the last call, a delta per topic. */
  flush(): void {
    const { signals, machines } = this.plant.takeDirty()
    for (const topic of this.#seqs.keys()) {
      const { topicOfSignal, topicOfMachine } = this.plant
      const delta: Delta = {
        kind: 'delta',
        topic,
        epoch: this.epoch,
        fromSeq: this.#seqs[topic]!,
        seq: this.#seqs[topic]! + 1,
        floorTime: this.floorNow(),
        wallTime: this.now(),
        signals: this.plant.signalColumns(index => signals.has(index) && topicOfSignal[index] === topic),
        machines: this.plant.machineColumns(index => machines.has(index) && topicOfMachine[index] === topic),
        texts: [],
      }
      if (delta.signals.index.length + delta.machines.index.length > 0) this.#publish(delta)
    }
  }

  /** The next so many deltas are numbered and never sent. */
  loseDeltas(count: number): void {
    this.#deltasToLose += count
  }

  /** Answers to a resync come this much later, ms. */
  delayResync(ms: number): void {
    this.#resyncDelay = ms
  }

  /** Sends a frame as it is to everybody. */
  broadcast(frame: ServerFrame): void {
    for (const socket of this.#sockets) this.#send(socket, frame)
  }

  seqOf(topic: number): number {
    return this.#seqs[topic]!
  }

  /** Silent: the connection stands and nothing comes. */
  setSilent(isSilent: boolean): void {
    this.#isSilent = isSilent
  }

  /** Hangs up on everybody; `isRefusing` = and lets nobody in. */
  hangUp(isRefusing: boolean): void {
    this.#isRefusing = isRefusing
    for (const socket of [...this.#sockets]) socket.close()
  }

  letIn(): void {
    this.#isRefusing = false
  }

  /** As if the process had been started anew: another epoch, sequences from the start, a plant of its own. */
  restart(): void {
    this.epoch++
    this.plant = new ScriptedPlant(this.plant.manifest, this.now())
    this.#seqs = this.plant.manifest.areas.map(() => 1)
    this.hangUp(false)
  }

  /** Changes every signal so many times a second. */
  changeAll(timesPerSecond: number): void {
    clearInterval(this.#change)
    let step = 0
    if (timesPerSecond === 0) return
    this.#change = setInterval(() => {
      this.plant.changeAll(this.now(), step++)
      this.flush()
    }, 1_000 / timesPerSecond)
  }

  stop(): void {
    clearInterval(this.#heartbeat)
    clearInterval(this.#change)
    if (this.#listening !== undefined) us_listen_socket_close(this.#listening)
    for (const socket of [...this.#sockets]) socket.close()
  }

  #listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#app.listen('127.0.0.1', 0, listening => {
        if (listening === false) {
          reject(new Error('The scripted server found no free port.'))
          return
        }
        this.#listening = listening
        this.port = us_socket_local_port(listening)
        resolve()
      })
    })
  }

  #hello(): ServerFrame {
    return {
      kind: 'hello',
      version: this.#options.version ?? protocolVersion,
      epoch: this.epoch,
      manifest: 'demo',
      topics: this.plant.manifest.areas.map(area => `area/${area.id}`),
      tickMs: 100,
      floorTime: this.floorNow(),
      wallTime: this.now(),
    }
  }

  #take(socket: WebSocket<Session>, frame: ClientFrame): void {
    this.received.push(frame)
    const session = socket.getUserData()
    switch (frame.kind) {
      case 'subscribe':
        session.topics = frame.topics
        for (const topic of frame.topics) this.#sendSnapshot(socket, topic)
        break
      case 'resync':
        if (this.#resyncDelay === 0) this.#sendSnapshot(socket, frame.topic)
        else
          setTimeout(
            () => this.#sockets.has(socket) && this.#sendSnapshot(socket, frame.topic),
            this.#resyncDelay,
          )
        break
      case 'resume':
        for (const topic of session.topics) this.#sendSnapshot(socket, topic)
        break
      case 'pause':
        break
    }
  }

  #sendSnapshot(socket: WebSocket<Session>, topic: number): void {
    if (this.#isSilent) return
    const { topicOfSignal, topicOfMachine } = this.plant
    const bytes = this.#send(socket, {
      kind: 'snapshot',
      topic,
      epoch: this.epoch,
      seq: this.#seqs[topic]!,
      floorTime: this.floorNow(),
      wallTime: this.now(),
      signals: this.plant.signalColumns(index => topicOfSignal[index] === topic),
      machines: this.plant.machineColumns(index => topicOfMachine[index] === topic),
      texts,
    })
    this.sent.snapshots++
    this.sent.snapshotBytes += bytes
  }

  #publish(delta: Delta): void {
    this.#seqs[delta.topic] = delta.seq
    if (this.#deltasToLose > 0) {
      this.#deltasToLose--
      return
    }
    if (this.#isSilent) return
    for (const socket of this.#sockets) {
      if (!socket.getUserData().topics.includes(delta.topic)) continue
      this.sent.deltas++
      this.sent.deltaBytes += this.#send(socket, delta)
    }
  }

  #send(socket: WebSocket<Session>, frame: ServerFrame): number {
    const bytes = encodeServerFrame(frame)
    this.lastSent = this.now()
    socket.send(bytes, true)
    return bytes.length
  }

  async #serve(response: HttpResponse, url: string): Promise<void> {
    let isAborted = false
    response.onAborted(() => {
      isAborted = true
    })
    const path = normalize(url === '/' ? '/index.html' : url)
    const body = await readFile(join(this.#options.files, path)).catch(() => undefined)
    if (isAborted) return
    response.cork(() => {
      if (body === undefined) response.writeStatus('404 Not Found').end()
      else
        response
          .writeHeader('content-type', contentTypes[extname(path)] ?? 'application/octet-stream')
          .end(body)
    })
  }
}
