import type { Signal } from '../../schema/plant.js'
import type { Reject } from '../../schema/records.js'
import { type SampleBatch, SampleBatchBuilder } from '../../schema/sample-batch.js'
import { conversionFrom } from '../../schema/unit-spelling.js'
import type { AdapterContext, IndexedSignal, Post, PostProblem, UnknownTag } from '../contract.js'
import { guarded } from '../guarded.js'
import {
  isObject,
  isZoneless,
  type JsonObject,
  readNumber,
  readQuality,
  readText,
  readTime,
} from '../mqtt/cell.js'
import { asCame, shown } from '../shown.js'

/** What a post amounts to. Each of its entries is a sample, a reject or an unknown tag; none is dropped. */
export interface DecodedPost {
  readonly batch: SampleBatch
  readonly rejects: readonly Reject[]
  readonly unknown: readonly UnknownTag[]
  /** Of each sample the entry it came in, by its place. */
  readonly places: readonly number[]
  /** For whoever posted it: which entries were not taken, and why. */
  readonly problems: readonly PostProblem[]
}

type Rule =
  | 'push.malformed'
  | 'push.no-value'
  | 'push.unfit-value'
  | 'push.bad-time'
  | 'push.bad-quality'
  | 'push.bad-unit'
  | 'push.unknown-key'

type EntryFault = { readonly rule: Rule; readonly reason: string }

/**
 * All that an entry may have. A word beside these that nobody reads is taken for a slip: `timestamp` for `time` would
 * give a value a wrong time without a word.
 */
const entryKeys: ReadonlySet<string> = new Set(['signal', 'tag', 'value', 'unit', 'time', 'quality'])

/** Reads posts: `[{ "signal": "press-01.vibration", "value": 2.1, "time": "…", "quality": "good" }, …]`. */
export class PostDecoder {
  readonly #context: Pick<AdapterContext, 'source' | 'clock' | 'intern'>
  readonly #byId = new Map<string, IndexedSignal>()
  readonly #byTag = new Map<string, IndexedSignal>()

  constructor(context: Pick<AdapterContext, 'source' | 'clock' | 'intern' | 'signals'>) {
    this.#context = context
    for (const indexed of context.signals) {
      this.#byId.set(indexed.signal.id, indexed)
      this.#byTag.set(indexed.signal.tag, indexed)
    }
  }

  decode({ entries }: Pick<Post, 'entries'>): DecodedPost {
    const now = this.#context.clock.now()
    const batch = new SampleBatchBuilder(Math.max(1, entries.length))
    const rejects: Reject[] = []
    const unknown: UnknownTag[] = []
    const places: number[] = []
    const problems: PostProblem[] = []
    const { source } = this.#context
    entries.forEach((entry, place) => {
      const refuse = (reject: Reject): void => {
        rejects.push(reject)
        problems.push({ entry: place, rule: reject.rule, reason: reject.reason })
      }
      const failure = guarded(source, now, entry, () => {
        const found = this.#find(entry)
        if (typeof found === 'string') {
          unknown.push({ tag: found, raw: asCame(entry) })
          problems.push({
            entry: place,
            rule: 'tag.unknown',
            reason: `no signal of this source is "${found}"`,
          })
          return
        }
        const fault = 'rule' in found ? found : this.#push(batch, found.indexed, found.json, now)
        if (fault === undefined) {
          places.push(place)
          return
        }
        refuse({ source, time: now, ...fault, raw: asCame(entry) })
        if ('rule' in found) return
        // What the signal showed before is not what it is said to be now.
        batch.pushNone(found.indexed.index, timeOf(found.json) ?? now, now)
        places.push(place)
      })
      if (failure !== undefined) refuse(failure)
    })
    return { batch: batch.take(), places, rejects, unknown, problems }
  }

  /** The signal of an entry; its name where nobody has it; a fault where it names none. */
  #find(entry: unknown): { indexed: IndexedSignal; json: JsonObject } | EntryFault | string {
    if (!isObject(entry))
      return { rule: 'push.malformed', reason: 'an entry is an object with signal and value' }
    const { signal, tag } = entry
    const name = signal ?? tag
    if (typeof name !== 'string') {
      return { rule: 'push.malformed', reason: 'the entry names no signal; add "signal": its id, or "tag"' }
    }
    const indexed = typeof signal === 'string' ? this.#byId.get(signal) : this.#byTag.get(name)
    return indexed === undefined ? name : { indexed, json: entry }
  }

  #push(batch: SampleBatchBuilder, { index, signal }: IndexedSignal, json: JsonObject, now: number) {
    const other = Object.keys(json).find(key => !entryKeys.has(key))
    if (other !== undefined) {
      const reason = `nobody reads ${shown(other)}; an entry has ${[...entryKeys].join(', ')}`
      return { rule: 'push.unknown-key' as const, reason }
    }
    const time = readTime(json.time, 1)
    if (time === undefined && json.time !== undefined && json.time !== null) {
      const reason = `time is ${shown(json.time)}, as of a clock that was never set; leave it out where the value is of now`
      return { rule: 'push.bad-time' as const, reason }
    }
    // Whoever posts can say the zone, and what is guessed would be wrong by hours.
    if (time === 'unread' || isZoneless(json.time)) {
      const reason = `time is ${shown(json.time)}; write ISO 8601 with a zone, or Unix milliseconds`
      return { rule: 'push.bad-time' as const, reason }
    }
    const quality = readQuality(json.quality, 'opc-da')
    if (quality === undefined) {
      const reason = `quality is ${shown(json.quality)}; write good, uncertain or bad`
      return { rule: 'push.bad-quality' as const, reason }
    }
    if (!Object.hasOwn(json, 'value'))
      return { rule: 'push.no-value' as const, reason: 'the entry has no value' }
    const at = time ?? now
    if (json.value === null) {
      batch.pushNone(index, at, now)
      return undefined
    }
    const isText = signal.type === 'text'
    const value = isText ? readText(json.value) : readNumber(json.value, signal.unit)
    if (value === undefined) {
      return {
        rule: 'push.unfit-value' as const,
        reason: `${signal.id} is ${kindOf(signal)}, and the value ${shown(json.value)}`,
      }
    }
    if (typeof value === 'string') {
      batch.push(index, at, now, this.#context.intern(value), quality)
      return undefined
    }
    const converted = inUnit(value, json.unit, signal.unit)
    if (converted === undefined) {
      const reason = `the unit is ${shown(json.unit)}, and ${signal.id} ${signal.unit === '' ? 'has none' : `is in ${signal.unit}`}`
      return { rule: 'push.bad-unit' as const, reason }
    }
    batch.push(index, at, now, converted, quality)
    return undefined
  }
}

/** When it was, Unix ms UTC; undefined where the entry does not say it so that it can be read. */
function timeOf({ time }: JsonObject): number | undefined {
  const read = readTime(time, 1)
  return read === 'unread' || isZoneless(time) ? undefined : read
}

/** A value in the signal's unit; undefined where what is said to be its unit measures something else, or is none. */
function inUnit(value: number, said: unknown, unit: string): number | undefined {
  if (said === undefined || said === null || said === '' || said === unit) return value
  const found = typeof said === 'string' ? conversionFrom(said, unit) : undefined
  const converted = found === undefined ? Number.NaN : value * found.scale + found.offset
  return Number.isFinite(converted) ? converted : undefined
}

/** What a signal's values are, for a person. */
function kindOf({ type, quantity, unit }: Signal): string {
  if (quantity === 'blocked' || quantity === 'starved') return 'true or false (1 or 0)'
  return unit === '' ? `a ${type}` : `a ${type} in ${unit}`
}
