import type { IncomingMessage } from 'node:http'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { databaseName } from '../../../schema/tables/definition.js'
import { StatementError } from './statement-error.js'

/** A request of ClickHouse's HTTP interface, read. */
export interface QueryRequest {
  /** The statement; rows of an INSERT may follow it here or be the body. */
  readonly query: string
  readonly body: Buffer
  readonly queryId: string | undefined
  readonly database: string
  readonly defaultFormat: string
  /** The client wants all of the answer at once (wait_end_of_query). */
  readonly isWhole: boolean
  /** How long the client may take nothing of its answer (http_send_timeout), ms. */
  readonly sendTimeoutMs: number
  /** Which Native the client reads (client_protocol_version); 0 = the oldest. */
  readonly nativeRevision: number
  readonly parameters: ReadonlyMap<string, string>
  readonly settings: ReadonlyMap<string, string>
}

/** Of the interface itself and not of the engine, or of no use here. */
const interfaceNames = new Set([
  'query',
  'query_id',
  'database',
  'default_format',
  'user',
  'password',
  'quota_key',
  'role',
  'session_id',
  'session_timeout',
  'session_check',
  'close_session',
  'client_protocol_version',
  'buffer_size',
  'wait_end_of_query',
  'enable_http_compression',
  'http_zlib_compression_level',
  'send_progress_in_http_headers',
  'http_headers_progress_interval_ms',
  'http_send_timeout',
  'add_http_cors_header',
  'http_write_exception_in_output_format',
  'cancel_http_readonly_queries_on_client_close',
  'stacktrace',
  // Every reader is one already; clients like to say so.
  'readonly',
])

const gunzipped = promisify(gunzip)

/** Throws StatementError: 307 for a body over `limitBytes`, 48 for what is not offered. */
export async function readRequest(incoming: IncomingMessage, limitBytes: number): Promise<QueryRequest> {
  const url = new URL(incoming.url ?? '/', 'http://localhost')
  if (url.searchParams.get('compress') === '1' || url.searchParams.get('decompress') === '1')
    throw new StatementError(48, 'Native compression is not offered; use gzip as content encoding')
  const parameters = new Map<string, string>()
  const settings = new Map<string, string>()
  for (const [name, value] of url.searchParams) {
    if (name.startsWith('param_')) parameters.set(name.slice('param_'.length), value)
    else if (interfaceNames.has(name)) continue
    else if (/^\w+$/.test(name)) settings.set(name, value)
    else throw new StatementError(115, `Unknown setting ${JSON.stringify(name)}`)
  }
  const inUrl = url.searchParams.get('query')
  const body = await readBody(incoming, limitBytes)
  const header = (name: string): string | undefined => {
    const value = incoming.headers[name]
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  const database = url.searchParams.get('database') ?? header('x-clickhouse-database') ?? databaseName
  // The rows of an INSERT are data; of any other statement the body is the rest.
  const hasRows = inUrl !== null && /^\s*INSERT\s/i.test(inUrl)
  return {
    query: hasRows ? inUrl : [inUrl, text(body)].filter(Boolean).join('\n'),
    body: hasRows ? body : Buffer.alloc(0),
    queryId: url.searchParams.get('query_id') ?? header('x-clickhouse-query-id'),
    // Clients name `default` where nobody told them anything.
    database: database === 'default' ? databaseName : database,
    defaultFormat: formatName(url.searchParams.get('default_format') ?? header('x-clickhouse-format')),
    nativeRevision: revisionOf(url.searchParams.get('client_protocol_version')),
    isWhole: url.searchParams.get('wait_end_of_query') === '1',
    sendTimeoutMs: 1_000 * secondsOf(url.searchParams.get('http_send_timeout')),
    parameters,
    settings,
  }
}

/** It becomes part of a statement. */
function formatName(text: string | undefined): string {
  if (text === undefined) return 'TabSeparated'
  if (!/^\w+$/.test(text)) throw new StatementError(73, `Unknown format ${JSON.stringify(text)}`)
  return text
}

function revisionOf(text: string | null): number {
  if (!/^\d{0,9}$/.test(text ?? ''))
    throw new StatementError(36, `client_protocol_version is ${JSON.stringify(text)}; give a whole number`)
  return Number(text)
}

/** ClickHouse's own default, and no more: a reader's connection waits meanwhile. */
function secondsOf(text: string | null): number {
  const most = 30
  const seconds = text === null ? most : Number(text)
  if (!(seconds > 0 && seconds <= most))
    throw new StatementError(
      36,
      `http_send_timeout is ${JSON.stringify(text)}; give seconds, at most ${most}`,
    )
  return seconds
}

async function readBody(incoming: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    length += chunk.byteLength
    if (length > limitBytes) throw tooLarge(limitBytes)
    chunks.push(chunk)
  }
  const body = Buffer.concat(chunks)
  const encoding = incoming.headers['content-encoding']
  if (encoding === undefined || encoding === 'identity') return body
  if (encoding !== 'gzip')
    throw new StatementError(48, `The content encoding ${encoding} is not offered; use gzip`)
  try {
    return await gunzipped(body, { maxOutputLength: limitBytes })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(limitBytes)
    throw new StatementError(62, 'The body is not gzip', { cause })
  }
}

function text(body: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch (cause) {
    const message = 'The statement is not UTF-8. Send binary rows as the body and their INSERT as ?query='
    throw new StatementError(62, message, { cause })
  }
}

const tooLarge = (limitBytes: number): StatementError =>
  new StatementError(307, `The body is larger than ${limitBytes} bytes`)
