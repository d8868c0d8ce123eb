const headerEnd = Buffer.from('\r\n\r\n')
const boundaryOf = /boundary=(?:"([^"]+)"|([^\s;]+))/i
const lengthOf = /^content-length:\s*(\d+)\s*$/im
const maxHeader = 16_384

/** A stream of parts that cannot be read on. */
export class MultipartError extends Error {
  override readonly name = 'MultipartError'
}

/**
 * Cuts a multipart/x-mixed-replace stream (as MTConnect Part 1, streaming, has it) into its parts: bytes in, texts
 * out. A part without a Content-Length ends at the next boundary.
 */
export class MultipartReader {
  readonly #boundary: Buffer
  readonly #maxLength: number
  #rest: Buffer = Buffer.alloc(0)

  /** Throws MultipartError where the Content-Type is of no such stream. */
  constructor(contentType: string | undefined, maxLength: number) {
    const [, quoted, plain] = boundaryOf.exec(contentType ?? '') ?? []
    const boundary = quoted ?? plain
    if (boundary === undefined)
      throw new MultipartError(`answers with ${contentType ?? 'no content type'}, not a stream`)
    this.#boundary = Buffer.from(`--${boundary.replace(/^--/, '')}`)
    this.#maxLength = maxLength
  }

  /** The parts that are whole now. Throws MultipartError. */
  push(chunk: Uint8Array): string[] {
    this.#rest = this.#rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#rest, chunk])
    const parts: string[] = []
    for (let part = this.#next(); part !== undefined; part = this.#next()) parts.push(part)
    return parts
  }

  #next(): string | undefined {
    const start = this.#rest.indexOf(this.#boundary)
    if (start < 0) {
      if (this.#rest.length > maxHeader) throw new MultipartError('sends something between its parts')
      return undefined
    }
    const end = this.#rest.indexOf(headerEnd, start)
    if (end < 0) {
      if (this.#rest.length - start > maxHeader)
        throw new MultipartError('sends a part whose head does not end')
      return undefined
    }
    const body = end + headerEnd.length
    const length = lengthOf.exec(this.#rest.toString('latin1', start, end))?.[1]
    const stop = length === undefined ? this.#rest.indexOf(this.#boundary, body) : body + Number(length)
    const known = stop < 0 ? this.#rest.length - body : stop - body
    if (known > this.#maxLength)
      throw new MultipartError(`sends a part of more than ${this.#maxLength} bytes`)
    if (stop < 0 || stop > this.#rest.length) return undefined
    const part = this.#rest.toString('utf8', body, stop)
    this.#rest = this.#rest.subarray(stop)
    return part
  }
}
