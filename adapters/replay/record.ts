import { databaseName as db } from '../../schema/tables/definition.js'
import { type AdapterContext, AdapterError } from '../contract.js'
import { RecordedRows, rowColumns, type Translation } from './codec.js'
import type { ReplayOptions } from './config.js'

/** The record of the past, page by page in the order of arrival. */
export class PastRecord {
  readonly #options: ReplayOptions
  readonly #context: AdapterContext
  readonly #signal: AbortSignal
  #translations: ReadonlyMap<number, Translation> = new Map()

  constructor(options: ReplayOptions, context: AdapterContext, signal: AbortSignal) {
    this.#options = options
    this.#context = context
    this.#signal = signal
  }

  /** What the numbers of the record's signals mean here; known after `open`. */
  get translations(): ReadonlyMap<number, Translation> {
    return this.#translations
  }

  /** Throws AdapterError `not-connected` where ClickHouse does not answer, `protocol` where it has no such record. */
  async open(): Promise<void> {
    const byId = new Map(this.#context.signals.map(each => [each.signal.id, each]))
    const known = await this.#rows<[signal: number, id: string]>(
      `SELECT signal, id FROM ${db}.signals FINAL WHERE id IN {ids:Array(String)}`,
      { ids: `[${[...byId.keys()].map(id => `'${id.replace(/[\\']/g, '\\$&')}'`).join(',')}]` },
    )
    if (known.length === 0 && byId.size > 0) {
      const message = `The record at ${this.#options.clickhouse} knows none of the ${byId.size} signals of source ${this.#context.source}: replay the plant that was recorded, its ids are what counts.`
      throw new AdapterError('protocol', message)
    }
    const texts = new Map(
      await this.#rows<[code: number, text: string]>(`SELECT code, text FROM ${db}.dictionary FINAL`, {}),
    )
    const code = (recorded: number): number => this.#context.intern(texts.get(recorded) ?? '')
    this.#translations = new Map(
      known.map(([number, id]) => {
        const { index, signal } = byId.get(id)!
        return [number, signal.type === 'text' ? { index, code } : { index }]
      }),
    )
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
        signals: `[${[...this.#translations.keys()].join(',')}]`,
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
