import { setTimeout as wait } from 'node:timers/promises'
import { connect, type MqttClient } from 'mqtt'
import { explain } from '../../adapters/mqtt/explain.js'
import type { ReadSecret, Secret } from '../../schema/secret.js'
import { EngineError } from '../errors.js'

/** The broker that an outlet publishes to. */
export interface BrokerAddress {
  readonly url: string
  /** As a plant file says them. */
  readonly login: { readonly user?: string; readonly password?: Secret }
  readonly readSecret: ReadSecret
}

export interface BrokerLinkOptions {
  readonly broker: BrokerAddress
  readonly clientId: string
  /** What the broker is to say at QoS 1 when the link is lost; asked before each CONNECT. */
  readonly will?: () => { readonly topic: string; readonly payload: Buffer }
  /** The broker has taken us, at first or again: subscribe, then say what there is. */
  greeted(): void
  lost(why: string): void
  heard?(topic: string, payload: Buffer): void
}

/** How long to wait before a broker that is away is tried again. */
const retryMs = 1_000
const greetingMs = 10_000
const farewellMs = 2_000

/** A publisher's link to a broker: opened once, and from then on kept. Sessions are clean. */
export class BrokerLink {
  readonly #options: BrokerLinkOptions
  readonly #client: MqttClient
  #isOpen = false
  #isLost = false
  #why = 'closed the connection'
  #isWillUsed = false

  constructor(options: BrokerLinkOptions) {
    this.#options = options
    const { broker, clientId } = options
    const { user, password } = broker.login
    this.#client = connect(broker.url, {
      protocolVersion: 4,
      clientId,
      clean: true,
      reconnectPeriod: retryMs,
      connectTimeout: greetingMs,
      resubscribe: false,
      queueQoSZero: false,
      manualConnect: true,
      ...(user !== undefined && { username: user }),
      ...(password !== undefined && { password: passwordOf(broker, password) }),
    })
    this.#client.on('packetsend', ({ cmd }) => {
      if (cmd === 'connect') this.#isWillUsed = true
    })
    this.#client.on('reconnect', () => {
      // A CONNECT that never left has used none.
      if (this.#isWillUsed) this.#arm()
    })
    this.#client.on('connect', () => {
      this.#isOpen = true
      this.#isLost = false
      options.greeted()
    })
    this.#client.on('error', error => {
      this.#why = explain(error)
    })
    this.#client.on('close', () => this.#lose())
    this.#client.on('message', (topic, payload) => options.heard?.(topic, payload))
  }

  /** Resolves when the broker has taken us; throws EngineError 'bad-input' where it does not at the first try. */
  async open(): Promise<void> {
    const { url } = this.#options.broker
    this.#arm()
    const taken = new Promise<void>((resolve, reject) => {
      this.#client.once('connect', () => resolve())
      this.#client.once('close', () => reject(new EngineError('bad-input', `${url} ${this.#why}.`)))
    })
    this.#client.connect()
    try {
      await taken
    } catch (error) {
      await this.#client.endAsync(true)
      throw error
    }
  }

  /** Whether what is published now goes out now: the broker is there and keeps up. */
  get isReady(): boolean {
    return this.#client.connected && !this.#client.stream.writableNeedDrain
  }

  subscribe(topic: string, granted: () => void): void {
    this.#client.subscribe(topic, { qos: 1 }, error => {
      if (error) this.#client.stream.destroy(error)
      else granted()
    })
  }

  /** `done`: at QoS 1 the broker has it, even if it had to be said again after a lost link. */
  publish(topic: string, payload: string | Buffer, qos: 0 | 1, done?: () => void): void {
    this.#client.publish(topic, payload, { qos, retain: false }, error => {
      if (!error) done?.()
    })
  }

  /** Drops the connection without a word, so that the broker says the will, and stays away. */
  async goDown(): Promise<void> {
    this.#client.options.reconnectPeriod = 0
    if (!this.#client.connected) return
    await new Promise<void>(resolve => {
      this.#client.once('close', () => resolve())
      this.#client.stream.destroy()
    })
  }

  /** Tries the broker again, and from then on again and again. */
  comeBack(): void {
    this.#client.options.reconnectPeriod = retryMs
    if (!this.#client.connected) this.#client.reconnect()
  }

  /** Says goodbye, after what was published, where there is somebody to say it to who answers. */
  async close(): Promise<void> {
    this.#isOpen = false
    if (this.#client.connected) {
      const isSaid = this.#client.endAsync(false).then(() => true)
      if (await Promise.race([isSaid, wait(farewellMs, false, { ref: false })])) return
    }
    await this.#client.endAsync(true)
  }

  #arm(): void {
    const will = this.#options.will?.()
    this.#isWillUsed = false
    if (will !== undefined) this.#client.options.will = { ...will, qos: 1, retain: false }
  }

  #lose(): void {
    if (!this.#isOpen || this.#isLost) return
    this.#isLost = true
    this.#options.lost(this.#why)
    this.#why = 'closed the connection'
  }
}

function passwordOf({ readSecret }: BrokerAddress, place: Secret): string {
  try {
    return readSecret(place)
  } catch (cause) {
    throw new EngineError('bad-input', (cause as Error).message, { cause })
  }
}
