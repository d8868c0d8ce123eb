import { randomBytes } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import type { TakePiece } from './answer-pipe.js'
import type { StatementError } from './statement-error.js'

/** What goes with an answer. */
export interface AnswerHead {
  readonly queryId: string
  /** ClickHouse's name of the format. */
  readonly format: string
  readonly timezone: string
}

/** What a statement has cost, known at its end. */
export interface Cost {
  readonly rows: number
  readonly bytes: number
  readonly seconds: number
}

export interface AnswerOptions {
  /** Bytes to hold back before the first goes out: an error until then is an answer of its own. */
  readonly heldBytes: number
  /** A client that takes nothing for so long is given up, ms. */
  readonly sendTimeoutMs: number
}

const exceptionTagHeader = 'X-ClickHouse-Exception-Tag'

/** The answer to a query on its way to the client, at the client's speed. */
export class Answer {
  readonly #response: ServerResponse
  readonly #head: AnswerHead
  readonly #options: AnswerOptions
  #held: Buffer[] = []
  #heldBytes = 0

  constructor(response: ServerResponse, head: AnswerHead, options: AnswerOptions) {
    this.#response = response
    this.#head = head
    this.#options = options
  }

  readonly take: TakePiece = async piece => {
    const response = this.#response
    // Who went away gets nothing; the query is being ended, and until then what it writes must go somewhere.
    if (response.destroyed) return
    if (response.headersSent) return this.#send(piece)
    this.#held.push(piece)
    this.#heldBytes += piece.byteLength
    if (this.#heldBytes <= this.#options.heldBytes) return
    const start = Buffer.concat(this.#held)
    this.#held = []
    // Set, and not only sent: who tells of an error must find it again.
    response.setHeader(exceptionTagHeader, randomBytes(8).toString('hex'))
    response.writeHead(200, headers(this.#head))
    return this.#send(start)
  }

  end(cost: Cost): void {
    if (this.#response.headersSent) this.#response.end()
    else succeed(this.#response, this.#head, { read: cost }, Buffer.concat(this.#held))
  }

  #send(piece: Buffer): Promise<void> | void {
    const response = this.#response
    if (response.write(piece)) return
    return new Promise(resolve => {
      const timer = setTimeout(() => response.destroy(), this.#options.sendTimeoutMs)
      const done = (): void => {
        clearTimeout(timer)
        response.off('drain', done).off('close', done)
        resolve()
      }
      response.once('drain', done).once('close', done)
    })
  }
}

/** An answer that is there as a whole. */
export function succeed(
  response: ServerResponse,
  head: AnswerHead,
  { read, written }: { read?: Cost; written?: Cost },
  bytes: Uint8Array,
): void {
  const summary = {
    read_rows: String(read?.rows ?? 0),
    read_bytes: String(read?.bytes ?? 0),
    written_rows: String(written?.rows ?? 0),
    written_bytes: String(written?.bytes ?? 0),
    total_rows_to_read: '0',
    result_rows: '0',
    result_bytes: String(bytes.byteLength),
    elapsed_ns: String(Math.round((read ?? written)!.seconds * 1e9)),
  }
  response
    .writeHead(200, {
      ...headers(head),
      'Content-Length': bytes.byteLength,
      'X-ClickHouse-Summary': JSON.stringify(summary),
    })
    .end(bytes)
}

/**
 * Tells an error as ClickHouse does: as an answer of its own, or, where a part is on its way already, behind that part
 * between marks which clients know by the tag in the headers; the connection then breaks off, so that nobody takes the
 * part for the whole.
 */
export function fail(error: StatementError, queryId: string, response: ServerResponse): void {
  if (response.destroyed) return
  if (response.headersSent) {
    const tag = String(response.getHeader(exceptionTagHeader))
    const text = `${error.text}\n`
    const mark = `\r\n__exception__\r\n${tag}\r\n`
    const endMark = `${Buffer.byteLength(text)} ${tag}\r\n__exception__\r\n`
    response.write(`${mark}${text}${endMark}`, () => response.destroy())
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

const headers = (head: AnswerHead): Record<string, string> => ({
  'Content-Type': contentType(head.format),
  'X-ClickHouse-Query-Id': headerValue(head.queryId),
  'X-ClickHouse-Format': head.format,
  'X-ClickHouse-Timezone': head.timezone,
  'X-ClickHouse-Server-Display-Name': 'gemba',
})

const headerValue = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?')

function contentType(format: string): string {
  if (/^JSON(EachRow|.*EachRow.*|Lines)$/.test(format)) return 'application/x-ndjson; charset=UTF-8'
  if (format.startsWith('JSON')) return 'application/json; charset=UTF-8'
  if (format.startsWith('CSV')) return 'text/csv; charset=UTF-8'
  if (/^(TSV|TabSeparated)/.test(format)) return 'text/tab-separated-values; charset=UTF-8'
  if (/^(Native|RowBinary|Parquet|Arrow|ORC|Avro|Npy)/.test(format)) return 'application/octet-stream'
  return 'text/plain; charset=UTF-8'
}
