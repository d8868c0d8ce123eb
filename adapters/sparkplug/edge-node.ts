import type { TagBook } from '../mqtt/tag-book.js'
import { asCame } from '../shown.js'
import { bdSeqOf, type Payload } from './codec.js'
import { bigOf, own } from './datatype.js'
import { type MetricContext, readMetric } from './metric-reader.js'
import { MetricTable } from './metric-table.js'
import type { Outbox, SparkplugRule } from './outbox.js'
import type { EdgeTopic } from './topic.js'

/** What an edge node needs of its host. */
export interface NodeSurroundings {
  readonly tags: TagBook
  readonly out: Outbox
  /** How long a gap in the sequence may last, ms. */
  readonly reorderTimeoutMs: number
  intern(text: string): number
  /** The node should tell everything anew. */
  requestRebirth(): void
  /** It did. */
  reborn(): void
  /** These signals are this node's from now on, told over this broker. */
  claim(signals: readonly number[]): void
  /** Those of them that nobody else has claimed since. */
  stillMine(signals: readonly number[]): number[]
}

/** A message that came before its turn. */
interface Waiting {
  readonly topic: EdgeTopic
  readonly payload: Payload
  readonly since: number
}

/** Kinds of rejects told of a node until its next birth; names beyond them are made up. */
const mostTold = 1_000

interface Device {
  readonly table: MetricTable
  isOnline: boolean
  /** Its node was born anew; by then it should have been, too. */
  awaitedUntil?: number
}

/**
 * One edge node as a host application sees it (Sparkplug 3.0, 5 and 6.4): its births and deaths, the order of its
 * messages, its metrics and those of its devices. Pure: time comes with each message.
 */
export class EdgeNode {
  readonly #id: string
  readonly #host: NodeSurroundings
  #table: MetricTable | undefined
  readonly #devices = new Map<string, Device>()
  #isOnline = false
  #bdSeq: number | undefined
  #expected = 0
  /** A gap was not filled in time: until the rebirth messages are taken as they come. */
  #isOutOfStep = false
  readonly #waiting = new Map<number, Waiting>()
  /** The last 128 messages taken since the birth, by seq. */
  readonly #taken = new Map<number, string>()
  /** What was rejected since the last birth. */
  readonly #told = new Set<string>()

  constructor(id: string, host: NodeSurroundings) {
    this.#id = id
    this.#host = host
  }

  get isOnline(): boolean {
    return this.#isOnline
  }

  take(topic: EdgeTopic, payload: Payload, now: number): void {
    if (topic.type === 'NDEATH') {
      this.#died(payload, now)
      return
    }
    if (payload.seq === undefined || payload.seq > 255) {
      this.#reject('sparkplug.bad-seq', `${topic.type} needs a seq from 0 to 255`, now)
      return
    }
    if (topic.type === 'NBIRTH') {
      this.#born(payload, payload.seq, now)
      return
    }
    if (!this.#isOnline) {
      const why = `${topic.type} came before the node was born; told once, counted until its birth`
      this.#rejectOnce('sparkplug.before-birth', '', why, this.#id, now)
      this.#host.requestRebirth()
      return
    }
    const isNext = payload.seq === this.#expected
    if (!isNext && this.#taken.get(payload.seq) === markOf(topic, payload)) {
      this.#reject('sparkplug.out-of-sequence', `seq ${payload.seq} came twice`, now)
      return
    }
    if (this.#isOutOfStep || isNext) {
      this.#handle(topic, payload, now)
      this.#expected = (payload.seq + 1) % 256
      this.#takeWaiting(now)
      return
    }
    if (this.#waiting.has(payload.seq))
      this.#reject('sparkplug.out-of-sequence', `seq ${payload.seq} came twice`, now)
    else this.#waiting.set(payload.seq, { topic, payload, since: now })
  }

  /** Looks whether something has been awaited for too long. */
  tick(now: number): void {
    for (const device of this.#devices.values()) {
      if (device.awaitedUntil === undefined || now < device.awaitedUntil) continue
      device.awaitedUntil = undefined
      if (!device.isOnline) this.#stale(device.table.signals)
    }
    const [oldest] = this.#waiting.values()
    if (oldest === undefined || now - oldest.since < this.#host.reorderTimeoutMs) return
    this.#isOutOfStep = true
    const seqs = this.#waitingInOrder()
    const missing =
      seqs[0] === (this.#expected + 1) % 256 ? `seq ${this.#expected}` : `seq ${this.#expected} and on`
    const why = `${missing} never came before ${seqs[0]}: its birth is asked for`
    this.#reject('sparkplug.out-of-sequence', why, now)
    // What came is true all the same, and each value has its time.
    for (const seq of seqs) {
      const { topic, payload } = this.#waiting.get(seq)!
      this.#handle(topic, payload, now)
      this.#expected = (seq + 1) % 256
    }
    this.#waiting.clear()
    this.#host.requestRebirth()
  }

  /** When `tick` is due at the latest; undefined: nothing is awaited. */
  get deadline(): number | undefined {
    const [oldest] = this.#waiting.values()
    let first = oldest === undefined ? Number.POSITIVE_INFINITY : oldest.since + this.#host.reorderTimeoutMs
    for (const { awaitedUntil } of this.#devices.values()) first = Math.min(first, awaitedUntil ?? first)
    return first === Number.POSITIVE_INFINITY ? undefined : first
  }

  /** Nobody hears the node any more: it died, or the broker is gone. */
  offline(since?: number): void {
    if (!this.#isOnline) return
    this.#isOnline = false
    this.#isOutOfStep = false
    this.#waiting.clear()
    const signals = this.#table?.signals ?? []
    for (const device of this.#devices.values()) {
      device.isOnline = false
      device.awaitedUntil = undefined
      for (const signal of device.table.signals) signals.push(signal)
    }
    this.#stale(signals, since)
  }

  /** NBIRTH: the node and its metrics begin anew; its devices are offline until they are born, too. */
  #born(payload: Payload, seq: number, now: number): void {
    const bdSeq = bdSeqOf(payload)
    const isSameSession = this.#isOnline && bdSeq === this.#bdSeq
    if (!isSameSession) this.offline()
    for (const late of this.#waiting.keys()) {
      this.#reject('sparkplug.out-of-sequence', `seq ${late} waited for what never came before a birth`, now)
    }
    this.#waiting.clear()
    const before = this.#table
    this.#table = new MetricTable(this.#id, payload.metrics, this.#host.tags)
    this.#isOnline = true
    this.#isOutOfStep = false
    this.#host.reborn()
    this.#bdSeq = bdSeq
    this.#told.clear()
    this.#taken.clear()
    this.#expected = (seq + 1) % 256
    for (const device of this.#devices.values()) {
      device.isOnline = false
      // After a rebirth the devices follow at once: what they told is not worth a stale moment.
      if (isSameSession) device.awaitedUntil = now + this.#host.reorderTimeoutMs
    }
    this.#tellBirth(payload, before, this.#table, now)
  }

  #died(payload: Payload, now: number): void {
    const bdSeq = bdSeqOf(payload)
    if (!this.#isOnline) return
    if (this.#bdSeq !== undefined && bdSeq !== undefined && bdSeq !== this.#bdSeq) {
      const why = `a death of session ${bdSeq}, but the node lives in session ${this.#bdSeq}`
      this.#reject('sparkplug.stale-death', why, now)
      return
    }
    if (this.#bdSeq !== undefined && bdSeq === undefined) {
      // Its broker told it when a connection broke off: better a node taken for dead that lives than live for good.
      const why = `a death without bdSeq, which its birth had (${this.#bdSeq}): taken for the death of this session, and its birth is asked for`
      this.#reject('sparkplug.no-bdseq', why, now)
      this.#host.requestRebirth()
    }
    for (const seq of this.#waitingInOrder()) {
      const { topic, payload: said } = this.#waiting.get(seq)!
      this.#handle(topic, said, now)
    }
    // The time in a death is that of the connection's beginning: the host's clock counts.
    this.offline()
  }

  #takeWaiting(now: number): void {
    for (;;) {
      const next = this.#waiting.get(this.#expected)
      if (next === undefined) return
      this.#waiting.delete(this.#expected)
      this.#handle(next.topic, next.payload, now)
      this.#expected = (this.#expected + 1) % 256
    }
  }

  #waitingInOrder(): number[] {
    const distance = (seq: number): number => (seq - this.#expected + 256) % 256
    return [...this.#waiting.keys()].sort((a, b) => distance(a) - distance(b))
  }

  /** A message in its turn. */
  #handle(topic: EdgeTopic, payload: Payload, now: number): void {
    const { type, device } = topic
    if (payload.seq !== undefined) {
      this.#taken.set(payload.seq, markOf(topic, payload))
      this.#taken.delete((payload.seq + 128) % 256)
    }
    switch (type) {
      case 'NDATA':
        this.#read(this.#table!, '', payload, now)
        return
      case 'DBIRTH':
        this.#deviceBorn(device, payload, now)
        return
      case 'DDATA': {
        const known = this.#devices.get(device)
        if (known?.isOnline) {
          this.#read(known.table, device, payload, now)
          return
        }
        const why = `data of the device ${device} came before its birth; told once, counted until then`
        this.#rejectOnce('sparkplug.before-birth', device, why, this.#id, now)
        this.#host.requestRebirth()
        return
      }
      case 'DDEATH': {
        const known = this.#devices.get(device)
        if (known === undefined || !known.isOnline) return
        known.isOnline = false
        this.#stale(known.table.signals, payload.timestamp)
      }
    }
  }

  #deviceBorn(id: string, payload: Payload, now: number): void {
    const before = this.#devices.get(id)
    const table = new MetricTable(`${this.#id}/${id}`, payload.metrics, this.#host.tags)
    this.#devices.set(id, { table, isOnline: true })
    this.#told.clear()
    this.#tellBirth(payload, before?.table, table, now)
  }

  #tellBirth(payload: Payload, before: MetricTable | undefined, table: MetricTable, now: number): void {
    const signals = table.signals
    const present = new Set(signals)
    this.#stale((before?.signals ?? []).filter(signal => !present.has(signal)))
    this.#host.claim(signals)
    const context = this.#context(payload, now)
    for (const metric of payload.metrics) {
      const definition = table.named(own(metric, 'name') ?? '')
      if (definition !== undefined) readMetric(definition, metric, table, context)
    }
  }

  #read(table: MetricTable, device: string, payload: Payload, now: number): void {
    const context = this.#context(payload, now)
    let isUnknown = false
    for (const metric of payload.metrics) {
      const definition = table.find(metric)
      if (definition !== undefined) readMetric(definition, metric, table, context)
      else {
        isUnknown = true
        // One of them has another value now, and nobody knows which.
        this.#stale(table.sharing(metric))
        const alias = own(metric, 'alias')
        const name = own(metric, 'name') ?? (alias === undefined ? 'nameless' : `alias ${bigOf(alias)}`)
        const why = `its birth told no such metric (${name}), or several of one alias; told once, counted until a birth`
        this.#rejectOnce('sparkplug.unknown-metric', `${device} ${name}`, why, asCame(metric), now)
      }
    }
    if (isUnknown) this.#host.requestRebirth()
  }

  #context({ timestamp }: Payload, now: number): MetricContext {
    const { out } = this.#host
    return { sentAt: timestamp, now, out, intern: text => this.#host.intern(text) }
  }

  #stale(signals: readonly number[], since?: number): void {
    this.#host.out.stale(this.#host.stillMine(signals), since)
  }

  /** Told at the first of its kind (`what`), counted from then on: a node may say much before it is born anew. */
  #rejectOnce(rule: SparkplugRule, what: string, why: string, raw: string, now: number): void {
    const key = `${rule} ${what}`
    if (this.#told.has(key) || this.#told.size >= mostTold) {
      this.#host.out.repeat(rule)
      return
    }
    this.#told.add(key)
    this.#host.out.reject(rule, `${this.#id}: ${why}`, raw, now)
  }

  #reject(rule: SparkplugRule, why: string, now: number): void {
    this.#host.out.reject(rule, `${this.#id}: ${why}`, this.#id, now)
  }
}

/** The same for a message that came twice, and for hardly any other with its seq. */
const markOf = ({ type, device }: EdgeTopic, { timestamp, metrics }: Payload): string =>
  `${type} ${device} ${timestamp} ${metrics.length}`
