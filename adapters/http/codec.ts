import { valueAtPath } from '../../schema/json-path.js'
import { Quality } from '../../schema/quality.js'
import type { Reject } from '../../schema/records.js'
import { type SampleBatch, SampleBatchBuilder } from '../../schema/sample-batch.js'
import type { Conversion } from '../../schema/unit-conversion.js'
import { conversionFrom } from '../../schema/unit-spelling.js'
import type { AdapterContext, UnknownTag } from '../contract.js'
import { guarded } from '../guarded.js'
import {
  type Cell,
  cellOf,
  idOf,
  isNever,
  isObject,
  isSaid,
  isZoneless,
  type Places,
  parseJson,
  readNumber,
  readQuality,
  readText,
  readTime,
  timeUnits,
  zonelessNote,
} from '../mqtt/cell.js'
import { composed, TagBook, type TaggedSignal, type TaggedSignals } from '../mqtt/tag-book.js'
import { asCame } from '../shown.js'
import type { RequestEntry } from './config.js'

/** What an answer amounts to: each value is a sample, a reject or an unknown tag. */
export interface DecodedAnswer {
  readonly batch: SampleBatch
  readonly rejects: readonly Reject[]
  readonly unknown: readonly UnknownTag[]
  /** It is no such document at all, a login page perhaps: its signals have no values. */
  readonly isUnread: boolean
  /** It says of which time its values are, of one at least. */
  readonly isTimed: boolean
  /** What a person should know of the source. */
  readonly note?: string | undefined
}

type Rule =
  | 'http.malformed'
  | 'http.no-value'
  | 'http.unfit-value'
  | 'http.bad-time'
  | 'http.bad-quality'
  | 'http.bad-unit'
type Arithmetic = Pick<RequestEntry, 'scale' | 'offset' | 'unit'>
type CodecContext = Pick<AdapterContext, 'source' | 'clock' | 'intern' | 'signals'>

/** Reads the answers to one request. Pure: no answer makes it throw. */
export class AnswerDecoder {
  readonly #context: CodecContext
  readonly #entry: RequestEntry
  readonly #tags: TagBook
  /** Tags that a list has told, by the index of their signal. */
  readonly #told = new Map<number, string>()
  #present = new Set<number>()
  #isUnread = false
  #isTimed = false
  #batch = new SampleBatchBuilder()
  #rejects: Reject[] = []
  #unknown: UnknownTag[] = []
  #note: string | undefined

  constructor(context: CodecContext, entry: RequestEntry) {
    this.#context = context
    this.#entry = entry
    this.#tags = new TagBook(context.signals)
  }

  decode(text: string): DecodedAnswer {
    const { source, clock } = this.#context
    const failure = guarded(source, clock.now(), text, () => this.#read(text))
    if (failure !== undefined) this.#rejects.push(failure)
    const isUnread = this.#isUnread || failure !== undefined
    const batch = isUnread ? this.none() : this.#batch.take()
    const [rejects, unknown, isTimed, note] = [this.#rejects, this.#unknown, this.#isTimed, this.#note]
    this.#isTimed = false
    this.#note = undefined
    this.#rejects = []
    this.#unknown = []
    this.#isUnread = false
    return { batch, rejects, unknown, isUnread, isTimed, note }
  }

  #read(text: string): void {
    const parsed = parseJson(text)
    if (parsed === undefined) this.#malformed('the answer is no JSON', text)
    else if (this.#entry.values !== undefined) this.#readValues(parsed.json, this.#entry.values)
    else this.#readList(parsed.json)
  }

  /** Samples without a value for all signals that this request brings; of a list, that it has brought so far. */
  none(): SampleBatch {
    this.#batch.take()
    for (const tag of Object.keys(this.#entry.values ?? {}))
      for (const { index } of this.#find(tag)?.signals ?? []) this.#pushNone(index)
    for (const index of this.#told.keys()) this.#pushNone(index)
    return this.#batch.take()
  }

  #find(tag: string): TaggedSignals | undefined {
    return this.#tags.find(tag, this.#entry.unitInName)
  }

  #pushNone(index: number): void {
    const now = this.#context.clock.now()
    this.#batch.pushNone(index, now, now)
  }

  #readValues(json: unknown, values: NonNullable<RequestEntry['values']>): void {
    for (const [tag, own] of Object.entries(values)) {
      const { time, quality, unitAt } = this.#entry
      const places = { time, quality, unitAt, ...own }
      const cell = cellOf(json, places)
      this.#take(tag, cell, places, own, cell.value)
    }
  }

  #readList(json: unknown): void {
    const { list = [], name, value, time, quality, unitAt } = this.#entry
    const items = valueAtPath(json, list)
    if (!Array.isArray(items)) {
      this.#malformed(`there is no list at $${list.map(step => `.${step}`).join('')}`, json)
      return
    }
    this.#present = new Set()
    for (const item of items) {
      const tag = name === undefined ? (isObject(item) ? idOf(item) : undefined) : valueAtPath(item, name)
      if (typeof tag !== 'string') this.#reject('http.malformed', 'an entry of the list has no name', item)
      else {
        for (const { index } of this.#find(tag)?.signals ?? []) {
          this.#told.set(index, tag)
          this.#present.add(index)
        }
        const places = { value, time, quality, unitAt }
        this.#take(tag, cellOf(item, places), places, this.#entry, item)
      }
    }
    for (const [index, tag] of this.#told) {
      if (this.#present.has(index)) continue
      this.#reject('http.no-value', `${tag}: the list has it no longer`, tag)
      this.#pushNone(index)
    }
  }

  #take(tag: string, cell: Cell, places: Places, arithmetic: Arithmetic, raw: unknown): void {
    const found = this.#find(tag)
    if (found === undefined) {
      this.#unknown.push({ tag, raw: asCame(raw) })
      return
    }
    const time = readTime(cell.time, timeUnits[this.#entry.timeUnit])
    if (time === 'unread') {
      this.#refuse(found.signals, 'http.bad-time', `${tag}: its time cannot be read`, cell.time)
      return
    }
    if (time !== undefined) this.#isTimed = true
    if (time !== undefined && isZoneless(cell.time)) this.#note = zonelessNote
    const quality = readQuality(cell.quality, 'opc-da')
    if (quality === undefined) {
      this.#refuse(
        found.signals,
        'http.bad-quality',
        `${tag}: its quality cannot be read`,
        cell.quality,
        time,
      )
      return
    }
    if (quality !== Quality.bad && isNever(cell.time)) {
      const reason = `${tag}: its time is 0, as of a clock that was never set; leave it out where the value is of now`
      this.#refuse(found.signals, 'http.bad-time', reason, raw)
      return
    }
    // Whoever names the place of a time knows that there is one: a value without it may be of any.
    if (time === undefined && places.time !== undefined && quality !== Quality.bad && isSaid(cell.value)) {
      const reason = `${tag}: there is no time where the plant file says it is; leave time out there where values are of now`
      this.#refuse(found.signals, 'http.bad-time', reason, raw)
      return
    }
    const { signals, suffix } = found
    for (const signal of signals) this.#push(signal, tag, cell, { arithmetic, suffix, time, quality, raw })
  }

  #push(
    signal: TaggedSignal,
    tag: string,
    cell: Cell,
    said: {
      arithmetic: Arithmetic
      suffix: string
      time: number | undefined
      quality: Quality
      raw: unknown
    },
  ): void {
    const now = this.#context.clock.now()
    const at = said.time ?? now
    if (cell.value === undefined || cell.value === null) {
      if (cell.value === undefined)
        this.#reject('http.no-value', `${tag}: the answer has no value there`, said.raw)
      this.#batch.pushNone(signal.index, at, now)
      return
    }
    const refuse = (rule: Rule, reason: string) => this.#refuse([signal], rule, reason, said.raw, at)
    if (signal.type === 'text') {
      const text = readText(cell.value)
      if (text === undefined) refuse('http.unfit-value', `${tag}: the value is no text`)
      else this.#batch.push(signal.index, at, now, this.#context.intern(text), said.quality)
      return
    }
    const number = readNumber(cell.value, signal.unit)
    const conversion = this.#conversion(signal, cell.unit, said.suffix, said.arithmetic)
    if (number === undefined) refuse('http.unfit-value', `${tag}: the value is no number`)
    else if (conversion === 'unread')
      refuse('http.bad-unit', `${tag}: not in a unit of ${signal.unit || 'none'}`)
    else {
      const value = conversion === undefined ? number : number * conversion.scale + conversion.offset
      if (Number.isFinite(value)) this.#batch.push(signal.index, at, now, value, said.quality)
      else refuse('http.unfit-value', `${tag}: the value is too large`)
    }
  }

  #conversion(
    signal: TaggedSignal,
    said: unknown,
    suffix: string,
    { scale, offset, unit }: Arithmetic,
  ): Conversion | undefined | 'unread' {
    const spelled = unit ?? (typeof said === 'string' && said !== '' ? said : undefined)
    const then = conversionFrom(spelled ?? suffix, signal.unit)
    // A name may end in what only looks like a unit; what is said to be the unit must be one.
    const isUnfit = spelled !== undefined && spelled !== signal.unit && then === undefined
    return isUnfit ? 'unread' : composed({ scale, offset }, then)
  }

  #malformed(reason: string, raw: unknown): void {
    this.#isUnread = true
    this.#reject('http.malformed', reason, raw)
  }

  /**
   * What came for these signals cannot be taken: rejected, and they have no value from then on. The reason is the same at
   * each poll for as long as the answer is no better; what changes is in `raw`.
   */
  #refuse(signals: readonly TaggedSignal[], rule: Rule, reason: string, raw: unknown, time?: number): void {
    this.#reject(rule, reason, raw)
    const now = this.#context.clock.now()
    for (const { index } of signals) this.#batch.pushNone(index, time ?? now, now)
  }

  #reject(rule: Rule, reason: string, raw: unknown): void {
    const { source, clock } = this.#context
    this.#rejects.push({
      source,
      time: clock.now(),
      rule,
      reason: `${reason}.`,
      raw: asCame(raw),
    })
  }
}
