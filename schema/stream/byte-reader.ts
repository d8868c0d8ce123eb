import { StreamError } from './stream-error.js'

/** Reads the columns of a frame; every read beyond the end is a `truncated` error, never undefined. */
export class ByteReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get remaining(): number {
    return this.#bytes.length - this.#at
  }

  byte(): number {
    return this.#bytes[this.#take(1)]!
  }

  /** LEB128, at most 2^53 - 1. */
  varint(): number {
    let value = 0
    let scale = 1
    for (let i = 0; i < 8; i++) {
      const byte = this.byte()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) break
        return value
      }
      scale *= 0x80
    }
    throw new StreamError('inconsistent', 'A number in the frame is larger than 2^53 - 1')
  }

  float32(): number {
    return this.#view.getFloat32(this.#take(4), true)
  }

  float64(): number {
    return this.#view.getFloat64(this.#take(8), true)
  }

  /** The next `count` bytes, without a copy. */
  bytes(count: number): Uint8Array {
    const from = this.#take(count)
    return this.#bytes.subarray(from, from + count)
  }

  /** Nothing may be left over. */
  end(): void {
    if (this.remaining > 0)
      throw new StreamError('malformed', `${this.remaining} bytes too many in a column block`)
  }

  #take(count: number): number {
    const from = this.#at
    if (count > this.#bytes.length - from) {
      throw new StreamError('truncated', `${count} bytes wanted where ${this.#bytes.length - from} are left`)
    }
    this.#at = from + count
    return from
  }
}
