import { isUtf8 } from 'node:buffer'
import { Quality } from '../../schema/quality.js'
import type { IndexedSignal } from '../contract.js'
import { shown } from '../shown.js'
import {
  type Cell,
  cellOf,
  groupTimeOf,
  hasValue,
  idOf,
  isNever,
  isObject,
  isSaid,
  isZoneless,
  type JsonObject,
  type Places,
  parseJson,
  readQuality,
  readText,
  readTime,
  reservedNames,
  timeOf,
  zonelessNote,
} from './cell.js'
import type { TopicEntry } from './config.js'
import { FeedNumbers } from './feed-numbers.js'
import { type Decoded, Findings } from './findings.js'
import type { Feed, Mapping } from './mapping.js'
import { fedBy, feedsOf, type Route, RouteBook } from './route-book.js'

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

const longestText = 4096
/** A unified namespace nests its groups; deeper than this nobody means it. */
const deepest = 6

/**
 * Decodes MQTT messages: topic and payload in, samples and rejects out. Pure; no input makes it throw, no number comes
 * out that was not in the message, and nothing is dropped without a word.
 */
export class MqttDecoder {
  readonly #options: MqttDecoderOptions
  readonly #routes: RouteBook
  readonly #numbers = new FeedNumbers()
  readonly #found: Findings

  constructor(options: MqttDecoderOptions) {
    this.#options = options
    this.#found = new Findings(options.source)
    this.#routes = new RouteBook(options.topics, options.signals, (topic, first, other) =>
      this.#found.note('overlap', overlapNote(topic, first, other)),
    )
  }

  /** The filters to subscribe to, each with its entry. */
  get filters(): RouteBook['filters'] {
    return this.#routes.filters
  }

  /** Samples decoded and not yet taken. */
  get count(): number {
    return this.#found.count
  }

  take(): Decoded {
    return this.#found.take()
  }

  /** `receiveTime`: Unix ms UTC by the floor's clock. */
  push({ topic, payload, retain }: Message, receiveTime: number): void {
    this.#found.receiveTime = receiveTime
    this.#found.isRetained = retain
    const routes = this.#routes.routesOf(topic)
    if (routes.length === 0) this.#found.unknownTag(topic, payload)
    for (const route of routes) this.#read(route, topic, payload)
  }

  #read(route: Route, topic: string, payload: Buffer): void {
    if (payload.length > this.#options.maxPayload) {
      const reason = `${topic}: a message of ${payload.length} bytes; at most ${this.#options.maxPayload} are taken (maxPayload)`
      this.#found.refuse(fedBy(route), 'mqtt.too-long', reason, payload)
      return
    }
    if (route.kind === 'cells' && route.readings.every(({ feeds }) => feeds.length === 0)) {
      this.#found.unknownTag(route.readings[0]?.tag ?? topic, payload)
      return
    }
    if (payload.length === 0) {
      this.#found.refuse(fedBy(route), 'mqtt.no-value', `${topic}: the message is empty`, payload)
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

  /** A message whose topic says the tag. */
  #readCells({ mapping, readings }: Route, json: unknown, text: string, payload: Buffer): void {
    const isBare = typeof json !== 'object' || json === null
    if (isBare && !isUtf8(payload)) {
      this.#found.refuse(feedsOf(readings), 'mqtt.not-text', 'the message is no UTF-8', payload)
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
      if (feeds.length === 0) this.#found.unknownTag(tag, payload)
      else this.#readCell(mapping, tag, cell, places, feeds, undefined, payload, bareText)
    }
    if (found > 0 && missing !== undefined)
      this.#found.note('partial', partialNote(mapping.entry.topic, missing))
  }

  /** A message of the KEPServerEX IoT Gateway: `{ timestamp, values: [{ id, v, q, t }] }`, or other shapes of it. */
  #readBatch(mapping: Mapping, topic: string, json: unknown): void {
    const list =
      isObject(json) && Array.isArray(json.values) ? json.values : Array.isArray(json) ? json : [json]
    const sentAt = isObject(json) && json !== list[0] ? timeOf(json) : undefined
    for (const each of list as readonly unknown[]) {
      const id = isObject(each) ? idOf(each) : undefined
      if (typeof id !== 'string' || id === '') {
        this.#found.reject('mqtt.no-tag', `${topic}: an entry without the id of a tag`, each)
        continue
      }
      const feeds = mapping.feedsOf(id)
      if (feeds.length === 0) this.#found.unknownTag(id, each)
      else this.#readCell(mapping, id, cellOf(each, mapping.entry), mapping.entry, feeds, sentAt, each)
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
      if (feeds.length === 0) this.#found.unknownTag(inner, value)
      else this.#readCell(mapping, inner, cellOf(value, {}), {}, feeds, sentAt, value)
    }
  }

  #readCell(
    mapping: Mapping,
    tag: string,
    cell: Cell,
    places: Places,
    feeds: readonly Feed[],
    sentAt: unknown,
    raw: unknown,
    bareText?: string,
  ): void {
    const said = readTime(cell.time, mapping.timeUnitMs) ?? readTime(sentAt, mapping.timeUnitMs)
    if (said === 'unread') {
      this.#found.refuse(feeds, 'mqtt.bad-time', `${tag}: ${shown(cell.time ?? sentAt)} is no time`, raw)
      return
    }
    if (said !== undefined && !this.#found.hasNoted('zoneless') && isZoneless(cell.time ?? sentAt))
      this.#found.note('zoneless', zonelessNote)
    let quality = readQuality(cell.quality, mapping.qualityCodes)
    if (quality === undefined) {
      const reason = `${tag}: ${shown(cell.quality)} is no quality`
      this.#found.refuse(feeds, 'mqtt.bad-quality', reason, raw, said)
      return
    }
    // A gateway says 0 of what it has never read, and that it is bad; a value that is said to be good is of some time.
    if (said === undefined && quality !== Quality.bad && (isNever(cell.time) || isNever(sentAt))) {
      const reason = `${tag}: its time is 0, as of a clock that was never set; leave it out where the value is of now`
      this.#found.refuse(feeds, 'mqtt.bad-time', reason, raw)
      return
    }
    // Whoever names the place of a time knows that there is one: a value without it may be of any.
    if (said === undefined && places.time !== undefined && quality !== Quality.bad && isSaid(cell.value)) {
      const reason = `${tag}: the message has no time where the plant file says it is; leave time out there where values are of now`
      this.#found.refuse(feeds, 'mqtt.bad-time', reason, raw)
      return
    }
    // Nobody knows since when: true at the latest now, and perhaps no longer.
    if (said === undefined && this.#found.isRetained && quality === Quality.good) quality = Quality.uncertain
    const time = said ?? this.#found.receiveTime
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
        this.#found.sample(feed, time, cell.value, quality)
        return
      }
    }
    const isText = feed.type === 'text'
    const value = isText ? this.#textOf(cell.value, bareText) : this.#numbers.of(feed, tag, cell)
    if (value !== undefined && typeof value !== 'string') {
      this.#found.sample(feed, time, value, quality)
      return
    }
    if (value !== undefined) {
      this.#found.refuse([feed], 'mqtt.unit-mismatch', value, raw, time)
      return
    }
    // A bad quality often comes without a value, which is no fault of the message.
    if (quality === Quality.bad) {
      this.#found.none(feed, time)
      return
    }
    if (cell.value === undefined || cell.value === null) {
      this.#found.refuse([feed], 'mqtt.no-value', `${tag}: the message says no value`, raw, time)
      return
    }
    const rule = isText ? 'mqtt.not-text' : 'mqtt.not-a-number'
    const reason = `${tag}: ${shown(cell.value)} is no ${isText ? 'text' : 'number'}`
    this.#found.refuse([feed], rule, reason, raw, time)
  }

  #textOf(value: unknown, bareText: string | undefined): number | undefined {
    const text = bareText ?? readText(value)
    return text === undefined || text.length > longestText ? undefined : this.#options.intern(text)
  }

  #notJson(feeds: readonly Feed[], topic: string, payload: Buffer): void {
    this.#found.refuse(feeds, 'mqtt.bad-json', `${topic}: the message is no JSON`, payload)
  }
}

const overlapNote = (topic: string, first: string, other: string): string =>
  `${topic} is of two entries of topics, ${first} and ${other}: the first in the list alone reads it, and a broker may deliver it twice. Write entries that do not overlap; entries with the same topic all read it.`

const partialNote = (topic: string, missing: string): string =>
  `A message of ${topic} held some of its values and not ${missing}, which has no value from then on: each message must hold all of them. Have the publisher say them all, or give each value a topic of its own.`
