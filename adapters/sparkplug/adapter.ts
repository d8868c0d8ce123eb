import {
  asyncScheduler,
  Observable,
  type SchedulerLike,
  type Subscriber,
  type Subscription as Timer,
} from 'rxjs'
import { type AdapterContext, type AdapterDefinition, AdapterError, type SourceEvent } from '../contract.js'
import { guarded } from '../guarded.js'
import { Acknowledgements } from '../mqtt/acknowledgements.js'
import { MqttLink } from '../mqtt/link.js'
import type { Published } from '../mqtt/publish-lane.js'
import { tlsLink } from '../tls.js'
import { type SparkplugOptions, sparkplugOptions } from './config.js'
import { type HostCommand, SparkplugHost } from './host.js'
import { stateTopic } from './topic.js'

/** A Sparkplug 3.0 host application. It publishes its STATE and rebirth requests, and nothing else. */
export const sparkplug: AdapterDefinition<SparkplugOptions> = {
  kind: 'sparkplug',
  summary: 'Sparkplug B edge nodes and devices, as a host application (Sparkplug 3.0)',
  options: sparkplugOptions,
  examples: [
    { title: 'All edge nodes at a broker', options: { brokers: ['mqtt://192.0.2.20:1883'] } },
    {
      title: 'One group at a pair of brokers, over TLS, as the primary host of its nodes',
      options: {
        brokers: ['mqtts://a.example:8883', 'mqtts://b.example:8883'],
        hostId: 'plant-host',
        groups: ['Pune'],
        user: 'gemba',
        password: { env: 'BROKER_PASSWORD' },
        tls: { ca: '/etc/ssl/broker-ca.pem' },
      },
    },
  ],
  // A guest, and no host: it says no STATE, which nodes might wait for and brokers keep.
  probe: ({ clientId: _, ...options }) => ({ ...options, hostId: guest }),
  create: (options, context) =>
    new Observable(subscriber => {
      const subscription = new Subscription(options, context, subscriber)
      return () => subscription.close()
    }),
}

/** In place of the id of a host. */
const guest = ''
const firstRetryMs = 500
const longestRetryMs = 5_000
const largestBatch = 4_096

/** A connection to one of the brokers; `link` is undefined while it waits to be made again. */
interface Session {
  readonly url: string
  host: SparkplugHost | undefined
  link: MqttLink | undefined
  isOpen: boolean
  failures: number
  retry: Timer | undefined
}

/** All brokers of one source, from subscribing to unsubscribing. */
class Subscription {
  readonly #options: SparkplugOptions
  readonly #context: AdapterContext
  readonly #subscriber: Subscriber<SourceEvent>
  readonly #scheduler: SchedulerLike
  readonly #acknowledgements: Acknowledgements
  readonly #owners = new Map<number, object>()
  readonly #sessions: readonly Session[]
  #turn: NodeJS.Immediate | undefined
  #timer: Timer | undefined
  #isConnected = false
  #emitted = 0
  #accepted = 0

  constructor(options: SparkplugOptions, context: AdapterContext, subscriber: Subscriber<SourceEvent>) {
    this.#options = options
    this.#context = context
    this.#subscriber = subscriber
    this.#acknowledgements = new Acknowledgements(context.onDisk)
    this.#scheduler = context.scheduler ?? asyncScheduler
    this.#sessions = options.brokers.map(url => ({
      url,
      host: undefined,
      link: undefined,
      isOpen: false,
      failures: 0,
      retry: undefined,
    }))
    for (const session of this.#sessions) this.#open(session)
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
    this.#timer?.unsubscribe()
    for (const { host, link, isOpen, retry } of this.#sessions) {
      retry?.unsubscribe()
      if (isOpen && host && link && !this.#isGuest)
        publish(link, host, host.goodbye(this.#context.wall.now()))
      link?.close()
    }
  }

  get #isGuest(): boolean {
    return this.#options.hostId === guest
  }

  #open(session: Session): void {
    if (this.#subscriber.closed) return
    const { source, signals, wall } = this.#context
    const { hostId, reorderTimeoutMs, requestRebirth, rebirthIntervalMs } = this.#options
    const host = new SparkplugHost({
      source,
      broker: session.url,
      hostId,
      signals,
      reorderTimeoutMs,
      rebirthIntervalMs: requestRebirth ? rebirthIntervalMs : Number.POSITIVE_INFINITY,
      connectedAt: wall.now(),
      owners: this.#owners,
      intern: text => this.#context.intern(text),
    })
    session.host = host
    try {
      session.link = this.#connect(session, host)
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      const error = new AdapterError('not-connected', `${session.url}: ${why}`, { cause })
      this.#lost(session, cause instanceof AdapterError ? cause : error)
    }
  }

  #connect(session: Session, host: SparkplugHost): MqttLink {
    const { user, password, tls, clientId, protocol, keepAlive, connectTimeoutMs } = this.#options
    const { will } = host
    return new MqttLink(
      {
        url: session.url,
        protocol,
        clientId: clientId ?? `gemba-${this.#context.installation}-${this.#context.source}`,
        user,
        password: password && this.#context.readSecret(password),
        tls: tls && tlsLink(tls, this.#context),
        sessionExpiry: 0,
        receiveMaximum: 2_000,
        keepAlive,
        connectTimeoutMs,
        will: this.#isGuest ? undefined : { topic: will.topic, payload: will.payload.toString() },
      },
      {
        open: link => this.#subscribe(session, host, link),
        message: (message, acknowledge) => this.#take(host, message, acknowledge),
        lost: error => this.#lost(session, error),
      },
      this.#scheduler,
    )
  }

  /** Its own STATE and what nodes say, before it says that it is there (Sparkplug 3.0, 5.13). */
  #subscribe(session: Session, host: SparkplugHost, link: MqttLink): void {
    const { groups, hostId } = this.#options
    const filters = groups.length === 0 ? ['spBv1.0/#'] : groups.map(group => `spBv1.0/${group}/#`)
    const state = this.#isGuest ? [] : [stateTopic(hostId)]
    const all = [...state, ...filters].map(filter => [filter, { qos: 1 }] as const)
    link.subscribe(Object.fromEntries(all), () => {
      session.isOpen = true
      session.failures = 0
      if (!this.#isGuest) publish(link, host, host.online)
      this.#sayConnected()
      this.#subscriber.next({ kind: 'trouble', of: session.url, what: undefined })
      host.begin(this.#context.clock.now())
      this.#watch()
    })
  }

  /** One broker of several may go: its nodes are stale, and it is tried again. Without any the source is lost. */
  #lost(session: Session, given: AdapterError): void {
    const error = explained(given, session)
    session.host?.lost(this.#context.clock.now())
    this.#flush()
    session.host = undefined
    session.link = undefined
    session.isOpen = false
    if (this.#sessions.every(({ host }) => host === undefined)) {
      this.#subscriber.error(error)
      return
    }
    const what = `${error.message} What its nodes told is stale; it is tried again until it answers.`
    this.#subscriber.next({ kind: 'trouble', of: session.url, what })
    const delay = Math.min(longestRetryMs, firstRetryMs * 2 ** session.failures++)
    session.retry = this.#scheduler.schedule(() => this.#open(session), delay)
  }

  #sayConnected(): void {
    if (this.#isConnected) return
    this.#isConnected = true
    this.#subscriber.next({ kind: 'connected' })
  }

  #take(
    host: SparkplugHost,
    { topic, payload, retain }: Published,
    acknowledge: (() => void) | undefined,
  ): void {
    this.#context.received(payload.length)
    const now = this.#context.clock.now()
    const fault = guarded(this.#context.source, now, topic, () => host.message(topic, payload, retain, now))
    if (fault !== undefined) this.#subscriber.next({ kind: 'rejects', rejects: [fault] })
    if (acknowledge !== undefined) this.#acknowledgements.hold(this.#emitted + this.#waiting, acknowledge)
    if (this.#waiting >= largestBatch) this.#flush()
    this.#turn ??= setImmediate(() => this.#flush())
    this.#pace()
  }

  /** Samples that the hosts have read and not yet handed on. */
  get #waiting(): number {
    let sum = 0
    for (const { host } of this.#sessions) sum += host?.count ?? 0
    return sum
  }

  #flush(): void {
    clearImmediate(this.#turn)
    this.#turn = undefined
    for (const { host, link } of this.#sessions) {
      if (host === undefined) continue
      const { events, commands } = host.take()
      if (events.length > 0) this.#sayConnected()
      for (const event of events) {
        if (event.kind === 'samples') this.#emitted += event.batch.count
        this.#subscriber.next(event)
      }
      if (link !== undefined) for (const command of commands) publish(link, host, command)
    }
    this.#acknowledgements.settle()
    this.#watch()
    this.#pace()
  }

  /** Wakes the hosts when something that they await is overdue. */
  #watch(): void {
    this.#timer?.unsubscribe()
    this.#timer = undefined
    const deadlines = this.#sessions.flatMap(({ host }) => host?.deadline ?? [])
    if (deadlines.length === 0 || this.#subscriber.closed) return
    const delay = Math.max(0, Math.min(...deadlines) - this.#context.clock.now())
    this.#timer = this.#scheduler.schedule(() => {
      for (const { host } of this.#sessions) host?.tick(this.#context.clock.now())
      this.#flush()
    }, delay)
  }

  #pace(): void {
    const waiting = this.#waiting
    const isOver = this.#emitted + waiting - this.#accepted > this.#context.window
    if (isOver && waiting > 0) this.#flush()
    else for (const { link } of this.#sessions) link?.pause(isOver)
  }
}

/** Over MQTT 3.1.1 a broker can say only by hanging up that something may not be published. */
function explained(error: AdapterError, { host, isOpen }: Session): AdapterError {
  if (!isOpen || !host?.isUnheard) return error
  const message = `${error.message} It did so before it brought back our STATE; it may not let us say it. ${host.stateAdvice}`
  return new AdapterError(error.code, message, { cause: error })
}

function publish(link: MqttLink, host: SparkplugHost, command: HostCommand): void {
  const { topic, payload, qos, retain } = command
  link.publish(topic, payload, { qos, retain }, why => host.refused(topic, why))
}
