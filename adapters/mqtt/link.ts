import type { Duplex } from 'node:stream'
import { connect, ErrorWithReasonCode, type IClientOptions, type MqttClient } from 'mqtt'
import type { SchedulerLike, Subscription } from 'rxjs'
import { AdapterError } from '../contract.js'
import type { TlsLink } from '../tls.js'
import { explain, explainRefusal } from './explain.js'
import { type Published, PublishLane } from './publish-lane.js'

export interface LinkOptions {
  readonly url: string
  readonly protocol: '3.1.1' | '5'
  readonly clientId: string
  readonly user: string | undefined
  readonly password: string | undefined
  readonly tls: TlsLink | undefined
  /** s; 0 = a clean session. */
  readonly sessionExpiry: number
  readonly receiveMaximum: number
  /** s */
  readonly keepAlive: number
  readonly connectTimeoutMs: number
  readonly will?: { readonly topic: string; readonly payload: string } | undefined
}

export interface LinkEvents {
  /** The broker has taken us; subscribe now. */
  open(link: MqttLink): void
  /** At QoS 1 it is to be acknowledged: call `acknowledge` when it may be forgotten elsewhere. */
  message(message: Published, acknowledge: (() => void) | undefined): void
  lost(error: AdapterError): void
}

/** The one thing we need of mqtt.js beyond its public face: to stand between it and its socket. */
interface Streaming {
  streamBuilder(client: MqttClient): Duplex
}

/**
 * One connection to a broker, from opening to closing; it never comes back by itself. It differs from mqtt.js in two
 * things, both through a lane of its own for messages. Those of QoS 1 are acknowledged when the caller says so, without
 * holding up the next. And it can stop reading without the broker taking us for dead.
 */
export class MqttLink {
  readonly #client: MqttClient
  readonly #options: LinkOptions
  readonly #events: LinkEvents
  readonly #scheduler: SchedulerLike
  #lane: PublishLane | undefined
  #isPaused = false
  #pulse: Subscription | undefined
  #isOver = false

  constructor(options: LinkOptions, events: LinkEvents, scheduler: SchedulerLike) {
    this.#options = options
    this.#events = events
    this.#scheduler = scheduler
    this.#client = connect(options.url, { ...clientOptions(options), manualConnect: true })
    this.#layLane()
    this.#client.on('connect', () => {
      if (!this.#isOver) events.open(this)
    })
    this.#client.on('error', error => this.#lose(explain(error), error))
    this.#client.on('disconnect', packet =>
      this.#lose(`closed the connection: ${reasonOf(packet.reasonCode)}`),
    )
    this.#client.on('close', () =>
      this.#lose(
        'closed the connection. Where it does so again and again, another client may have the same clientId',
      ),
    )
    this.#client.connect()
  }

  /** Resolves when the broker has granted all of them; a refusal is a lost link. */
  subscribe(filters: Readonly<Record<string, { readonly qos: 0 | 1 }>>, granted: () => void): void {
    this.#client.subscribe({ ...filters }, {}, (error, asked, answer) => {
      if (this.#isOver) return
      if (error === null) granted()
      else {
        const topics = asked?.filter((_, i) => Number(answer?.granted?.[i]) >= 0x80).map(({ topic }) => topic)
        this.#lose(explainRefusal(error, topics ?? []), error)
      }
    })
  }

  /**
   * For what a protocol demands of its reader; nothing else may call it. `refused`: the broker has taken it at QoS 1 and
   * says that it may not be (MQTT 5 alone has words for that).
   */
  publish(
    topic: string,
    payload: string | Buffer,
    options: { readonly qos: 0 | 1; readonly retain: boolean },
    refused?: (why: string) => void,
  ): void {
    if (this.#isOver) return
    this.#client.publish(topic, payload, options, error => {
      if (!this.#isOver && error instanceof ErrorWithReasonCode) refused?.(error.message)
    })
  }

  /** Stops reading, or goes on. While stopped it pings by itself, since it does not read the broker's answers. */
  pause(isPaused: boolean): void {
    if (isPaused === this.#isPaused) return
    this.#isPaused = isPaused
    this.#lane?.hold(isPaused)
    if (isPaused) {
      this.#beat()
      return
    }
    this.#pulse?.unsubscribe()
  }

  /** Says goodbye and closes; at once where the broker does not answer. */
  close(): void {
    if (this.#isOver) return
    this.#end()
    this.pause(false)
    // A farewell needs somebody to hear it.
    this.#client.end(!this.#client.connected)
  }

  #layLane(): void {
    const streaming = this.#client as unknown as Streaming
    const build = streaming.streamBuilder.bind(streaming)
    streaming.streamBuilder = client => {
      const lane = new PublishLane(build(client), this.#options.protocol === '5', message => {
        if (this.#isOver) return
        const acknowledge = message.qos === 1 ? () => lane.acknowledge(message.packetId) : undefined
        this.#events.message(message, acknowledge)
      })
      this.#lane = lane
      return lane
    }
  }

  #beat(): void {
    this.#pulse = this.#scheduler.schedule(
      () => {
        this.#client.sendPing()
        this.#client.reschedulePing(true)
        this.#beat()
      },
      (this.#options.keepAlive * 1000) / 2,
    )
  }

  #end(): void {
    this.#isOver = true
    this.#pulse?.unsubscribe()
  }

  #lose(what: string, cause?: unknown): void {
    if (this.#isOver) return
    this.#end()
    this.#client.end(true)
    this.#events.lost(new AdapterError('not-connected', `${this.#options.url} ${what}.`, { cause }))
  }
}

function reasonOf(code: number | undefined): string {
  return code === 142 ? 'another client came with the same clientId' : `reason ${code ?? 'not said'}`
}

function clientOptions(options: LinkOptions): IClientOptions {
  const { protocol, sessionExpiry, tls, user, password, will } = options
  const is5 = protocol === '5'
  return {
    protocolVersion: is5 ? 5 : 4,
    clientId: options.clientId,
    clean: sessionExpiry === 0,
    keepalive: options.keepAlive,
    reconnectPeriod: 0,
    resubscribe: false,
    // Its debugging costs a tenth of each message even when it is off.
    log: () => undefined,
    connectTimeout: options.connectTimeoutMs,
    ...(user !== undefined && { username: user }),
    ...(password !== undefined && { password }),
    ...(is5 && {
      properties: { sessionExpiryInterval: sessionExpiry, receiveMaximum: options.receiveMaximum },
    }),
    ...(will && { will: { ...will, payload: Buffer.from(will.payload), qos: 1 as const, retain: true } }),
    ...tls,
  }
}
