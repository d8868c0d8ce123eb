import { type ClientRequest, Agent as HttpAgent, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib'
import { textIn } from '../csv.js'
import type { TlsLink } from '../tls.js'

export interface Answer {
  readonly status: number
  /** `Retry-After`, as it is said. */
  readonly retryAfter: string | undefined
  readonly body: string
}

export interface ClientOptions {
  readonly headers: Readonly<Record<string, string>>
  readonly tls: TlsLink | undefined
  readonly maxLength: number
}

/** Asks a service over one connection that is kept. All it can send is GET. */
export class GetClient {
  readonly #options: ClientOptions
  readonly #received: (bytes: number) => void
  readonly #http = new HttpAgent({ keepAlive: true, maxSockets: 1 })
  readonly #https = new HttpsAgent({ keepAlive: true, maxSockets: 1 })
  #open: { readonly request: ClientRequest; readonly fail: (error: Error) => void } | undefined

  constructor(options: ClientOptions, received: (bytes: number) => void) {
    this.#options = options
    this.#received = received
  }

  /** One request at a time; ends with what Node's client ends with, or RangeError where the answer is too long. */
  get(url: URL): Promise<Answer> {
    const { headers, tls, maxLength } = this.#options
    return new Promise((resolve, reject) => {
      const isTls = url.protocol === 'https:'
      const request = isTls
        ? httpsRequest(url, { headers, agent: this.#https, ...tls })
        : httpRequest(url, { headers, agent: this.#http })
      this.#open = { request, fail: reject }
      request.on('error', reject)
      request.on('response', response => {
        const chunks: Buffer[] = []
        let length = 0
        response.on('data', (chunk: Buffer) => {
          this.#received(chunk.length)
          length += chunk.length
          if (length > maxLength)
            this.abort(new RangeError(`answers with more than ${maxLength} bytes (maxLength)`))
          else chunks.push(chunk)
        })
        response.on('error', reject)
        response.on('end', () => {
          const { statusCode: status = 0, headers: said } = response
          try {
            const body = unpack(Buffer.concat(chunks), said['content-encoding'], maxLength)
            resolve({ status, retryAfter: said['retry-after'], body: decoded(body, said['content-type']) })
          } catch (error) {
            reject(error)
          }
        })
      })
      request.end()
    })
  }

  /** Gives up what is under way, for this reason. */
  abort(error: Error): void {
    this.#open?.fail(error)
    this.#open?.request.destroy()
  }

  close(): void {
    this.#open?.request.destroy()
    this.#http.destroy()
    this.#https.destroy()
  }
}

/** A text as its mark says it is written, else as its service says, else UTF-8. Throws RangeError of no known encoding. */
function decoded(body: Uint8Array, contentType = ''): string {
  const charset = /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(contentType)?.[1] ?? 'utf-8'
  try {
    return textIn(body, charset)
  } catch {
    throw new RangeError(`answers in an encoding that is not known (content-type: ${contentType})`)
  }
}

/** How a service may pack its answer (RFC 9110, 8.4.1); some do so unasked. */
const unpackers: Readonly<Record<string, typeof gunzipSync>> = {
  gzip: gunzipSync,
  'x-gzip': gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync,
}

/** Throws RangeError where it cannot be unpacked, or not within `maxLength` bytes. */
function unpack(body: Buffer, encoding = 'identity', maxLength: number): Buffer {
  const coding = encoding.trim().toLowerCase()
  if (coding === 'identity' || coding === '' || body.length === 0) return body
  const unpacker = Object.hasOwn(unpackers, coding) ? unpackers[coding] : undefined
  try {
    if (unpacker !== undefined) return unpacker(body, { maxOutputLength: maxLength })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw new RangeError(`answers with more than ${maxLength} bytes (maxLength)`, { cause })
  }
  throw new RangeError(`answers with what cannot be unpacked (content-encoding: ${coding})`)
}
