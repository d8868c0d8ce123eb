import { Quality } from '../../schema/quality.js'
import type { Reject } from '../../schema/records.js'
import { type SampleBatch, SampleBatchBuilder } from '../../schema/sample-batch.js'
import type { IndexedSignal, UnknownTag } from '../contract.js'
import { guarded } from '../guarded.js'
import { Items } from './items.js'
import { LineSplitter } from './lines.js'
import { splitFields } from './row.js'
import { nothingOf, readItems, type ShdrRule, type WholeRowSink } from './row-reader.js'
import { parseShdrTime } from './time.js'

export interface ShdrDecoderOptions {
  readonly source: string
  readonly signals: readonly IndexedSignal[]
  /** The device whose items the plant's plain tags name. */
  readonly device?: string
  /** Longest line, bytes, and longest value of several lines, characters. */
  readonly maxLineLength: number
  intern(text: string): number
}

/** What a chunk of the stream says. */
export interface Decoded {
  readonly samples: SampleBatch
  readonly rejects: readonly Reject[]
  /** Values of keys that no signal has. */
  readonly unknown: readonly UnknownTag[]
  /** Data rows: neither commands nor blank lines. Each gave at least one sample, reject or unknown tag. */
  readonly rows: number
  /** Answers to `* PING`. */
  readonly pongs: number
  /** Distance of heartbeats the source asks for in its newest PONG, ms; undefined where it names none. */
  readonly heartbeatMs?: number
}

const unavailableText = 'UNAVAILABLE'
/** A value of several lines: `…--multiline--TAG`, lines, `--multiline--TAG`. */
const multiline = /--multiline--\w*$/
const maxRaw = 4096

/**
 * Decodes SHDR, the line protocol between an MTConnect adapter and its reader (the reference agent's "Adapter Agent
 * Protocol" 1.x and 2.0): bytes in, samples and rejects out. One decoder reads one connection. No input makes it
 * throw, and none is dropped without a reject or the name of an unknown tag.
 */
export class ShdrDecoder {
  readonly #source: string
  readonly #intern: (text: string) => number
  readonly #maxLength: number
  readonly #items: Items
  readonly #splitter: LineSplitter
  readonly #samples = new SampleBatchBuilder()
  readonly #unavailable: number
  #rejects: Reject[] = []
  #unknown: UnknownTag[] = []
  #rows = 0
  #pongs = 0
  #heartbeatMs: number | undefined
  #receiveTime = 0
  #row = ''
  /** Receive time minus offset of the first row with a relative time. */
  #relativeStart: number | undefined
  /** The row of several lines being gathered, and the line that ends it. */
  #gathered: { text: string; readonly end: string } | undefined

  constructor(options: ShdrDecoderOptions) {
    this.#source = options.source
    this.#intern = text => options.intern(text)
    this.#maxLength = options.maxLineLength
    this.#items = new Items(options.signals, options.device)
    this.#splitter = new LineSplitter(options.maxLineLength)
    this.#unavailable = options.intern(unavailableText)
  }

  /** `receiveTime`: Unix ms UTC by the floor's clock. */
  push(chunk: Uint8Array, receiveTime: number): Decoded {
    this.#receiveTime = receiveTime
    this.#splitter.push(chunk, this.#lineSink)
    return this.#take()
  }

  /** The stream has closed: what was cut off is rejected. */
  end(receiveTime: number): Decoded {
    this.#receiveTime = receiveTime
    const rest = (this.#gathered?.text ?? '') + this.#splitter.takeUnfinished()
    this.#gathered = undefined
    if (rest.trim() !== '')
      this.#rejectLine('shdr.cut-line', 'the connection ended in the middle of a line', rest)
    return this.#take()
  }

  #take(): Decoded {
    const { length } = this.#rejects
    const decoded: Decoded = {
      samples: this.#samples.take(),
      rejects: length === 0 ? noRejects : this.#rejects,
      unknown: this.#unknown.length === 0 ? noTags : this.#unknown,
      rows: this.#rows,
      pongs: this.#pongs,
      heartbeatMs: this.#heartbeatMs,
    }
    if (length > 0) this.#rejects = []
    if (this.#unknown.length > 0) this.#unknown = []
    this.#rows = 0
    this.#pongs = 0
    this.#heartbeatMs = undefined
    return decoded
  }

  readonly #lineSink = {
    line: (line: string): void => {
      if (this.#gathered !== undefined) this.#gather(this.#gathered, line)
      else if (line.startsWith('*')) this.#command(line.slice(1).trim())
      else if (multiline.test(line)) this.#startGathering(line)
      else if (line.trim() !== '') this.#readRow(line)
    },
    tooLong: (head: string): void => {
      this.#gathered = undefined
      this.#rejectLine('shdr.line-too-long', `a line of more than ${this.#maxLength} bytes`, head)
    },
  }

  #command(command: string): void {
    const [, word = '', argument = ''] = /^(\w+)\s*:?\s*(.*)$/.exec(command) ?? []
    if (word === 'PONG') {
      this.#pongs++
      const interval = Number(argument)
      if (argument !== '' && interval > 0 && Number.isFinite(interval)) this.#heartbeatMs = interval
    } else if (word.toLowerCase() === 'device' && argument !== '') {
      this.#items.selectDevice(argument)
    }
  }

  #startGathering(line: string): void {
    const at = line.lastIndexOf('--multiline--')
    this.#gathered = { text: line.slice(0, at), end: line.slice(at) }
  }

  #gather(gathered: { text: string; readonly end: string }, line: string): void {
    if (line.trim() === gathered.end) {
      this.#gathered = undefined
      this.#readRow(gathered.text)
      return
    }
    gathered.text += gathered.text.endsWith('|') ? line : `\n${line}`
    if (gathered.text.length <= this.#maxLength) return
    this.#gathered = undefined
    const reason = `a value of several lines of more than ${this.#maxLength} characters`
    this.#rejectLine('shdr.line-too-long', reason, gathered.text)
  }

  #readRow(row: string): void {
    this.#rows++
    this.#row = row
    const failure = guarded(this.#source, this.#receiveTime, row, () => this.#readFields(splitFields(row)))
    if (failure !== undefined) this.#rejects.push(failure)
  }

  #readFields(fields: readonly string[]): void {
    const time = this.#timeOf(fields[0]!)
    if (time === undefined) {
      this.#rowSink.reject('shdr.bad-time', `"${fields[0]!.slice(0, 60)}" is not a time`)
      readItems(fields, this.#receiveTime, this.#items, nothingOf(this.#rowSink, this.#receiveTime))
    } else if (/^@[A-Z_]+@$/.test(fields[1] ?? '')) {
      this.#rowSink.reject('shdr.asset', 'assets are not kept')
    } else {
      readItems(fields, time, this.#items, this.#rowSink)
    }
  }

  #timeOf(field: string): number | undefined {
    const parsed = parseShdrTime(field)
    switch (parsed?.kind) {
      case 'absolute':
        return parsed.time
      case 'relative':
        this.#relativeStart ??= this.#receiveTime - parsed.offset
        return this.#relativeStart + parsed.offset
      case 'none':
        return this.#receiveTime
    }
    return undefined
  }

  #rejectLine(rule: ShdrRule, reason: string, raw: string): void {
    this.#rows++
    this.#row = raw
    this.#rowSink.reject(rule, reason)
  }

  readonly #rowSink: WholeRowSink = {
    number: (signal, value, time) => this.#samples.push(signal, time, this.#receiveTime, value, Quality.good),
    text: (signal, text, time) =>
      this.#samples.push(signal, time, this.#receiveTime, this.#intern(text), Quality.good),
    unavailable: (signal, type, time) => {
      const value = type === 'number' ? Number.NaN : this.#unavailable
      this.#samples.push(signal, time, this.#receiveTime, value, Quality.bad)
    },
    none: (signal, time) => this.#samples.pushNone(signal, time, this.#receiveTime),
    unknown: tag => this.#unknown.push({ tag, raw: this.#row.slice(0, maxRaw) }),
    reject: (rule, reason) => {
      const raw = this.#row.slice(0, maxRaw)
      this.#rejects.push({ source: this.#source, time: this.#receiveTime, rule, reason, raw })
    },
  }
}

const noRejects: readonly Reject[] = []
const noTags: readonly UnknownTag[] = []
