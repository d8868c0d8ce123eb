import { isUtf8 } from 'node:buffer'
import { Quality } from '../../schema/quality.js'
import type { Reject } from '../../schema/records.js'
import { type SampleBatch, SampleBatchBuilder } from '../../schema/sample-batch.js'
import type { Conversion } from '../../schema/unit-conversion.js'
import { conversionFrom } from '../../schema/unit-spelling.js'
import type { IndexedSignal, UnknownTag } from '../contract.js'
import { asCame, shown } from '../shown.js'
import {
  type Cell,
  cellOf,
  groupTimeOf,
  hasValue,
  idOf,
  isObject,
  isZoneless,
  type JsonObject,
  parseJson,
  readNumber,
  readQuality,
  readText,
  readTime,
  reservedNames,
  timeOf,
  zonelessNote,
} from './cell.js'
import type { TopicEntry } from './config.js'
import { type Feed, Mapping, type Reading } from './mapping.js'
import { composed, TagBook } from './tag-book.js'

export interface MqttDecoderOptions {
  readonly source: string
  readonly signals: readonly IndexedSignal[]
  readonly topics: readonly TopicEntry[]
  /** Longest message taken, bytes. */
  readonly maxPayload: number
  intern(text: string): number
}

/** A message as it came. */
export interface Message {
  readonly topic: string
  readonly payload: Buffer
  /** The broker had it in store: it is of an earlier time. */
  readonly retain: boolean
}

/** What the messages since the last `take` say. */
export interface Decoded {
  readonly samples: SampleBatch
  readonly rejects: readonly Reject[]
  readonly unknown: readonly UnknownTag[]
  /** Periodic signals whose newest value the broker had in store: old until they are heard live. */
  readonly stale: readonly number[]
  /** What a person should know of the source; once. */
  readonly note: string | undefined
}

type Rule =
  | 'mqtt.bad-json'
  | 'mqtt.bad-quality'
  | 'mqtt.bad-time'
  | 'mqtt.no-tag'
  | 'mqtt.no-value'
  | 'mqtt.not-a-number'
  | 'mqtt.not-text'
  | 'mqtt.too-long'
  | 'mqtt.unit-mismatch'

/** What a topic's messages are read by. */
type Route =
  | { readonly kind: 'batch' | 'uns'; readonly mapping: Mapping; readonly readings: readonly Reading[] }
  | { readonly kind: 'cells'; readonly mapping: Mapping; readonly readings: readonly Reading[] }

const longestText = 4096
/** A unified namespace nests its groups; deeper than this nobody means it. */
const deepest = 6
/** Topics and spellings remembered. Beyond, they are worked out anew: a flood of names is not to fill the memory. */
const mostTopics = 100_000
const mostUnits = 1_000

/**
 * Decodes MQTT messages: topic and payload in, samples and rejects out. Pure; no input makes it throw, no number comes
 * out that was not in the message, and nothing is dropped without a word.
 */
export class MqttDecoder {
  readonly #options: MqttDecoderOptions
  readonly #mappings: readonly Mapping[]
  readonly #routes = new Map<string, readonly Route[]>()
  readonly #conversions = new Map<Feed, Map<string, Conversion | 'same' | undefined>>()
  readonly #samples = new SampleBatchBuilder()
  #rejects: Reject[] = []
  #unknown: UnknownTag[] = []
  #stale = new Set<number>()
  #receiveTime = 0
  #isRetained = false
  /** Of what a note was said. */
  readonly #noted = new Set<'zoneless' | 'overlap' | 'partial'>()
  #note: string | undefined

  constructor(options: MqttDecoderOptions) {
    this.#options = options
    const tags = new TagBook(options.signals)
    this.#mappings = options.topics.map(entry => new Mapping(entry, tags))
  }

  /** The filters to subscribe to, each with its entry. */
  get filters(): readonly { readonly filter: string; readonly entry: TopicEntry }[] {
    return this.#mappings.map(({ pattern, entry }) => ({ filter: pattern.filter, entry }))
  }

  /** Samples decoded and not yet taken. */
  get count(): number {
    return this.#samples.count
  }

  take(): Decoded {
    const samples = this.#samples.take()
    const decoded = {
      samples,
      rejects: this.#rejects,
      unknown: this.#unknown,
      stale: [...this.#stale],
      note: this.#note,
    }
    this.#note = undefined
    if (this.#rejects.length > 0) this.#rejects = []
    if (this.#unknown.length > 0) this.#unknown = []
    if (this.#stale.size > 0) this.#stale = new Set()
    return decoded
  }

  /** `receiveTime`: Unix ms UTC by the floor's clock. */
  push({ topic, payload, retain }: Message, receiveTime: number): void {
    this.#receiveTime = receiveTime
    this.#isRetained = retain
    const routes = this.#routesOf(topic)
    if (routes.length === 0) this.#unknownTag(topic, payload)
    for (const route of routes) this.#read(route, topic, payload)
  }

  #read(route: Route, topic: string, payload: Buffer): void {
    if (payload.length > this.#options.maxPayload) {
      const reason = `${topic}: a message of ${payload.length} bytes; at most ${this.#options.maxPayload} are taken (maxPayload)`
      this.#refuse(fedBy(route), 'mqtt.too-long', reason, payload)
      return
    }
    if (route.kind === 'cells' && route.readings.every(({ feeds }) => feeds.length === 0)) {
      this.#unknownTag(route.readings[0]?.tag ?? topic, payload)
      return
    }
    if (payload.length === 0) {
      this.#refuse(fedBy(route), 'mqtt.no-value', `${topic}: the message is empty`, payload)
      return
    }
    const text = payload.toString('utf8')
    const parsed = parseJson(text)
    switch (route.kind) {
      case 'batch':
        if (parsed === undefined) {
          this.#notJson([], topic, payload)
          return
        }
        this.#readBatch(route.mapping, topic, parsed.json)
        return
      case 'uns':
        if (isObject(parsed?.json) && !hasValue(parsed.json)) {
          const tag = route.readings[0]?.tag ?? topic
          this.#readNames(route.mapping, tag, parsed.json, groupTimeOf(parsed.json), 0)
          return
        }
        this.#readCells(route, parsed?.json ?? text, text, payload)
        return
      case 'cells':
        this.#readCells(route, parsed === undefined ? text : parsed.json, text, payload)
        return
    }
  }

  /** How a topic is read: by the first entry that it matches and all others with the very filter of that. */
  #routesOf(topic: string): readonly Route[] {
    const known = this.#routes.get(topic)
    if (known !== undefined) return known
    const routes: Route[] = []
    for (const mapping of this.#mappings) {
      const { filter } = mapping.pattern
      const readings = mapping.readingsOf(topic)
      if (readings === undefined) continue
      const first = routes[0]?.mapping.pattern.filter ?? filter
      if (first !== filter) {
        this.#tell('overlap', overlapNote(topic, first, filter))
        continue
      }
      const kind = mapping.isBatch ? 'batch' : mapping.entry.format === 'uns' ? 'uns' : 'cells'
      routes.push({ kind, mapping, readings })
    }
    if (routes.length > 0 && this.#routes.size < mostTopics) this.#routes.set(topic, routes)
    return routes
  }

  /** Once of a kind; where another note is not yet taken, the next time. */
  #tell(what: 'zoneless' | 'overlap' | 'partial', note: string): void {
    if (this.#note !== undefined || this.#noted.has(what)) return
    this.#noted.add(what)
    this.#note = note
  }

  /** A message whose topic says the tag. */
  #readCells({ mapping, readings }: Route, json: unknown, text: string, payload: Buffer): void {
    const isBare = typeof json !== 'object' || json === null
    if (isBare && !isUtf8(payload)) {
      this.#refuse(feedsOf(readings), 'mqtt.not-text', 'the message is no UTF-8', payload)
      return
    }
    const needsJson = isBare && readings.some(({ places }) => places.value !== undefined)
    if (needsJson) {
      this.#notJson(feedsOf(readings), readings[0]!.tag, payload)
      return
    }
    // A text that happens to look like a number is to stay as it was written.
    const bareText = isBare && typeof json !== 'string' ? text : undefined
    let found = 0
    let missing: string | undefined
    for (const { tag, places, feeds } of readings) {
      const cell = cellOf(json, places)
      if (cell.value !== undefined) found++
      else missing ??= tag
      if (feeds.length === 0) this.#unknownTag(tag, payload)
      else this.#readCell(mapping, tag, cell, feeds, undefined, payload, bareText)
    }
    if (found > 0 && missing !== undefined) this.#tell('partial', partialNote(mapping.entry.topic, missing))
  }

  /** A message of the KEPServerEX IoT Gateway: `{ timestamp, values: [{ id, v, q, t }] }`, or other shapes of it. */
  #readBatch(mapping: Mapping, topic: string, json: unknown): void {
    const list =
      isObject(json) && Array.isArray(json.values) ? json.values : Array.isArray(json) ? json : [json]
    const sentAt = isObject(json) && json !== list[0] ? timeOf(json) : undefined
    for (const each of list as readonly unknown[]) {
      const id = isObject(each) ? idOf(each) : undefined
      if (typeof id !== 'string' || id === '') {
        this.#reject('mqtt.no-tag', `${topic}: an entry without the id of a tag`, each)
        continue
      }
      const feeds = mapping.feedsOf(id)
      if (feeds.length === 0) this.#unknownTag(id, each)
      else this.#readCell(mapping, id, cellOf(each, mapping.entry), feeds, sentAt, each)
    }
  }

  /** A message of named values: `{ timestamp_ms, temperature: 20, axis: { x: 1 } }` at the topic of their group. */
  #readNames(mapping: Mapping, tag: string, json: JsonObject, sentAt: unknown, depth: number): void {
    for (const [name, value] of Object.entries(json)) {
      if (reservedNames.has(name)) continue
      // A group of one repeats its own name: umh/v1/…/temperature { timestamp_ms, temperature }.
      const inner = depth === 0 && tag.endsWith(`/${name}`) ? tag : `${tag}/${name}`
      if (isObject(value) && !hasValue(value) && depth < deepest) {
        this.#readNames(mapping, inner, value, groupTimeOf(value) ?? sentAt, depth + 1)
        continue
      }
      const feeds = mapping.feedsOf(inner)
      if (feeds.length === 0) this.#unknownTag(inner, value)
      else this.#readCell(mapping, inner, cellOf(value, {}), feeds, sentAt, value)
    }
  }

  #readCell(
    mapping: Mapping,
    tag: string,
    cell: Cell,
    feeds: readonly Feed[],
    sentAt: unknown,
    raw: unknown,
    bareText?: string,
  ): void {
    const said = readTime(cell.time, mapping.timeUnitMs) ?? readTime(sentAt, mapping.timeUnitMs)
    if (said === 'unread') {
      this.#refuse(feeds, 'mqtt.bad-time', `${tag}: ${shown(cell.time ?? sentAt)} is no time`, raw)
      return
    }
    if (said !== undefined && !this.#noted.has('zoneless') && isZoneless(cell.time ?? sentAt))
      this.#tell('zoneless', zonelessNote)
    let quality = readQuality(cell.quality, mapping.qualityCodes)
    if (quality === undefined) {
      const reason = `${tag}: ${shown(cell.quality)} is no quality`
      this.#refuse(feeds, 'mqtt.bad-quality', reason, raw, said)
      return
    }
    // Nobody knows since when: true at the latest now, and perhaps no longer.
    if (said === undefined && this.#isRetained && quality === Quality.good) quality = Quality.uncertain
    const time = said ?? this.#receiveTime
    for (const feed of feeds) this.#feed(feed, tag, cell, time, quality, raw, bareText)
  }

  #feed(
    feed: Feed,
    tag: string,
    cell: Cell,
    time: number,
    quality: Quality,
    raw: unknown,
    bareText: string | undefined,
  ): void {
    if (feed.isPlain && typeof cell.value === 'number' && cell.unit === undefined) {
      // What comes a hundred thousand times a second: a number as it is.
      if (Number.isFinite(cell.value)) {
        this.#push(feed, time, cell.value, quality)
        return
      }
    }
    const isText = feed.type === 'text'
    const value = isText ? this.#textOf(cell.value, bareText) : this.#numberOf(feed, tag, cell)
    if (value !== undefined && typeof value !== 'string') {
      this.#push(feed, time, value, quality)
      return
    }
    if (value !== undefined) {
      this.#refuse([feed], 'mqtt.unit-mismatch', value, raw, time)
      return
    }
    // A bad quality often comes without a value, which is no fault of the message.
    if (quality === Quality.bad) {
      this.#samples.pushNone(feed.index, time, this.#receiveTime)
      return
    }
    if (cell.value === undefined || cell.value === null) {
      this.#refuse([feed], 'mqtt.no-value', `${tag}: the message says no value`, raw, time)
      return
    }
    const rule = isText ? 'mqtt.not-text' : 'mqtt.not-a-number'
    const reason = `${tag}: ${shown(cell.value)} is no ${isText ? 'text' : 'number'}`
    this.#refuse([feed], rule, reason, raw, time)
  }

  #push({ index, isPeriodic }: Feed, time: number, value: number, quality: Quality): void {
    this.#samples.push(index, time, this.#receiveTime, value, quality)
    if (this.#isRetained && isPeriodic) this.#stale.add(index)
    else if (this.#stale.size > 0) this.#stale.delete(index)
  }

  #textOf(value: unknown, bareText: string | undefined): number | undefined {
    const text = bareText ?? readText(value)
    return text === undefined || text.length > longestText ? undefined : this.#options.intern(text)
  }

  /** The number in the signal's unit; a text says why its unit does not fit; undefined: no number. */
  #numberOf(feed: Feed, tag: string, { value, unit }: Cell): number | string | undefined {
    const number = readNumber(value, feed.unit)
    if (number === undefined) return undefined
    if (feed.mismatch !== undefined) {
      return `${tag}: ${feed.mismatch} does not measure what the signal has in ${feed.unit || 'no unit'}; correct the unit of its topic`
    }
    let conversion = feed.usual
    if (unit !== undefined && unit !== null && unit !== '' && feed.isUnitSaid && feed.unit !== '') {
      const found = this.#saidConversion(feed, unit)
      if (found === undefined) {
        return `${tag}: the message says ${shown(unit)}, the signal is in ${feed.unit}; say the unit of its topic in the plant file`
      }
      conversion = found === 'same' ? undefined : found
    }
    if (conversion === undefined) return number
    const converted = number * conversion.scale + conversion.offset
    return Number.isFinite(converted) ? converted : undefined
  }

  #saidConversion(feed: Feed, unit: unknown): Conversion | 'same' | undefined {
    if (typeof unit !== 'string') return undefined
    let ofFeed = this.#conversions.get(feed)
    if (ofFeed === undefined) {
      ofFeed = new Map()
      this.#conversions.set(feed, ofFeed)
    }
    if (ofFeed.has(unit)) return ofFeed.get(unit)
    const then = unit === feed.unit ? { scale: 1, offset: 0 } : conversionFrom(unit, feed.unit)
    const found = then === undefined ? undefined : (composed(feed.own, then) ?? 'same')
    if (ofFeed.size < mostUnits) ofFeed.set(unit, found)
    return found
  }

  #unknownTag(tag: string, raw: unknown): void {
    this.#unknown.push({ tag, raw: asCame(raw) })
  }

  #notJson(feeds: readonly Feed[], topic: string, payload: Buffer): void {
    this.#refuse(feeds, 'mqtt.bad-json', `${topic}: the message is no JSON`, payload)
  }

  /** What came for these signals cannot be taken: rejected, and they have no value from then on. */
  #refuse(feeds: readonly Feed[], rule: Rule, reason: string, raw: unknown, time = this.#receiveTime): void {
    this.#reject(rule, reason, raw)
    for (const { index } of feeds) this.#samples.pushNone(index, time, this.#receiveTime)
  }

  #reject(rule: Rule, reason: string, raw: unknown): void {
    const { source } = this.#options
    this.#rejects.push({ source, time: this.#receiveTime, rule, reason, raw: asCame(raw) })
  }
}

const overlapNote = (topic: string, first: string, other: string): string =>
  `${topic} is of two entries of topics, ${first} and ${other}: the first in the list alone reads it, and a broker may deliver it twice. Write entries that do not overlap; entries with the same topic all read it.`

const partialNote = (topic: string, missing: string): string =>
  `A message of ${topic} held some of its values and not ${missing}, which has no value from then on: each message must hold all of them. Have the publisher say them all, or give each value a topic of its own.`

const feedsOf = (readings: readonly Reading[]): readonly Feed[] => readings.flatMap(({ feeds }) => feeds)

/** The signals of a topic that says the tag; of those that only a message can name, none. */
const fedBy = ({ kind, readings }: Route): readonly Feed[] => (kind === 'cells' ? feedsOf(readings) : [])
