import { type ClientRequest, Agent as HttpAgent, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { TlsLink } from '../tls.js'

export interface Answer {
  readonly status: number
  /** How long the service asks to be left alone, ms; undefined = it does not. */
  readonly retryAfterMs: number | undefined
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
          const seconds = Number(said['retry-after'])
          const retryAfterMs = seconds > 0 ? seconds * 1000 : undefined
          resolve({ status, retryAfterMs, body: Buffer.concat(chunks).toString('utf8') })
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
