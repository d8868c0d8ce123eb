import type { Conversion } from '../../schema/unit-conversion.js'
import { conversionFrom } from '../../schema/unit-spelling.js'
import { type Places, type QualityCodes, timeUnits } from './cell.js'
import type { TopicEntry } from './config.js'
import { composed, type TagBook, type TaggedSignal } from './tag-book.js'
import { fillTemplate, type TopicPattern, topicPattern } from './topic-pattern.js'

/** A signal at the end of a mapping: what is done to a number on its way there. */
export interface Feed extends TaggedSignal {
  /** What the plant file says of the source's numbers: `value * scale + offset`. */
  readonly own: Conversion
  /** All that is done where the message names no unit; undefined = nothing. */
  readonly usual: Conversion | undefined
  /** Whether a unit that the message names counts. */
  readonly isUnitSaid: boolean
  /** A number that takes numbers as they are, where the message names no unit. */
  readonly isPlain: boolean
  /** The unit of the plant file that does not measure what the signal measures. */
  readonly mismatch: string | undefined
}

/** One value of a message: where it is, which tag it is, whom it feeds. */
export interface Reading {
  readonly tag: string
  readonly places: Places
  readonly feeds: readonly Feed[]
}

type Arithmetic = Pick<TopicEntry, 'scale' | 'offset' | 'unit'>

/** An entry of `topics`, ready to read messages. */
export class Mapping {
  readonly entry: TopicEntry
  readonly pattern: TopicPattern
  readonly timeUnitMs: number
  readonly qualityCodes: QualityCodes
  readonly #tags: TagBook
  /** Feeds of known tags: as many as the plant has, so it needs no bound. */
  readonly #feeds = new Map<string, readonly Feed[]>()
  #edition = 0

  constructor(entry: TopicEntry, tags: TagBook) {
    this.entry = entry
    this.pattern = topicPattern(entry.topic)
    this.timeUnitMs = timeUnits[entry.timeUnit]
    this.qualityCodes = entry.qualityCodes
    this.#tags = tags
  }

  /** Whether a message of this topic names its tags itself. */
  get isBatch(): boolean {
    return this.entry.format === 'kepware' && this.pattern.names.length === 0 && this.entry.tag === undefined
  }

  /** What a topic's messages hold; undefined where the topic is none of ours. */
  readingsOf(topic: string): readonly Reading[] | undefined {
    const names = this.pattern.match(topic)
    if (names === undefined) return undefined
    const { values, tag } = this.entry
    if (values === undefined) {
      const filled = fillTemplate(tag ?? this.#usualTag(), names)
      return [{ tag: filled, places: this.entry, feeds: this.feedsOf(filled) }]
    }
    return Object.entries(values).map(([value, own]) => {
      const filled = fillTemplate(tag ?? '{topic}/{value}', { ...names, value })
      const { time, quality, unitAt } = this.entry
      const places = { time, quality, unitAt, ...definedOnly(own) }
      return { tag: filled, places, feeds: this.#makeFeeds(filled, own) }
    })
  }

  /** The signals that a tag of this mapping feeds; none where the plant knows no such tag. */
  feedsOf(tag: string): readonly Feed[] {
    if (this.#edition !== this.#tags.edition) {
      this.#feeds.clear()
      this.#edition = this.#tags.edition
    }
    const known = this.#feeds.get(tag)
    if (known !== undefined) return known
    const feeds = this.#makeFeeds(tag, this.entry)
    if (feeds.length > 0) this.#feeds.set(tag, feeds)
    return feeds
  }

  /** `kepware/{channel}/{device}/{tag}` gives `channel.device.tag`, as the server itself names it. */
  #usualTag(): string {
    const { names } = this.pattern
    return this.entry.format === 'kepware' && names.length > 0
      ? names.map(name => `{${name}}`).join('.')
      : '{topic}'
  }

  #makeFeeds(tag: string, { scale, offset, unit }: Arithmetic): Feed[] {
    const found = this.#tags.find(tag, this.entry.unitInName ?? this.entry.format === 'kepware')
    if (found === undefined) return []
    const own = { scale, offset }
    return found.signals.map(signal => {
      const spelled = unit ?? (found.suffix === '' ? undefined : found.suffix)
      const isSame = spelled === undefined || spelled === signal.unit
      const then = isSame ? undefined : conversionFrom(spelled, signal.unit)
      // A name may end in what only looks like a unit; what the plant file says must be one.
      const mismatch = unit !== undefined && !isSame && then === undefined ? unit : undefined
      const usual = composed(own, then)
      const isPlain = signal.type === 'number' && usual === undefined && mismatch === undefined
      return { ...signal, own, usual, isUnitSaid: unit === undefined, isPlain, mismatch }
    })
  }
}

function definedOnly(places: Places): Places {
  const { value, time, quality, unitAt } = places
  return {
    ...(value && { value }),
    ...(time && { time }),
    ...(quality && { quality }),
    ...(unitAt && { unitAt }),
  }
}
