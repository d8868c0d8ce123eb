import type { HttpRequest, HttpResponse } from 'uWebSockets.js'
import type { Logger } from 'pino'
import { problemResponse } from '../api/problem.js'
import { contentOf, writeResponse } from './write-response.js'

/** Largest request body, bytes. */
export const maxBody = 256 * 1024

export interface BridgeOptions {
  /** Answers a request; never rejects for a reason of the client's. */
  readonly answer: (request: Request) => Response | Promise<Response>
  readonly logger: Logger
}

interface Incoming {
  readonly method: string
  readonly target: string
  readonly headers: readonly (readonly [name: string, value: string])[]
}

/**
 * Carries a uWebSockets.js request to a fetch-style handler and its response back. The request object lives only
 * until the first return, chunks only until theirs, the response until it ends or is aborted: all of that stays here.
 */
export function bridge({ answer, logger }: BridgeOptions): (res: HttpResponse, req: HttpRequest) => void {
  return (res, req) => {
    let isAborted = false
    res.onAborted(() => {
      isAborted = true
    })
    const incoming = read(req)
    const respond = async (body?: Uint8Array<ArrayBuffer>): Promise<void> => {
      let response: Response
      let content: Uint8Array
      try {
        response = await answer(toRequest(incoming, body))
        content = await contentOf(response)
      } catch (error) {
        response = failure(error, incoming.target, logger)
        content = await contentOf(response)
      }
      if (!isAborted) writeResponse(res, response, content, { isHead: incoming.method === 'HEAD' })
    }
    /** Answers at once and hangs up: the rest of the body is not wanted. */
    const refuse = async (): Promise<void> => {
      const response = problemResponse(413, `The body is larger than the ${maxBody} bytes that are read.`, {
        instance: pathOf(incoming.target),
      })
      const content = await contentOf(response)
      if (!isAborted) writeResponse(res, response, content, { hangUp: true })
    }

    if (!hasBody(incoming)) {
      void respond()
      return
    }
    receive(res, body => {
      void (body === undefined ? refuse() : respond(body))
    })
  }
}

const pathOf = (target: string): string => target.split('?', 1)[0] ?? target

class MalformedRequest extends Error {
  override readonly name = 'MalformedRequest'
}

function read(req: HttpRequest): Incoming {
  const headers: [string, string][] = []
  req.forEach((name, value) => {
    headers.push([name, value])
  })
  // Undefined where the address has no `?`, whatever its type says.
  const query: string | undefined = req.getQuery()
  return {
    method: req.getCaseSensitiveMethod().toUpperCase(),
    target: query === undefined || query === '' ? req.getUrl() : `${req.getUrl()}?${query}`,
    headers,
  }
}

const hasBody = ({ method, headers }: Incoming): boolean =>
  method !== 'GET' &&
  method !== 'HEAD' &&
  headers.some(
    ([name, value]) => name === 'transfer-encoding' || (name === 'content-length' && value !== '0'),
  )

/** Collects a body; undefined once it is larger than allowed, and then no more. */
function receive(res: HttpResponse, done: (body: Uint8Array<ArrayBuffer> | undefined) => void): void {
  const chunks: Uint8Array[] = []
  let size = 0
  res.onData((chunk, isLast) => {
    if (size > maxBody) return
    size += chunk.byteLength
    if (size > maxBody) {
      done(undefined)
      return
    }
    // The chunk is taken away when this returns.
    chunks.push(new Uint8Array(chunk.slice(0)))
    if (isLast) done(new Uint8Array(Buffer.concat(chunks)))
  })
}

/** HEAD is asked as GET, so that it has GET's headers; the body stays here. */
function toRequest({ method, target, headers }: Incoming, body?: Uint8Array<ArrayBuffer>): Request {
  try {
    return new Request(`http://gateway${target}`, {
      method: method === 'HEAD' ? 'GET' : method,
      headers: headers as [string, string][],
      body,
    })
  } catch (cause) {
    throw new MalformedRequest('The request line or a header cannot be read.', { cause })
  }
}

function failure(error: unknown, target: string, logger: Logger): Response {
  const instance = pathOf(target)
  if (error instanceof MalformedRequest) return problemResponse(400, error.message, { instance })
  logger.error({ err: error, path: instance }, 'request failed')
  return problemResponse(500, 'The engine could not answer; its log says why.', { instance })
}
