import type { Logger } from 'pino'
import { AdapterError } from '../../adapters/contract.js'
import { headersOf } from '../../adapters/http/headers.js'
import { GetClient } from '../../adapters/http/request.js'
import { explainSocketError } from '../../adapters/socket-error.js'
import { tlsLink } from '../../adapters/tls.js'
import { parseJsonPath, valueAtPath } from '../../schema/json-path.js'
import type { ReadSecret } from '../../schema/secret.js'
import { workOrderFields } from '../../schema/work-order.js'
import type { OrderService } from '../../schema/work-order-sources.js'
import type { OrderBook } from './order-book.js'
import { type ReadOrders, readOrderList } from './order-file.js'

/** A service that names page after page has lost count. */
const mostPages = 10_000

export interface OrderPullParts {
  readonly options: OrderService
  readonly book: Pick<OrderBook, 'take' | 'failed'>
  readonly readSecret: ReadSecret
  readonly logger: Logger
}

/** Asks a REST service for its work orders. All it can send is GET. */
export class OrderPull {
  readonly #parts: OrderPullParts
  #isPulling = false
  #isReported = false
  readonly #told = new Set<string>()
  #client: GetClient | undefined

  constructor(parts: OrderPullParts) {
    this.#parts = parts
  }

  /** Asks once, page by page; all of an answer counts, or nothing of it. Never throws. */
  async pull(): Promise<void> {
    const { options, book, readSecret, logger } = this.#parts
    if (this.#isPulling) return
    this.#isPulling = true
    const { origin } = new URL(options.url)
    try {
      const tls = options.tls === undefined ? undefined : tlsLink(options.tls, { readSecret })
      const headers = headersOf(options, readSecret)
      this.#client = new GetClient({ headers, tls, maxLength: options.maxLength }, () => undefined)
      const { refused, ...read } = await this.#read(this.#client)
      // What is wrong with an order is wrong at each answer: it is told once.
      const fresh = refused.filter(({ reason, raw }) => !this.#told.has(`${reason} ${raw}`))
      for (const { reason, raw } of fresh) this.#told.add(`${reason} ${raw}`)
      book.take('rest', origin, { ...read, refused: fresh })
      if (fresh.length > 0) {
        const text = `work orders: ${origin}: ${read.orders.length} taken, ${refused.length} refused`
        logger.warn({ refused: fresh.slice(0, 3) }, text)
      }
      if (this.#isReported) logger.info(`work orders: ${origin} answers again`)
      this.#isReported = false
    } catch (error) {
      const message = explained(error as Error)
      book.failed('rest', message)
      if (!this.#isReported) logger.warn(`work orders: ${origin}: ${message}; trying again`)
      this.#isReported = true
    } finally {
      this.#client?.close()
      this.#client = undefined
      this.#isPulling = false
    }
  }

  close(): void {
    this.#client?.close()
  }

  async #read(client: GetClient): Promise<ReadOrders> {
    const { url, list, fields, next } = this.#parts.options
    const places = workOrderFields.map(
      field => [field, parseJsonPath(fields[field] ?? `$['${field}']`)!] as const,
    )
    const entries: unknown[] = []
    let page: URL | undefined = new URL(url)
    for (let pages = 0; page !== undefined; pages++) {
      if (pages === mostPages) throw new RangeError(`names more than ${mostPages} pages`)
      const document = await this.#ask(client, page)
      const listed = valueAtPath(document, parseJsonPath(list)!)
      if (!Array.isArray(listed)) throw new RangeError(`has no list of orders at ${list}; see list`)
      entries.push(...listed)
      const link: unknown = next === undefined ? undefined : valueAtPath(document, parseJsonPath(next)!)
      page = typeof link === 'string' && link !== '' ? nextPage(link, page) : undefined
    }
    return readOrderList(entries, entry =>
      Object.fromEntries(places.map(([field, path]) => [field, valueAtPath(entry, path)])),
    )
  }

  async #ask(client: GetClient, url: URL): Promise<unknown> {
    const { timeoutMs } = this.#parts.options
    const patience = setTimeout(
      () => client.abort(new RangeError(`does not answer within ${timeoutMs} ms`)),
      timeoutMs,
    )
    try {
      const { status, body } = await client.get(url)
      if (status === 401 || status === 403)
        throw new RangeError(`does not let us in (${status}); check bearer, user and secretHeaders`)
      if (status !== 200) throw new RangeError(`answers with ${status} instead of a document`)
      return JSON.parse(body) as unknown
    } finally {
      clearTimeout(patience)
    }
  }
}

/** The login is for the service that it was given for, and for no other that an answer names. */
function nextPage(link: string, page: URL): URL {
  const next = new URL(link, page)
  if (next.origin === page.origin) return next
  throw new RangeError(`names a next page at ${next.origin}, which is another service`)
}

function explained(error: Error): string {
  if (error instanceof SyntaxError) return `answers with no JSON (${error.message})`
  const isOurs = error instanceof RangeError || error instanceof AdapterError
  return isOurs ? error.message : explainSocketError(error)
}
