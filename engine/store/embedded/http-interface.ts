import { randomUUID, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { ChdbResult } from 'chdb'
import { Answer, type Cost, fail, succeed } from './answer.js'
import { type Guard, makeGuard } from './guard.js'
import { NativeRevision } from './native-revision.js'
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

/** What of an answer waits for its end before the first byte goes out, bytes: as much as ClickHouse keeps back. */
const heldBytes = 1024 ** 2
/** The same where the client wants its answer whole (wait_end_of_query); more is sent as it comes. */
const wholeLimitBytes = 256 * 1024 ** 2

/** ClickHouse's HTTP interface over the embedded engine. */
export function makeHttpInterface(sessions: Sessions, secret: string): Server {
  const guard = makeGuard(sessions.tableFunctions, sessions.readerBounds)
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
  if (path === '/ping' || path === '/replicas_status' || (path === '/' && isBare)) {
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
      for (const [name, value] of request.settings) guard.checkSetting(name, value)
    }
    const head = { queryId, format: bound.format ?? request.defaultFormat, timezone: sessions.timezone }
    if (isWriter) {
      // Our own answers are small and come quickest as a whole.
      const result = await sessions.read(sql, options)
      succeed(response, head, { read: costOf(result) }, result.bytes())
    } else {
      const stream = new Answer(response, head, {
        heldBytes: request.isWhole ? wholeLimitBytes : heldBytes,
        sendTimeoutMs: request.sendTimeoutMs,
      })
      const native = new NativeRevision(head.format === 'Native' ? request.nativeRevision : 0, stream.take)
      const take = native.isNeeded ? native.take : stream.take
      const result = await sessions.stream(bound, { ...options, format: head.format }, take)
      await native.end()
      stream.end(costOf(result))
    }
    return
  }
  if (!isWriter) {
    const message =
      "Cannot execute query in readonly mode: this interface only reads. Statements that change something are the engine's own."
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
  const head = { queryId, format: request.defaultFormat, timezone: sessions.timezone }
  succeed(response, head, { written: costOf(result) }, result.bytes())
}

const costOf = (result: ChdbResult): Cost => ({
  rows: result.rowsRead,
  bytes: result.bytesRead,
  seconds: result.elapsed,
})

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
