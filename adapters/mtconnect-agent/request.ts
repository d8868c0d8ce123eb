import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { TlsLink } from '../tls.js'

/** An answer that is none of an agent. */
export class AnswerError extends Error {
  override readonly name = 'AnswerError'
}

export interface GetOptions {
  readonly tls: TlsLink | undefined
  /** How long to wait for the head of the answer, ms. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/** Asks for a document; answers as soon as its head is there. Throws what Node throws, or AnswerError. */
export function get(url: URL, { tls, timeoutMs, signal }: GetOptions): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const options = { signal, headers: { accept: 'text/xml, multipart/x-mixed-replace' } }
    const request =
      url.protocol === 'https:' ? httpsRequest(url, { ...options, ...tls }) : httpRequest(url, options)
    const timeout = setTimeout(() => {
      request.destroy(new AnswerError(`does not answer within ${timeoutMs} ms`))
    }, timeoutMs)
    request.on('close', () => clearTimeout(timeout))
    request.on('response', response => {
      clearTimeout(timeout)
      resolve(response)
    })
    request.on('error', reject)
    request.end()
  })
}

/** The whole answer as text; at most `maxLength` bytes. */
export async function readAll(response: IncomingMessage, maxLength: number): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > maxLength) throw new AnswerError(`answers with more than ${maxLength} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
