import type { IndexedSignal, SourceEvent } from '../contract.js'
import { TagBook } from '../mqtt/tag-book.js'
import { decodePayload, encodeRebirth, encodeState, rebirthMetric, saysOnline } from './codec.js'
import { EdgeNode, type NodeSurroundings } from './edge-node.js'
import { Outbox } from './outbox.js'
import { commandTopic, parseEdgeTopic, stateTopic } from './topic.js'

export interface HostOptions {
  readonly source: string
  /** Where it is a host, for words. */
  readonly broker: string
  readonly hostId: string
  readonly signals: readonly IndexedSignal[]
  readonly reorderTimeoutMs: number
  /** Least distance of two rebirth requests to one node, ms; infinite = none is ever sent. */
  readonly rebirthIntervalMs: number
  /** When we connected to this broker, Unix ms UTC: the time of our will and our STATE. */
  readonly connectedAt: number
  /** Who told a signal last; shared by the hosts of all brokers. */
  readonly owners: Map<number, object>
  intern(text: string): number
}

/** What the host wants published. */
export interface HostCommand {
  readonly topic: string
  readonly payload: string | Buffer
  readonly qos: 0 | 1
  readonly retain: boolean
}

/** A node that follows the STATE of its host says its birth by itself within this, ms. */
const birthGraceMs = 1_000
/** Its STATE is said again at most so often, ms: somebody else may insist that it is another. */
const restateMs = 1_000
/** A broker brings back what we say of our STATE, to which we are subscribed, within this, ms. */
const echoGraceMs = 5_000
/** A node that speaks and was asked so often for its birth in vain is not asked at all, or does not listen. */
const rebirthsInVain = 3
/** Nodes remembered; names beyond them are made up. */
const mostNodes = 10_000

/**
 * A Sparkplug 3.0 host application at one broker: messages in, events and commands out. Pure; time comes with each
 * call. The commands are what the specification demands of a host: its STATE, and rebirth requests.
 */
export class SparkplugHost {
  readonly #options: HostOptions
  readonly #tags: TagBook
  readonly #out: Outbox
  readonly #nodes = new Map<string, EdgeNode>()
  readonly #expected: ReadonlyMap<string, { readonly group: string; readonly node: string }>
  readonly #askedAt = new Map<string, number>()
  /** Nodes to be asked, by the topic of their commands: at that time, since they were asked a moment ago. */
  readonly #askAgainAt = new Map<
    string,
    { readonly at: number; readonly group: string; readonly node: string }
  >()
  #commands: HostCommand[] = []
  /** By then the nodes that signals are of should have been born. */
  #birthsDue: number | undefined
  /** When its STATE was said again last, and when it is to be; Unix ms. */
  #restatedAt = Number.NEGATIVE_INFINITY
  #restateAt: number | undefined
  /** By then the broker should have brought back our STATE. */
  #echoDue: number | undefined
  /** Requests for rebirth since the last birth, by the topic of the commands. */
  readonly #asked = new Map<string, number>()
  /** What is told not to work. */
  readonly #troubles = new Set<string>()
  #now = 0

  constructor(options: HostOptions) {
    this.#options = options
    this.#tags = new TagBook(options.signals)
    this.#out = new Outbox(options.source)
    this.#expected = this.#expect()
  }

  /** Samples not yet taken. */
  get count(): number {
    return this.#out.count
  }

  /** Its STATE: `will` the broker is to say for it when it is lost, `online` once it has subscribed. */
  get will(): HostCommand {
    return this.#state(false, this.#options.connectedAt)
  }

  get online(): HostCommand {
    return this.#state(true, this.#options.connectedAt)
  }

  /** Said before it leaves in good order. */
  goodbye(now: number): HostCommand {
    return this.#state(false, now)
  }

  /**
   * It has subscribed. A node that was born before has no cause to say so again (births are not retained): one that has
   * signals here and is not heard of for a moment is asked.
   */
  begin(now: number): void {
    this.#birthsDue = now + Math.min(birthGraceMs, this.#options.reorderTimeoutMs)
    if (this.#options.hostId !== '') this.#echoDue = now + echoGraceMs
  }

  /** `now`: the host's clock, Unix ms UTC. */
  message(topic: string, payload: Uint8Array, retain: boolean, now: number): void {
    this.#now = now
    if (topic === stateTopic(this.#options.hostId)) {
      // Somebody, most often our own will of a lost connection, says that we are gone, or has cleared what we said: a
      // node that comes later would wait for us. Whoever says that we are here, be it another of the same id, is let be.
      if (String(this.online.payload) === Buffer.from(payload).toString()) this.#echoed()
      if (saysOnline(payload)) this.#restateAt = undefined
      // What the broker has kept of before our link comes but once.
      else if (retain) this.#commands.push(this.online)
      else this.#restateAt = this.#restatedAt + restateMs
      this.#restate()
      return
    }
    const edge = parseEdgeTopic(topic)
    if (edge === undefined) {
      const isForOthers = /^spBv1\.0\/(?:STATE\/|[^/]+\/[ND]CMD\/)/.test(topic)
      if (!isForOthers)
        this.#out.reject('sparkplug.bad-topic', `${topic} is no topic of Sparkplug B`, topic, now)
      return
    }
    if (retain) {
      const reason = `${topic}: a retained message; nobody may retain what nodes say, because it is of an earlier time`
      this.#out.reject('sparkplug.retained', reason, topic, now)
      return
    }
    const id = `${edge.group}/${edge.node}`
    const decoded = decodePayload(payload)
    if (decoded === undefined) {
      const raw = Buffer.from(payload.subarray(0, 2048)).toString('base64')
      this.#out.reject('sparkplug.bad-payload', `${topic}: the message is no Sparkplug B payload`, raw, now)
      this.#requestRebirth(edge.group, edge.node)
      return
    }
    const node = this.#node(id, edge.group, edge.node)
    if (node !== undefined) node.take(edge, decoded, now)
    else this.#out.reject('sparkplug.too-many-nodes', `${id}: more than ${mostNodes} edge nodes`, topic, now)
  }

  tick(now: number): void {
    this.#now = now
    for (const node of this.#nodes.values()) node.tick(now)
    for (const { at, group, node } of this.#askAgainAt.values())
      if (now >= at) this.#requestRebirth(group, node)
    this.#restate()
    if (this.#echoDue !== undefined && now >= this.#echoDue) {
      this.#echoDue = undefined
      this.#tellStateUnheard('the broker does not bring back our own STATE')
    }
    if (this.#birthsDue === undefined || now < this.#birthsDue) return
    this.#birthsDue = undefined
    for (const [id, { group, node }] of this.#expected)
      if (!this.#nodes.get(id)?.isOnline) this.#requestRebirth(group, node)
  }

  /** The nodes that signals are of: a tag begins with group and node. */
  #expect(): Map<string, { readonly group: string; readonly node: string }> {
    const nodes = new Map<string, { readonly group: string; readonly node: string }>()
    for (const { signal } of this.#options.signals) {
      const [group = '', node = '', metric] = signal.tag.split('/', 3)
      if (metric !== undefined && !/[+#]/.test(group + node)) nodes.set(`${group}/${node}`, { group, node })
    }
    return nodes
  }

  /** When `tick` is due; undefined: nothing is awaited. */
  get deadline(): number | undefined {
    let first = this.#birthsDue
    if (this.#restateAt !== undefined) first = Math.min(this.#restateAt, first ?? this.#restateAt)
    if (this.#echoDue !== undefined) first = Math.min(this.#echoDue, first ?? this.#echoDue)
    for (const { deadline } of this.#nodes.values()) {
      if (deadline !== undefined && (first === undefined || deadline < first)) first = deadline
    }
    for (const { at } of this.#askAgainAt.values()) if (first === undefined || at < first) first = at
    return first
  }

  /** The connection to the broker is lost: nobody knows what the nodes there do. */
  lost(now: number): void {
    this.#now = now
    this.#askAgainAt.clear()
    this.#restateAt = undefined
    this.#echoDue = undefined
    for (const of of this.#troubles) this.#over(of)
    for (const node of this.#nodes.values()) node.offline()
  }

  /** The broker does not take what we said there. */
  refused(topic: string, why: string): void {
    if (topic !== stateTopic(this.#options.hostId)) return
    this.#echoDue = undefined
    this.#tellStateUnheard(`the broker refuses our STATE (${why})`)
  }

  /** It has said its STATE and still waits to hear it. */
  get isUnheard(): boolean {
    return this.#echoDue !== undefined
  }

  /** What to do where its STATE is not heard, in words. */
  get stateAdvice(): string {
    const { hostId } = this.#options
    return `Nodes whose primary host is ${hostId} wait for it. Let our user write and read ${stateTopic(hostId)}, and write spBv1.0/+/NCMD/+.`
  }

  #tellStateUnheard(what: string): void {
    const { hostId, broker } = this.#options
    this.#trouble(`${broker} STATE`, `${broker}: ${what} (${stateTopic(hostId)}). ${this.stateAdvice}`)
  }

  #echoed(): void {
    this.#echoDue = undefined
    this.#over(`${this.#options.broker} STATE`)
  }

  #trouble(of: string, what: string): void {
    this.#troubles.add(of)
    this.#out.trouble(of, what)
  }

  #over(of: string): void {
    if (this.#troubles.delete(of)) this.#out.trouble(of, undefined)
  }

  take(): { readonly events: readonly SourceEvent[]; readonly commands: readonly HostCommand[] } {
    const commands = this.#commands
    this.#commands = []
    return { events: this.#out.take(), commands }
  }

  #node(id: string, group: string, name: string): EdgeNode | undefined {
    const known = this.#nodes.get(id)
    if (known !== undefined || this.#nodes.size >= mostNodes) return known
    const { owners, reorderTimeoutMs } = this.#options
    const surroundings: NodeSurroundings = {
      tags: this.#tags,
      out: this.#out,
      reorderTimeoutMs,
      intern: text => this.#options.intern(text),
      requestRebirth: () => this.#requestRebirth(group, name),
      reborn: () => this.#reborn(commandTopic(group, name), id),
      claim: signals => {
        for (const signal of signals) owners.set(signal, this)
      },
      stillMine: signals => signals.filter(signal => owners.get(signal) === this),
    }
    const node = new EdgeNode(id, surroundings)
    this.#nodes.set(id, node)
    return node
  }

  /** At once, or as soon as the node may be asked again: until its birth nobody knows what was missed. */
  #requestRebirth(group: string, node: string): void {
    const topic = commandTopic(group, node)
    const { rebirthIntervalMs } = this.#options
    if (rebirthIntervalMs === Number.POSITIVE_INFINITY) return
    const allowedAt = (this.#askedAt.get(topic) ?? Number.NEGATIVE_INFINITY) + rebirthIntervalMs
    if (this.#now < allowedAt) {
      this.#askAgainAt.set(topic, { at: allowedAt, group, node })
      return
    }
    this.#askAgainAt.delete(topic)
    // A flood of made-up names is not to fill the memory, nor the broker.
    if (this.#askedAt.size >= mostNodes && !this.#askedAt.has(topic)) return
    this.#askedAt.set(topic, this.#now)
    this.#countAsked(topic, `${group}/${node}`)
    this.#commands.push({ topic, payload: encodeRebirth(this.#now), qos: 0, retain: false })
  }

  #countAsked(topic: string, id: string): void {
    if (this.#nodes.get(id) === undefined || !this.#expected.has(id)) return
    const { broker } = this.#options
    const asked = (this.#asked.get(topic) ?? 0) + 1
    this.#asked.set(topic, asked)
    if (asked !== rebirthsInVain) return
    const next = `What it tells is not understood until then. Let our user write ${topic}, and see that the node takes ${rebirthMetric}.`
    this.#trouble(
      `${broker} ${id}`,
      `${broker}: the edge node ${id} speaks, was asked ${asked} times for its birth and says none. ${next}`,
    )
  }

  #reborn(topic: string, id: string): void {
    this.#askAgainAt.delete(topic)
    this.#asked.delete(topic)
    this.#over(`${this.#options.broker} ${id}`)
  }

  /** Says once more that it is here, where that is due. */
  #restate(): void {
    if (this.#restateAt === undefined || this.#now < this.#restateAt) return
    this.#restateAt = undefined
    this.#restatedAt = this.#now
    this.#commands.push(this.online)
  }

  #state(isOnline: boolean, timestamp: number): HostCommand {
    const topic = stateTopic(this.#options.hostId)
    return { topic, payload: encodeState(isOnline, timestamp), qos: 1, retain: true }
  }
}
