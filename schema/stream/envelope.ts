import { decode, encode } from '@msgpack/msgpack'
import { StreamError } from './stream-error.js'

/** The envelope is one array of scalars and byte blocks; only lists of topics or texts nest in it. */
const maxDepth = 2

export const encodeEnvelope = (fields: readonly unknown[]): Uint8Array => encode(fields)

/** Reads an envelope of at most `limit` bytes. */
export function decodeEnvelope(bytes: Uint8Array, limit: number): Envelope {
  if (bytes.length > limit) {
    throw new StreamError('frame-too-large', `A frame of ${bytes.length} bytes; ${limit} are the limit`)
  }
  checkShape(bytes)
  let fields: unknown
  try {
    fields = decode(bytes)
  } catch (cause) {
    throw new StreamError('malformed', 'The frame is not a MessagePack array', { cause })
  }
  if (!Array.isArray(fields)) throw new StreamError('malformed', 'The frame is not a MessagePack array')
  return new Envelope(fields)
}

/** The fields of a frame by place, each checked as it is read. More fields than known are no error: later versions append. */
export class Envelope {
  readonly #fields: readonly unknown[]

  constructor(fields: readonly unknown[]) {
    this.#fields = fields
  }

  /** A whole number from 0 to 2^53 - 1. */
  count(at: number): number {
    const field = this.#fields[at]
    if (!Number.isSafeInteger(field) || (field as number) < 0) throw this.#unfit(at, 'a whole number')
    return field as number
  }

  /** A time or another finite number. */
  number(at: number): number {
    const field = this.#fields[at]
    if (!Number.isFinite(field)) throw this.#unfit(at, 'a finite number')
    return field as number
  }

  text(at: number): string {
    const field = this.#fields[at]
    if (typeof field !== 'string') throw this.#unfit(at, 'a text')
    return field
  }

  block(at: number): Uint8Array {
    const field = this.#fields[at]
    if (!(field instanceof Uint8Array)) throw this.#unfit(at, 'a block of bytes')
    return field
  }

  /** A list of scalars as an envelope of its own, with its length. */
  list(at: number): { readonly length: number; readonly items: Envelope } {
    const field = this.#fields[at]
    if (!Array.isArray(field)) throw this.#unfit(at, 'a list')
    return { length: field.length, items: new Envelope(field) }
  }

  #unfit(at: number, wanted: string): StreamError {
    const found = at < this.#fields.length ? 'something else' : 'nothing'
    return new StreamError(
      at < this.#fields.length ? 'malformed' : 'truncated',
      `Field ${at} is ${found}, not ${wanted}`,
    )
  }
}

/**
 * Walks the MessagePack headers before anything is allocated: what is announced must be there, arrays nest at most
 * twice, and of the types only those of the protocol occur (no maps, no extensions).
 */
function checkShape(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  /** Items still to come at each open level. */
  const pending = [1]
  let at = 0
  while (pending.length > 0) {
    const open = pending.length - 1
    if (pending[open] === 0) {
      pending.pop()
      continue
    }
    pending[open] = pending[open]! - 1
    if (at >= bytes.length) throw new StreamError('truncated', 'The frame ends within its envelope')
    const item = header(view, at)
    at += item.bytes
    if (at > bytes.length) throw new StreamError('truncated', 'The frame ends within a field')
    if (item.items === undefined) continue
    if (open === maxDepth) throw new StreamError('malformed', `Arrays nest deeper than ${maxDepth}`)
    if (item.items > bytes.length - at)
      throw new StreamError('truncated', 'An array announces more than the frame holds')
    pending.push(item.items)
  }
  if (at < bytes.length)
    throw new StreamError('malformed', `${bytes.length - at} bytes after the end of the frame`)
}

/** Bytes of the item at `at` (of an array: of its header alone) and, of an array, the number of its items. */
function header(view: DataView, at: number): { readonly bytes: number; readonly items?: number } {
  const head = view.getUint8(at)
  if (head <= 0x7f || head >= 0xe0) return { bytes: 1 }
  if (head >= 0x90 && head <= 0x9f) return { bytes: 1, items: head & 0x0f }
  if (head >= 0xa0 && head <= 0xbf) return { bytes: 1 + (head & 0x1f) }
  switch (head) {
    case 0xc4: // bin 8
    case 0xd9: // str 8
      return { bytes: 2 + length(view, at, 1) }
    case 0xc5: // bin 16
    case 0xda: // str 16
      return { bytes: 3 + length(view, at, 2) }
    case 0xc6: // bin 32
    case 0xdb: // str 32
      return { bytes: 5 + length(view, at, 4) }
    case 0xcc: // uint 8
      return { bytes: 2 }
    case 0xcd: // uint 16
      return { bytes: 3 }
    case 0xca: // float 32
    case 0xce: // uint 32
      return { bytes: 5 }
    case 0xcb: // float 64
    case 0xcf: // uint 64
    case 0xd3: // int 64
      return { bytes: 9 }
    case 0xd0: // int 8
      return { bytes: 2 }
    case 0xd1: // int 16
      return { bytes: 3 }
    case 0xd2: // int 32
      return { bytes: 5 }
    case 0xdc: // array 16
      return { bytes: 3, items: length(view, at, 2) }
    case 0xdd: // array 32
      return { bytes: 5, items: length(view, at, 4) }
    default:
      throw new StreamError('malformed', `A field of MessagePack type 0x${head.toString(16)}`)
  }
}

function length(view: DataView, at: number, width: 1 | 2 | 4): number {
  if (at + 1 + width > view.byteLength) throw new StreamError('truncated', 'The frame ends within a length')
  if (width === 1) return view.getUint8(at + 1)
  return width === 2 ? view.getUint16(at + 1) : view.getUint32(at + 1)
}
