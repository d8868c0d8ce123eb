import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { asyncScheduler, Observable, type Subscriber } from 'rxjs'
import { type AdapterContext, type AdapterDefinition, AdapterError, type SourceEvent } from '../contract.js'
import { explainSocketError } from '../socket-error.js'
import { tlsLink } from '../tls.js'
import { type Decoded, ShdrDecoder } from './codec.js'
import { type MtconnectOptions, mtconnectOptions } from './config.js'
import { Heartbeat } from './heartbeat.js'

/** Reads an MTConnect adapter's SHDR stream over TCP. The one thing it ever sends is `* PING`. */
export const mtconnect: AdapterDefinition<MtconnectOptions> = {
  kind: 'mtconnect',
  summary: 'MTConnect adapters (SHDR over TCP): machine tools, and recordings that `gemba play` serves',
  options: mtconnectOptions,
  examples: [
    {
      title: 'A machine tool with its adapter on the usual port',
      options: { host: '192.0.2.10', port: 7878 },
    },
    {
      title: 'One device of an adapter that serves several',
      options: { host: '192.0.2.11', port: 7878, device: 'Mazak01' },
    },
    {
      title: 'An adapter behind TLS (stunnel at the machine, say)',
      options: { host: 'mill-1.example', port: 7879, tls: { ca: '/etc/gemba/plant-ca.pem' } },
    },
    {
      title: 'A source that answers no PING',
      options: { host: '192.0.2.12', port: 5000, heartbeatMs: 0, connectTimeoutMs: 2000 },
    },
  ],
  probe: options => options,
  create: (options, context) =>
    new Observable(subscriber => {
      const connection = new Connection(options, context, subscriber)
      return () => connection.close()
    }),
}

/** One TCP connection, from subscribing to unsubscribing. */
class Connection {
  readonly #options: MtconnectOptions
  readonly #context: AdapterContext
  readonly #subscriber: Subscriber<SourceEvent>
  readonly #socket: Socket
  readonly #decoder: ShdrDecoder
  readonly #heartbeat: Heartbeat
  #isOpen = false
  #emitted = 0
  #accepted = 0

  constructor(options: MtconnectOptions, context: AdapterContext, subscriber: Subscriber<SourceEvent>) {
    this.#options = options
    this.#context = context
    this.#subscriber = subscriber
    this.#decoder = new ShdrDecoder({
      source: context.source,
      signals: context.signals,
      device: options.device,
      maxLineLength: options.maxLineLength,
      intern: text => context.intern(text),
    })
    const scheduler = context.scheduler ?? asyncScheduler
    this.#heartbeat = new Heartbeat(options.heartbeatMs, scheduler, {
      ping: () => this.#socket.write('* PING\n'),
      lost: silenceMs => this.#lose(`said nothing for ${silenceMs} ms, not even to * PING`),
    })
    this.#socket = this.#open()
    const timeout = scheduler.schedule(() => {
      if (!this.#isOpen) this.#lose(`did not answer within ${options.connectTimeoutMs} ms`)
    }, options.connectTimeoutMs)
    subscriber.add(timeout)
    subscriber.add(
      context.accepted.subscribe(count => {
        this.#accepted = count
        this.#pace()
      }),
    )
  }

  close(): void {
    this.#heartbeat.stop()
    this.#socket.destroy()
  }

  #open(): Socket {
    const { host, port, heartbeatMs, tls } = this.#options
    const options = { host, port, noDelay: true, keepAlive: true }
    const socket =
      tls === undefined ? connect(options) : connectTls({ ...options, ...tlsLink(tls, this.#context) })
    socket.on(tls === undefined ? 'connect' : 'secureConnect', () => {
      this.#isOpen = true
      this.#subscriber.next({ kind: 'connected' })
      if (heartbeatMs > 0 && !this.#subscriber.closed) this.#heartbeat.start()
    })
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    socket.on('error', error => this.#lose(explainSocketError(error), error))
    socket.on('close', () => this.#lose('closed the connection'))
    return socket
  }

  #read(chunk: Buffer): void {
    this.#context.received(chunk.length)
    const decoded = this.#decoder.push(chunk, this.#context.clock.now())
    if (this.#options.heartbeatMs > 0) this.#heartbeat.heard(decoded.heartbeatMs)
    this.#emit(decoded)
    this.#pace()
  }

  #emit({ samples, rejects, unknown, pongs }: Decoded): void {
    if (samples.count > 0) {
      this.#emitted += samples.count
      this.#subscriber.next({ kind: 'samples', batch: samples })
    }
    if (rejects.length > 0) this.#subscriber.next({ kind: 'rejects', rejects })
    if (unknown.length > 0) this.#subscriber.next({ kind: 'unknown-tags', values: unknown })
    if (pongs > 0) this.#subscriber.next({ kind: 'alive' })
  }

  /** Reads on only while no more than a window of our samples is still to be accepted. */
  #pace(): void {
    const isOver = this.#emitted - this.#accepted > this.#context.window
    if (isOver === this.#socket.isPaused()) return
    if (isOver) this.#socket.pause()
    else this.#socket.resume()
    if (this.#options.heartbeatMs > 0 && this.#isOpen) this.#heartbeat.listen(!isOver)
  }

  #lose(what: string, cause?: unknown): void {
    if (this.#subscriber.closed) return
    this.#emit(this.#decoder.end(this.#context.clock.now()))
    const { host, port } = this.#options
    const next = `Check that the MTConnect adapter runs there and that the port is open.`
    this.#subscriber.error(new AdapterError('not-connected', `${host}:${port} ${what}. ${next}`, { cause }))
  }
}
