import { randomUUID, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type Guard, makeGuard } from './guard.js'
import { bindParameters } from './parameters.js'
import { type QueryRequest, readRequest } from './request.js'
import type { Sessions } from './sessions.js'
import { parseStatement } from './statement.js'
import { StatementError } from './statement-error.js'

/** Whoever sends this header with the secret may write. Everybody else reads. */
export const writerHeader = 'x-gemba-writer'

const writerLimitBytes = 512 * 1024 ** 2
const readerLimitBytes = 1024 ** 2

/** Parameters of a query travel in the URI: as long as ClickHouse takes it (http_max_uri_size), bytes. */
const longestUri = 1_048_576

/** ClickHouse's HTTP interface over the embedded engine. */
export function makeHttpInterface(sessions: Sessions, secret: string): Server {
  const guard = makeGuard(sessions.tableFunctions)
  const server = createServer({ maxHeaderSize: longestUri }, (incoming, response) => {
    void respond(sessions, guard, secret, incoming, response)
  })
  server.keepAliveTimeout = 30_000
  return server
}

async function respond(
  sessions: Sessions,
  guard: Guard,
  secret: string,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  // A page in a browser can reach loopback under a name of its own; what it could read is nobody's business.
  if (!isLoopback(incoming.headers.host)) {
    response.writeHead(421).end('Misdirected request: use 127.0.0.1 or localhost\n')
    return
  }
  const path = (incoming.url ?? '/').split('?')[0]
  const isBare = !(incoming.url ?? '').includes('?') && incoming.method !== 'POST'
  if (path === '/ping' || (path === '/' && isBare)) {
    response.writeHead(200, { 'Content-Type': 'text/plain; charset=UTF-8' }).end('Ok.\n')
    return
  }
  if (path !== '/') {
    response.writeHead(404).end('There is no such path: statements go to /\n')
    return
  }
  const isWriter = isSecret(incoming.headers[writerHeader], secret)
  let queryId: string = randomUUID()
  try {
    const request = await readRequest(incoming, isWriter ? writerLimitBytes : readerLimitBytes)
    queryId = request.queryId ?? queryId
    // Not the client's own id: two clients may give the same.
    const runId = randomUUID()
    const isDone = killOnDisconnect(sessions, response, runId)
    try {
      await answer(sessions, guard, request, { queryId, runId, isWriter }, response)
    } finally {
      isDone()
    }
  } catch (error) {
    fail(StatementError.from(error), queryId, response)
  }
}

async function answer(
  sessions: Sessions,
  guard: Guard,
  request: QueryRequest,
  { queryId, runId, isWriter }: { queryId: string; runId: string; isWriter: boolean },
  response: ServerResponse,
): Promise<void> {
  const statement = parseStatement(request.query)
  const options = {
    runId,
    database: request.database,
    settings: request.settings,
    format: request.defaultFormat,
  }
  if (statement.kind === 'read') {
    const sql = bindParameters(statement.sql, request.parameters)
    const bound = parseStatement(sql)
    if (bound.kind !== 'read') throw new StatementError(164, 'Cannot execute query in readonly mode')
    if (!isWriter) {
      guard.check(bound.tokens)
      for (const name of request.settings.keys()) guard.checkSetting(name)
    }
    const result = await sessions.read(sql, options, isWriter)
    const format = bound.format ?? request.defaultFormat
    const summary = { read_rows: result.rowsRead, read_bytes: result.bytesRead }
    succeed(response, sessions, queryId, format, summary, result.elapsed, result.bytes())
    return
  }
  if (!isWriter) {
    const message =
      "Cannot execute query in readonly mode: this interface only reads. Statements that change something are the engine's own. (READONLY)"
    throw new StatementError(164, message)
  }
  const result =
    statement.kind === 'insert'
      ? await sessions.insert(
          statement,
          Buffer.concat([Buffer.from(statement.inline), request.body]),
          options,
        )
      : await sessions.write(bindParameters(statement.sql, request.parameters), options)
  const summary = { written_rows: result.rowsRead, written_bytes: result.bytesRead }
  succeed(response, sessions, queryId, request.defaultFormat, summary, result.elapsed, result.bytes())
}

function succeed(
  response: ServerResponse,
  sessions: Sessions,
  queryId: string,
  format: string,
  counts: { read_rows?: number; read_bytes?: number; written_rows?: number; written_bytes?: number },
  elapsedSeconds: number,
  bytes: Uint8Array,
): void {
  const summary = {
    read_rows: '0',
    read_bytes: '0',
    written_rows: '0',
    written_bytes: '0',
    total_rows_to_read: '0',
    result_rows: '0',
    result_bytes: String(bytes.byteLength),
    elapsed_ns: String(Math.round(elapsedSeconds * 1e9)),
    ...Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, String(count)])),
  }
  response
    .writeHead(200, {
      'Content-Type': contentType(format),
      'Content-Length': bytes.byteLength,
      'X-ClickHouse-Query-Id': headerValue(queryId),
      'X-ClickHouse-Format': format,
      'X-ClickHouse-Timezone': sessions.timezone,
      'X-ClickHouse-Server-Display-Name': 'gemba',
      'X-ClickHouse-Summary': JSON.stringify(summary),
    })
    .end(bytes)
}

function fail(error: StatementError, queryId: string, response: ServerResponse): void {
  if (response.headersSent || response.destroyed) {
    response.destroy()
    return
  }
  response
    .writeHead(error.httpStatus, {
      'Content-Type': 'text/plain; charset=UTF-8',
      'X-ClickHouse-Query-Id': headerValue(queryId),
      'X-ClickHouse-Exception-Code': String(error.code),
      // What is left of an oversized body is not read.
      ...(error.code === 307 ? { Connection: 'close' } : {}),
    })
    .end(`${error.text}\n`)
}

/**
 * A client that goes away takes its query with it. Asked again until it has ended: it may still be waiting
 * for its turn. Returns what to call when the query has ended.
 */
function killOnDisconnect(sessions: Sessions, response: ServerResponse, runId: string): () => void {
  let again: NodeJS.Timeout | undefined
  const kill = (): void => {
    sessions.kill(runId).catch(() => undefined)
    again = setTimeout(kill, 250)
  }
  response.once('close', kill)
  return () => {
    response.off('close', kill)
    clearTimeout(again)
  }
}

function isLoopback(host: string | undefined): boolean {
  return /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(host ?? '')
}

function isSecret(given: string | string[] | undefined, secret: string): boolean {
  if (typeof given !== 'string') return false
  const [a, b] = [Buffer.from(given), Buffer.from(secret)]
  return a.byteLength === b.byteLength && timingSafeEqual(a, b)
}

const headerValue = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?')

function contentType(format: string): string {
  if (/^JSON(EachRow|.*EachRow.*|Lines)$/.test(format)) return 'application/x-ndjson; charset=UTF-8'
  if (format.startsWith('JSON')) return 'application/json; charset=UTF-8'
  if (format.startsWith('CSV')) return 'text/csv; charset=UTF-8'
  if (/^(TSV|TabSeparated)/.test(format)) return 'text/tab-separated-values; charset=UTF-8'
  if (/^(Native|RowBinary|Parquet|Arrow|ORC|Avro|Npy)/.test(format)) return 'application/octet-stream'
  return 'text/plain; charset=UTF-8'
}
