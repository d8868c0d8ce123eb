import { asksForRebirth } from '../../adapters/sparkplug/codec.js'
import type { Clock } from '../../schema/clock.js'
import { expandTag } from '../../schema/machine-types/make-signal.js'
import type { Plant, Signal } from '../../schema/plant.js'
import { type BrokerAddress, BrokerLink } from './broker-link.js'
import { type HiddenFaults, neverServed, type Outlet, retagged } from './outlet.js'
import { type NodeMessage, SparkplugNode } from './sparkplug-node.js'

export interface SparkplugPublisherOptions {
  readonly plant: Plant
  readonly broker: BrokerAddress
  readonly clock: Clock
  /** A line for who started it. */
  report(line: string): void
}

/** group/node/device/metric, as a plant file says it. */
const tagPattern = '{site}/{line}/{machine}/{signal}'
/** Changes of a node that wait for a broker that does not keep up; beyond, a birth tells how things stand. */
const mostWaiting = 10_000

/** An edge node and its link: each node has a will, and a link has but one. */
interface Edge {
  readonly node: SparkplugNode
  readonly link: BrokerLink
  isBorn: boolean
  isThere: boolean
}

/** A plant's tags as Sparkplug B edge nodes tell them: a node a line, a device a machine. */
export class SparkplugPublisher implements Outlet {
  readonly hidden: HiddenFaults = {
    ...neverServed,
    duplicate: 'only changes are told, and the same again is none',
  }
  readonly #options: SparkplugPublisherOptions
  readonly #edges: readonly Edge[]
  readonly #edgeOf = new Map<string, Edge>()
  readonly #devices: number
  #why: string | undefined

  constructor(options: SparkplugPublisherOptions) {
    this.#options = options
    const edges: Edge[] = []
    let devices = 0
    for (const site of options.plant.sites)
      for (const { lines } of site.areas)
        for (const line of lines) {
          const edge = this.#edge(new SparkplugNode(site.id, line))
          edges.push(edge)
          devices += line.machines.length
          for (const { signals } of line.machines)
            for (const signal of signals) this.#edgeOf.set(signal.id, edge)
        }
    this.#edges = edges
    this.#devices = devices
  }

  get tags(): number {
    return this.#edgeOf.size
  }

  get place(): string {
    return `${this.#options.broker.url}, ${counted(this.#edges.length, 'edge node')}, ${counted(this.#devices, 'device')}`
  }

  get behind(): Plant {
    const { plant, broker } = this.#options
    return retagged(plant, {
      adapter: 'sparkplug',
      clientId: 'gemba-sparkplug',
      options: { brokers: [broker.url], ...broker.login, groups: plant.sites.map(({ id }) => id) },
      tag: ({ name }, place) => expandTag(tagPattern, place, name),
      // Only changes are told: silence says that a value holds.
      signal: { period: 0 },
    })
  }

  set(signal: Signal, value: number | string, quality: number, time: number): void {
    this.#edgeOf.get(signal.id)?.node.set(signal, value, quality, time)
  }

  flush(): void {
    for (const edge of this.#edges) this.#tell(edge)
  }

  async open(): Promise<void> {
    await Promise.all(this.#edges.map(({ link }) => link.open()))
  }

  async goDown(): Promise<void> {
    await Promise.all(this.#edges.map(({ link }) => link.goDown()))
  }

  async comeBack(): Promise<void> {
    for (const { link } of this.#edges) link.comeBack()
  }

  async close(): Promise<void> {
    const now = this.#options.clock.now()
    const gone = this.#edges.map(async ({ node, link, isBorn }) => {
      // Before the DISCONNECT, because then the broker forgets the will (5.7).
      const { topic, payload } = node.death(now)
      if (isBorn) link.publish(topic, payload, 1)
      await link.close()
    })
    await Promise.all(gone)
  }

  #edge(node: SparkplugNode): Edge {
    const { broker, clock } = this.#options
    const link = new BrokerLink({
      broker,
      clientId: `gemba-${node.id.replace('/', '-')}`,
      will: () => node.will(clock.now()),
      greeted: () => link.subscribe(node.commands, () => this.#greeted(edge)),
      lost: why => this.#lost(edge, why),
      heard: (topic, payload) => {
        if (topic === node.commands && asksForRebirth(payload)) this.#bear(edge)
      },
    })
    const edge: Edge = { node, link, isBorn: false, isThere: false }
    return edge
  }

  #greeted(edge: Edge): void {
    edge.isThere = true
    this.#bear(edge)
    if (this.#why === undefined || !this.#edges.every(({ isThere }) => isThere)) return
    this.#why = undefined
    const { broker, report } = this.#options
    report(`${broker.url} is back; ${counted(this.#edges.length, 'edge node')} born again.`)
  }

  /** All nodes have the same broker: it is said once that it is gone. */
  #lost(edge: Edge, why: string): void {
    edge.isThere = false
    edge.isBorn = false
    if (this.#why !== undefined) return
    this.#why = why
    this.#options.report(`${this.#options.broker.url} ${why}. Trying again until it is back.`)
  }

  #bear(edge: Edge): void {
    const now = this.#options.clock.now()
    // What came before a birth that was asked for is told before it; what nobody heard is not made up for.
    const before = edge.isBorn ? edge.node.data(now) : []
    edge.isBorn = true
    publish(edge, [...before, ...edge.node.births(now)])
  }

  #tell(edge: Edge): void {
    const { node, link } = edge
    const { broker, clock, report } = this.#options
    if (!edge.isBorn) {
      // Its next birth tells how things stand.
      node.forget()
      if (edge.isThere && link.isReady) this.#bear(edge)
    } else if (link.isReady) publish(edge, node.data(clock.now()))
    else if (node.waiting > mostWaiting) {
      edge.isBorn = false
      report(
        `${broker.url} does not keep up: ${node.waiting} changes of ${node.id} are lost; it is born again.`,
      )
    }
  }
}

function publish({ link }: Edge, messages: readonly NodeMessage[]): void {
  for (const { topic, payload } of messages) link.publish(topic, payload, 0)
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`
