import { asyncScheduler, Observable, type Subscriber } from 'rxjs'
import { type AdapterContext, type AdapterDefinition, AdapterError, type SourceEvent } from '../contract.js'
import { guarded } from '../guarded.js'
import { tlsLink } from '../tls.js'
import { Acknowledgements } from './acknowledgements.js'
import { MqttDecoder } from './codec.js'
import { type MqttOptions, mqttOptions } from './config.js'
import { MqttLink } from './link.js'
import type { Published } from './publish-lane.js'

/** Listens to topics of an MQTT broker. It subscribes and acknowledges; it never publishes. */
export const mqtt: AdapterDefinition<MqttOptions> = {
  kind: 'mqtt',
  summary:
    'MQTT brokers (3.1.1, 5): KEPServerEX IoT Gateway, plain topics with a mapping, unified namespaces',
  quietMs: 300_000,
  options: mqttOptions,
  examples: [
    {
      title: 'The IoT Gateway of a KEPServerEX, all tags on one topic',
      options: { url: 'mqtt://192.0.2.20:1883', topics: [{ topic: 'iotgateway', format: 'kepware' }] },
    },
    {
      title: 'A tag a topic',
      options: {
        url: 'mqtt://192.0.2.20:1883',
        topics: [{ topic: 'kepware/{channel}/{device}/{tag}', format: 'kepware' }],
      },
    },
    {
      title: 'Plain topics: several values in a message, one in another unit, over TLS with a password',
      options: {
        url: 'mqtts://broker.example:8883',
        user: 'gemba',
        password: { env: 'BROKER_PASSWORD' },
        topics: [
          {
            topic: 'shop/{machine}/status',
            tag: '{machine}.{value}',
            time: '$.at',
            values: {
              temperature: { value: '$.motor.temp', unit: '°F' },
              pressure: { value: '$.hydraulics[0]', scale: 0.1, unit: 'bar' },
            },
          },
        ],
      },
    },
    {
      title: 'A unified namespace, shared among several engines',
      options: {
        url: 'mqtt://192.0.2.20:1883',
        share: 'gemba',
        topics: [{ topic: 'umh/v1/acme/#', format: 'uns' }],
      },
    },
  ],
  // A session and a name of its own, and none of the messages of a group.
  probe: ({ clientId: _, share: __, ...options }) => ({
    ...options,
    sessionExpiry: 0,
  }),
  create: (options, context) =>
    new Observable(subscriber => {
      const subscription = new Subscription(options, context, subscriber)
      return () => subscription.close()
    }),
}

/** Samples handed on at once at the latest; a turn of the event loop seldom brings as many. */
const largestBatch = 4_096

/** What we listen to, from subscribing to unsubscribing. */
class Subscription {
  readonly #options: MqttOptions
  readonly #context: AdapterContext
  readonly #subscriber: Subscriber<SourceEvent>
  readonly #decoder: MqttDecoder
  readonly #acknowledgements: Acknowledgements
  readonly #link: MqttLink | undefined
  #turn: NodeJS.Immediate | undefined
  #now = 0
  #isConnected = false
  #emitted = 0
  #accepted = 0

  constructor(options: MqttOptions, context: AdapterContext, subscriber: Subscriber<SourceEvent>) {
    this.#options = options
    this.#context = context
    this.#subscriber = subscriber
    this.#acknowledgements = new Acknowledgements(context.onDisk)
    this.#decoder = new MqttDecoder({
      source: context.source,
      signals: context.signals,
      topics: options.topics,
      maxPayload: options.maxPayload,
      intern: text => context.intern(text),
    })
    this.#link = this.#open()
    subscriber.add(
      context.accepted.subscribe(count => {
        this.#accepted = count
        this.#acknowledgements.accept(count)
        this.#pace()
      }),
    )
  }

  close(): void {
    this.#acknowledgements.close()
    clearImmediate(this.#turn)
    this.#link?.close()
  }

  #open(): MqttLink | undefined {
    const { user, password, tls, clientId, ...rest } = this.#options
    const { source, installation, scheduler = asyncScheduler } = this.#context
    try {
      return new MqttLink(
        {
          ...rest,
          clientId: clientId ?? `gemba-${installation}-${source}`,
          user,
          password: password && this.#context.readSecret(password),
          tls: tls && tlsLink(tls, this.#context),
        },
        {
          open: link => this.#subscribe(link),
          message: (message, acknowledge) => this.#take(message, acknowledge),
          lost: error => {
            this.#flush()
            this.#subscriber.error(error)
          },
        },
        scheduler,
      )
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      const error = new AdapterError('not-connected', `${rest.url}: ${why}`, { cause })
      this.#subscriber.error(cause instanceof AdapterError ? cause : error)
      return undefined
    }
  }

  #subscribe(link: MqttLink): void {
    const { share, qos } = this.#options
    const prefix = share === undefined ? '' : `$share/${share}/`
    const filters: Record<string, { qos: 0 | 1 }> = {}
    for (const { filter, entry } of this.#decoder.filters) {
      // Of entries with the same topic the one counts that is to lose nothing.
      const isSafe = (entry.qos ?? qos) === 1 || filters[prefix + filter]?.qos === 1
      filters[prefix + filter] = { qos: isSafe ? 1 : 0 }
    }
    link.subscribe(filters, () => this.#sayConnected())
  }

  #sayConnected(): void {
    if (this.#isConnected) return
    this.#isConnected = true
    this.#subscriber.next({ kind: 'connected' })
  }

  #take(message: Published, acknowledge: (() => void) | undefined): void {
    this.#context.received(message.payload.length)
    // All that a turn of the event loop brings was received at its beginning.
    if (this.#turn === undefined) {
      this.#turn = setImmediate(() => this.#flush())
      this.#now = this.#context.clock.now()
    }
    const fault = guarded(this.#context.source, this.#now, message.payload, () =>
      this.#decoder.push(message, this.#now),
    )
    if (fault !== undefined) this.#subscriber.next({ kind: 'rejects', rejects: [fault] })
    if (acknowledge !== undefined)
      this.#acknowledgements.hold(this.#emitted + this.#decoder.count, acknowledge)
    if (this.#decoder.count >= largestBatch) this.#flush()
    this.#pace()
  }

  /** Hands on what this turn of the event loop has brought. */
  #flush(): void {
    clearImmediate(this.#turn)
    this.#turn = undefined
    const { samples, rejects, unknown, stale, note } = this.#decoder.take()
    if (samples.count + rejects.length + unknown.length > 0) this.#sayConnected()
    if (samples.count > 0) {
      this.#emitted += samples.count
      this.#subscriber.next({ kind: 'samples', batch: samples })
    }
    if (stale.length > 0) this.#subscriber.next({ kind: 'stale', signals: stale })
    if (rejects.length > 0) this.#subscriber.next({ kind: 'rejects', rejects })
    if (unknown.length > 0) this.#subscriber.next({ kind: 'unknown-tags', values: unknown })
    if (note !== undefined) this.#subscriber.next({ kind: 'noted', what: note })
    this.#acknowledgements.settle()
    this.#pace()
  }

  /** Reads on only while no more than a window of our samples is still to be accepted. */
  #pace(): void {
    const onTheWay = this.#emitted + this.#decoder.count - this.#accepted
    // What this turn has brought may be accepted as soon as it is handed on.
    if (onTheWay > this.#context.window && this.#decoder.count > 0) this.#flush()
    else this.#link?.pause(onTheWay > this.#context.window)
  }
}
