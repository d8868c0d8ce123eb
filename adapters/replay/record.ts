import type { Signal } from '../../schema/plant.js'
import type { Reject } from '../../schema/records.js'
import { databaseName as db } from '../../schema/tables/definition.js'
import { conversion } from '../../schema/unit-conversion.js'
import { type AdapterContext, AdapterError, type SourceEvent } from '../contract.js'
import { RecordedRows, rowColumns, type Translation } from './codec.js'
import type { ReplayOptions } from './config.js'

/** What happened to the link of the source that was recorded, between two samples. */
export interface LinkMoment {
  /** Received, floor time of then, Unix ms. */
  readonly time: number
  /** It comes before the sample with this number. */
  readonly seq: number
  readonly event: Extract<SourceEvent, { kind: 'connected' | 'interrupted' | 'alive' | 'stale' }>
}

/** What a signal of the record meant then; its number is one of its own for each meaning that it had. */
type MeaningRow = [
  signal: number,
  id: string,
  source: string,
  quantity: Signal['quantity'],
  unit: string,
  type: Signal['type'],
]

interface LinkRow {
  readonly time: number
  readonly seq: number
  readonly source: string
  readonly kind: string
  readonly payload: string
}

/** Ends of a link, as its twin was told of them. */
const ends: ReadonlySet<string> = new Set(['LOST', 'ENDED', 'STOP', 'INTERRUPTED'])

/** Of a reject: what was recorded is not what the signal is here. */
export const otherMeaning = 'replay.other-meaning'

/** The record of the past, page by page in the order of arrival. */
export class PastRecord {
  readonly #options: ReplayOptions
  readonly #context: AdapterContext
  readonly #signal: AbortSignal
  readonly #translations = new Map<number, Translation>()
  readonly #strangers = new Map<number, Reject>()
  /** Indexes of the signals that each recorded source told. */
  readonly #ofSource = new Map<string, number[]>()

  constructor(options: ReplayOptions, context: AdapterContext, signal: AbortSignal) {
    this.#options = options
    this.#context = context
    this.#signal = signal
  }

  /** What the numbers of the record's signals mean here; known after `open`. */
  get translations(): ReadonlyMap<number, Translation> {
    return this.#translations
  }

  /** Of signals that were recorded as something that cannot become what they are here: what there is to be said of it. */
  get strangers(): ReadonlyMap<number, Reject> {
    return this.#strangers
  }

  /** Throws AdapterError `not-connected` where ClickHouse does not answer, `protocol` where it has no such record. */
  async open(): Promise<void> {
    const byId = new Map(this.#context.signals.map(each => [each.signal.id, each]))
    const rows = await this.#rows<MeaningRow>(
      `SELECT signal, id, source, quantity, unit, type FROM ${db}.signals FINAL WHERE id IN {ids:Array(String)}`,
      { ids: `[${[...byId.keys()].map(quoted).join(',')}]` },
    )
    if (rows.length === 0 && byId.size > 0) {
      const message = `The record at ${this.#options.clickhouse} knows none of the ${byId.size} signals of source ${this.#context.source}: replay the plant that was recorded, its ids are what counts.`
      throw new AdapterError('protocol', message)
    }
    const texts = new Map(
      await this.#rows<[code: number, text: string]>(`SELECT code, text FROM ${db}.dictionary FINAL`, {}),
    )
    const code = (recorded: number): number => this.#context.intern(texts.get(recorded) ?? '')
    for (const [number, id, source, quantity, unit, type] of rows) {
      const { index, signal } = byId.get(id)!
      this.#ofSource.set(source, [...(this.#ofSource.get(source) ?? []), index])
      const before = { quantity, unit, type }
      const isAlike = type === signal.type && (type === 'text' || quantity === signal.quantity)
      const turned = isAlike && type === 'number' ? conversion(unit, signal.unit) : undefined
      if (isAlike && type === 'text') this.#translations.set(number, { index, code })
      else if (turned !== undefined) this.#translations.set(number, { index, conversion: turned })
      else this.#strangers.set(number, this.#stranger(signal, before))
    }
  }

  #stranger(signal: Signal, before: Pick<Signal, 'quantity' | 'unit' | 'type'>): Reject {
    const { source, clock } = this.#context
    const [was, is] = [meaningText(before), meaningText(signal)]
    return {
      ...{ source, time: clock.now(), rule: otherMeaning, raw: was, signal: signal.id },
      reason: `${signal.id} was recorded as ${was} and is ${is} here: what was recorded so is left out. Give it back what it was then, or replay a window of another time.`,
    }
  }

  /** What happened to the links of the recorded sources in the window, in order of arrival. */
  async links(): Promise<readonly LinkMoment[]> {
    const rows = await this.#rows<[number, number, string, string, string]>(
      `SELECT toUnixTimestamp64Milli(ts), toFloat64(first_sample), source, kind, payload FROM ${db}.turns
      WHERE source IN {sources:Array(String)} AND kind IN ('connected', 'alive', 'interrupted', 'stale', 'link', 'lost')
        AND ts >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND ts < fromUnixTimestamp64Milli({to:Int64}, 'UTC')
      ORDER BY seq`,
      {
        sources: `[${[...this.#ofSource.keys()].map(quoted).join(',')}]`,
        from: String(Date.parse(this.#options.from)),
        to: String(Date.parse(this.#options.to)),
      },
    )
    return rows.flatMap(([time, seq, source, kind, payload]) => {
      const event = this.#eventOf({ time: Number(time), seq, source, kind, payload })
      return event === undefined ? [] : [{ time: Number(time), seq, event }]
    })
  }

  /** What a link that was recorded means for this source, which may stand for several of them. */
  #eventOf({ time, source, kind, payload }: LinkRow): LinkMoment['event'] | undefined {
    const isAlone = this.#ofSource.size === 1
    const said = payload === '' ? {} : JSON.parse(payload)
    if (kind === 'connected' || kind === 'alive') return isAlone ? { kind } : undefined
    if (kind === 'stale') {
      const signals = (said.signals as number[]).flatMap(number => {
        const known = this.#translations.get(number)
        return known === undefined ? [] : [known.index]
      })
      return { kind, signals, since: said.since ?? time }
    }
    if (kind === 'link' && !ends.has(said.type)) return undefined
    if (isAlone) return { kind: 'interrupted', reason: said.reason ?? 'It was lost then.' }
    return { kind: 'stale', signals: this.#ofSource.get(source) ?? [], since: time }
  }

  /** The next rows after the one with the sequence number `after`; fewer than a page: the last ones. */
  async page(after: number): Promise<RecordedRows> {
    const { from, to, page } = this.#options
    const bytes = await this.#ask(
      `SELECT ${rowColumns} FROM ${db}.telemetry
      WHERE signal IN {signals:Array(UInt32)} AND seq > {after:UInt64}
        AND received >= fromUnixTimestamp64Milli({from:Int64}, 'UTC')
        AND received < fromUnixTimestamp64Milli({to:Int64}, 'UTC')
      ORDER BY seq LIMIT {page:UInt32}
      FORMAT RowBinary`,
      {
        signals: `[${[...this.#translations.keys(), ...this.#strangers.keys()].join(',')}]`,
        after: String(after),
        from: String(Date.parse(from)),
        to: String(Date.parse(to)),
        page: String(page),
      },
    )
    this.#context.received(bytes.byteLength)
    try {
      return new RecordedRows(bytes)
    } catch (cause) {
      throw new AdapterError('protocol', 'The record came in a shape that is not its own.', { cause })
    }
  }

  async #rows<Row>(sql: string, parameters: Readonly<Record<string, string>>): Promise<Row[]> {
    const bytes = await this.#ask(`${sql} FORMAT JSONCompactEachRow`, parameters)
    const lines = new TextDecoder().decode(bytes).split('\n')
    return lines.filter(line => line !== '').map(line => JSON.parse(line) as Row)
  }

  async #ask(sql: string, parameters: Readonly<Record<string, string>>): Promise<Uint8Array> {
    const url = new URL(this.#options.clickhouse)
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(`param_${name}`, value)
    const { host } = url
    let answer: Response
    let bytes: Uint8Array
    try {
      answer = await fetch(url, { method: 'POST', body: sql, signal: this.#signal })
      bytes = new Uint8Array(await answer.arrayBuffer())
    } catch (cause) {
      const message = `ClickHouse at ${host} does not answer. Is the engine running whose past is replayed?`
      throw new AdapterError('not-connected', message, { cause })
    }
    if (answer.ok) return bytes
    const why = new TextDecoder().decode(bytes).slice(0, 300)
    throw new AdapterError('protocol', `ClickHouse at ${host} refused the record: ${why.trim()}`)
  }
}

const quoted = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`

const meaningText = ({ quantity, unit, type }: Pick<Signal, 'quantity' | 'unit' | 'type'>): string =>
  type === 'text' ? `a text (${quantity})` : `${quantity}${unit === '' ? '' : ` in ${unit}`}`
