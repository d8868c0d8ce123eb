import type { Conversion } from '../../schema/unit-conversion.js'
import { conversionFrom } from '../../schema/unit-spelling.js'
import { shown } from '../shown.js'
import { type Cell, readNumber } from './cell.js'
import type { Feed } from './mapping.js'
import { composed } from './tag-book.js'

/** Spellings remembered of a signal. Beyond, they are worked out anew: a flood of names is not to fill the memory. */
const mostUnits = 1_000

/** Numbers of messages in the units of their signals. */
export class FeedNumbers {
  /** What a unit that messages name is to a signal; undefined = none of its kind. */
  readonly #conversions = new Map<Feed, Map<string, Conversion | 'same' | undefined>>()

  /** The number in the signal's unit; a text says why its unit does not fit; undefined: no number. */
  of(feed: Feed, tag: string, { value, unit }: Cell): number | string | undefined {
    const number = readNumber(value, feed.unit)
    if (number === undefined) return undefined
    if (feed.mismatch !== undefined) {
      return `${tag}: ${feed.mismatch} does not measure what the signal has in ${feed.unit || 'no unit'}; correct the unit of its topic`
    }
    let conversion = feed.usual
    if (unit !== undefined && unit !== null && unit !== '' && feed.isUnitSaid && feed.unit !== '') {
      const found = this.#conversionOf(feed, unit)
      if (found === undefined) {
        return `${tag}: the message says ${shown(unit)}, the signal is in ${feed.unit}; say the unit of its topic in the plant file`
      }
      conversion = found === 'same' ? undefined : found
    }
    if (conversion === undefined) return number
    const converted = number * conversion.scale + conversion.offset
    return Number.isFinite(converted) ? converted : undefined
  }

  #conversionOf(feed: Feed, unit: unknown): Conversion | 'same' | undefined {
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
}
