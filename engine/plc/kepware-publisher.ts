import {
  encodeKepware,
  encodeKepwareCell,
  type KepwareTemplate,
  type KepwareValue,
} from '../../adapters/mqtt/kepware.js'
import type { Clock } from '../../schema/clock.js'
import { expandTag } from '../../schema/machine-types/make-signal.js'
import type { Plant, Signal } from '../../schema/plant.js'
import { type BrokerAddress, BrokerLink } from './broker-link.js'
import { type HiddenFaults, neverServed, type Outlet, placedSignals, retagged } from './outlet.js'

export interface KepwarePublisherOptions {
  readonly plant: Plant
  readonly broker: BrokerAddress
  readonly template: KepwareTemplate
  readonly clock: Clock
  /** A line for who started it. */
  report(line: string): void
}

/** How its tags are named, as a plant file says it: channel, device, tag. */
const tagPattern = '{line}.{machine}.{signal}'
const agentTopic = 'iotgateway'
/** Updates that wait for a broker that is away, and the most in one message: what an IoT Gateway has by default. */
const mostWaiting = 100_000
const mostInMessage = 1_000
/** How often what is reported on change is said again, ms: an agent's own rate. */
const repeatMs = 10_000
/** Messages that the broker has not acknowledged yet. */
const mostUnacknowledged = 1_000

/**
 * A plant's tags as the IoT Gateway of a KEPServerEX publishes them, at QoS 1: every value that is set, in order. What a
 * broker misses waits for it; what is more than can wait is lost, the oldest first, and said. A broker keeps nothing for
 * who comes later: what is reported on change is said again from time to time, with the time that it has.
 */
export class KepwarePublisher implements Outlet {
  readonly hidden: HiddenFaults = neverServed
  readonly #options: KepwarePublisherOptions
  readonly #tags = new Map<string, string>()
  readonly #link: BrokerLink
  /** The newest of each tag that is reported on change. */
  readonly #standing = new Map<string, KepwareValue>()
  #repeatedAt: number
  #waiting: KepwareValue[] = []
  #dropped = 0
  #unacknowledged = 0

  constructor(options: KepwarePublisherOptions) {
    this.#options = options
    const { broker, report } = options
    this.#repeatedAt = options.clock.now()
    for (const { signal, place } of placedSignals(options.plant))
      this.#tags.set(signal.id, expandTag(tagPattern, place, signal.name))
    let isBack = false
    this.#link = new BrokerLink({
      broker,
      clientId: `gemba-iotgateway-${process.pid}`,
      greeted: () => {
        if (isBack) this.#sayBack()
        isBack = true
        this.flush()
      },
      lost: why =>
        report(`${broker.url} ${why}. What is said meanwhile waits; trying again until it is back.`),
    })
  }

  get tags(): number {
    return this.#tags.size
  }

  get place(): string {
    const topics = this.#isByTag ? 'a topic each, kepware/{line}/{machine}/{signal}' : `topic ${agentTopic}`
    return `${this.#options.broker.url}, ${topics}`
  }

  get behind(): Plant {
    const { plant, broker } = this.#options
    const topic = this.#isByTag ? 'kepware/{channel}/{device}/{tag}' : agentTopic
    return retagged(plant, {
      adapter: 'mqtt',
      clientId: 'gemba-mqtt',
      // Values are in the units of the plant, whatever the names of the tags end in.
      options: {
        url: broker.url,
        ...broker.login,
        topics: [{ topic, format: 'kepware', unitInName: false }],
      },
      tag: ({ name }, place) => expandTag(tagPattern, place, name),
    })
  }

  set({ id, period }: Signal, value: number | string, quality: number, time: number): void {
    const tag = this.#tags.get(id)
    if (tag === undefined) return
    const told = { tag, value, quality, time }
    this.#waiting.push(told)
    if (period === 0) this.#standing.set(tag, told)
  }

  flush(): void {
    this.#repeat()
    const step = this.#isByTag ? 1 : mostInMessage
    let at = 0
    while (at < this.#waiting.length && this.#link.isReady && this.#unacknowledged < mostUnacknowledged) {
      this.#publish(this.#waiting.slice(at, at + step))
      at += step
    }
    const excess = this.#waiting.length - at - mostWaiting
    if (excess > 0) this.#dropped += excess
    this.#waiting = this.#waiting.slice(at + Math.max(0, excess))
  }

  async open(): Promise<void> {
    await this.#link.open()
  }

  goDown(): Promise<void> {
    return this.#link.goDown()
  }

  async comeBack(): Promise<void> {
    this.#link.comeBack()
  }

  async close(): Promise<void> {
    this.flush()
    await this.#link.close()
  }

  get #isByTag(): boolean {
    return this.#options.template === 'topics'
  }

  #repeat(): void {
    const now = this.#options.clock.now()
    if (now - this.#repeatedAt < repeatMs) return
    this.#repeatedAt = now
    if (this.#link.isReady) this.#waiting.push(...this.#standing.values())
  }

  #publish(values: readonly KepwareValue[]): void {
    const { template, clock } = this.#options
    this.#unacknowledged++
    const acknowledged = (): void => {
      this.#unacknowledged--
      if (this.#waiting.length > 0) this.flush()
    }
    if (template !== 'topics') {
      this.#link.publish(agentTopic, encodeKepware(template, values, clock.now()), 1, acknowledged)
      return
    }
    for (const value of values) {
      const topic = `kepware/${value.tag.replaceAll('.', '/')}`
      this.#link.publish(topic, encodeKepwareCell(value), 1, acknowledged)
    }
  }

  #sayBack(): void {
    const { broker, report } = this.#options
    const lost = this.#dropped
    this.#dropped = 0
    const loss = lost === 0 ? '' : `; ${lost} values were more than can wait and are lost`
    report(`${broker.url} is back${loss}.`)
  }
}
