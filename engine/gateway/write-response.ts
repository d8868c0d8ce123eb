import type { HttpResponse } from 'uWebSockets.js'
import { STATUS_CODES } from 'node:http'

/** Writes a response in one go; the caller knows that it was not aborted meanwhile. */
export function writeResponse(
  res: HttpResponse,
  response: Response,
  content: Uint8Array,
  how: { readonly isHead?: boolean; readonly hangUp?: boolean } = {},
): void {
  res.cork(() => {
    res.writeStatus(`${response.status} ${STATUS_CODES[response.status] ?? ''}`)
    for (const [name, value] of response.headers) {
      if (name !== 'content-length' && name !== 'transfer-encoding') res.writeHeader(name, value)
    }
    // Without a number: a content length that is not known must not be announced.
    if (response.status === 204 || response.status === 304) res.endWithoutBody()
    else if (how.isHead) res.endWithoutBody(content.length)
    else res.end(content, how.hangUp ?? false)
  })
}

export async function contentOf(response: Response): Promise<Uint8Array> {
  return new Uint8Array(await response.arrayBuffer())
}
