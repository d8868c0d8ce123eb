import type { IndexedSignal } from '../contract.js'
import type { TopicEntry } from './config.js'
import { type Feed, Mapping, type Reading } from './mapping.js'
import { TagBook } from './tag-book.js'

/**
 * What a topic's messages are read by. A `batch` names its tags itself, the group of a unified namespace (`uns`) may; of
 * `cells` the topic says them.
 */
export interface Route {
  readonly kind: 'batch' | 'uns' | 'cells'
  readonly mapping: Mapping
  readonly readings: readonly Reading[]
}

/** Topics remembered. Beyond, they are worked out anew: a flood of names is not to fill the memory. */
const mostTopics = 100_000

/** Which entries of `topics` read which topic. */
export class RouteBook {
  readonly #tags: TagBook
  readonly #mappings: readonly Mapping[]
  readonly #routes = new Map<string, readonly Route[]>()
  #edition = 0
  readonly #onOverlap: (topic: string, first: string, other: string) => void

  /** `onOverlap` hears of a topic that two entries of other filters match, of which the first alone reads it. */
  constructor(
    entries: readonly TopicEntry[],
    signals: readonly IndexedSignal[],
    onOverlap: (topic: string, first: string, other: string) => void,
  ) {
    this.#tags = new TagBook(signals)
    this.#mappings = entries.map(entry => new Mapping(entry, this.#tags))
    this.#onOverlap = onOverlap
  }

  /** The filters to subscribe to, each with its entry. */
  get filters(): readonly { readonly filter: string; readonly entry: TopicEntry }[] {
    return this.#mappings.map(({ pattern, entry }) => ({ filter: pattern.filter, entry }))
  }

  /** How a topic is read: by the first entry that it matches and all others with the very filter of that. */
  routesOf(topic: string): readonly Route[] {
    if (this.#edition !== this.#tags.edition) {
      this.#routes.clear()
      this.#edition = this.#tags.edition
    }
    const known = this.#routes.get(topic)
    if (known !== undefined) return known
    const routes: Route[] = []
    for (const mapping of this.#mappings) {
      const { filter } = mapping.pattern
      const readings = mapping.readingsOf(topic)
      if (readings === undefined) continue
      const first = routes[0]?.mapping.pattern.filter ?? filter
      if (first !== filter) {
        this.#onOverlap(topic, first, filter)
        continue
      }
      const kind = mapping.isBatch ? 'batch' : mapping.entry.format === 'uns' ? 'uns' : 'cells'
      routes.push({ kind, mapping, readings })
    }
    if (routes.length > 0 && this.#routes.size < mostTopics) this.#routes.set(topic, routes)
    return routes
  }
}

export const feedsOf = (readings: readonly Reading[]): readonly Feed[] =>
  readings.flatMap(({ feeds }) => feeds)

/** The signals of a topic that says the tag; of those that only a message can name, none. */
export const fedBy = ({ kind, readings }: Route): readonly Feed[] =>
  kind === 'cells' ? feedsOf(readings) : []
