import { Readable } from 'node:stream'
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { databaseName } from '../../schema/tables/definition.js'
import { writerHeader } from './embedded/http-interface.js'

/** ClickHouse as the store uses it: the embedded one or your own, through the same client. */
export class Database {
  readonly #client: ClickHouseClient

  /** `url` may carry user and password; `secret` is the embedded one's. */
  constructor(url: string, secret?: string) {
    this.#client = createClient({
      url,
      application: 'gemba',
      // Its failures come back as errors; what is logged of them is the caller's business.
      log: { level: ClickHouseLogLevel.OFF },
      request_timeout: 120_000,
      max_open_connections: 8,
      ...(secret === undefined ? {} : { http_headers: { [writerHeader]: secret } }),
    })
  }

  /** A statement without an answer. */
  async command(query: string): Promise<void> {
    await this.#client.command({ query })
  }

  /** Rows as objects. Parameters are `{name:Type}` in the text. */
  async query<Row>(
    query: string,
    parameters: Readonly<Record<string, unknown>> = {},
    signal?: AbortSignal,
  ): Promise<Row[]> {
    const result = await this.#client.query({
      query,
      query_params: parameters,
      format: 'JSONEachRow',
      ...(signal !== undefined && { abort_signal: signal }),
    })
    return result.json<Row>()
  }

  /** The answer as bytes in one of ClickHouse's formats. */
  async export(
    query: string,
    parameters: Readonly<Record<string, unknown>>,
    format: string,
  ): Promise<Uint8Array> {
    return Buffer.concat(await (await this.exportStream(query, parameters, format)).toArray())
  }

  /** The same while it comes. */
  async exportStream(
    query: string,
    parameters: Readonly<Record<string, unknown>>,
    format: string,
    signal?: AbortSignal,
  ): Promise<Readable> {
    const { stream } = await this.#client.exec({
      query: `${query}\nFORMAT ${format}`,
      query_params: parameters,
      ...(signal !== undefined && { abort_signal: signal }),
    })
    return stream
  }

  /**
   * A block in Native format; counts once however often it is repeated with the same token. `signal` stops the waiting
   * for the answer; whether the block is in is then not known.
   */
  async insertBlock(table: string, block: Uint8Array, token: string, signal?: AbortSignal): Promise<void> {
    const { stream } = await this.#client.exec({
      query: `INSERT INTO ${databaseName}.${table} FORMAT Native`,
      values: Readable.from([block], { objectMode: false }),
      ...(signal !== undefined && { abort_signal: signal }),
      clickhouse_settings: {
        insert_deduplication_token: token,
        insert_deduplicate: 1,
        deduplicate_blocks_in_dependent_materialized_views: 1,
        async_insert: 0,
      },
    })
    await stream.resume().toArray()
  }

  /**
   * `INSERT … SELECT` as one part of the table, for as much as fits into memory; counts once however often it is
   * repeated with the same token.
   */
  async insertSelect(query: string, parameters: Record<string, unknown>, token: string): Promise<void> {
    await this.#client.command({
      query,
      query_params: parameters,
      clickhouse_settings: {
        insert_deduplication_token: token,
        insert_deduplicate: 1,
        max_insert_threads: '1',
        min_insert_block_size_rows: '1000000000',
        min_insert_block_size_bytes: '4000000000',
      },
    })
  }

  async insertRows(table: string, rows: readonly object[], signal?: AbortSignal): Promise<void> {
    await this.#client.insert({
      table: `${databaseName}.${table}`,
      values: [...rows],
      format: 'JSONEachRow',
      ...(signal !== undefined && { abort_signal: signal }),
      // The same rows may be written again at the next start.
      clickhouse_settings: { async_insert: 0, insert_deduplicate: 0 },
    })
  }

  close(): Promise<void> {
    return this.#client.close()
  }
}
