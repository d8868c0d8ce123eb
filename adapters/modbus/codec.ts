/**
 * Modbus TCP on the wire: MODBUS Messaging on TCP/IP Implementation Guide V1.0b, 3.1 (the MBAP header), and MODBUS
 * Application Protocol V1.1b3, 6.1–6.4 (the four reads) and 7 (exceptions). Requests are reads: this file cannot make
 * another. What a device answers to them is in answer.ts.
 */

/** Bytes before the protocol data unit: transaction, protocol, length, unit. */
const headerLength = 7
/** Unit and protocol data unit, bytes: the most and the least that the length field may announce. */
const longest = 254
const shortest = 2

type ReadFunction = 1 | 2 | 3 | 4

export interface ReadRequest {
  /** 0–65,535: comes back in the answer. */
  readonly transaction: number
  readonly unit: number
  readonly function: ReadFunction
  readonly address: number
  /** Coils (1–2,000) or registers (1–125). */
  readonly quantity: number
}

export function encodeRead({
  transaction,
  unit,
  function: code,
  address,
  quantity,
}: ReadRequest): Uint8Array {
  const pdu = new Uint8Array(5)
  const view = new DataView(pdu.buffer)
  pdu[0] = code
  view.setUint16(1, address)
  view.setUint16(3, quantity)
  return encodeFrame({ transaction, unit, pdu })
}

/** A protocol data unit with the header that TCP wants before it. */
export function encodeFrame({ transaction, unit, pdu }: Frame): Uint8Array {
  const bytes = new Uint8Array(headerLength + pdu.length)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, transaction)
  view.setUint16(4, pdu.length + 1)
  bytes[headerLength - 1] = unit
  bytes.set(pdu, headerLength)
  return bytes
}

/** What came for a transaction; `pdu` is a view into what was read. */
export interface Frame {
  readonly transaction: number
  readonly unit: number
  readonly pdu: Uint8Array
}

/** Cuts what the other side sends into frames, however it arrives. */
export class FrameReader {
  #rest: Uint8Array = new Uint8Array(0)
  #fault: string | undefined

  /** Why nothing more can be read: what came is not Modbus TCP, and nobody knows where the next frame begins. */
  get fault(): string | undefined {
    return this.#fault
  }

  /** The frames that are complete now; those before a fault are good. */
  push(chunk: Uint8Array): readonly Frame[] {
    const frames: Frame[] = []
    if (this.#fault !== undefined) return frames
    let bytes = this.#rest.length === 0 ? chunk : joined(this.#rest, chunk)
    while (bytes.length >= headerLength) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      const [protocol, length] = [view.getUint16(2), view.getUint16(4)]
      if (protocol !== 0 || length < shortest || length > longest) {
        this.#fault = `protocol ${protocol}, length ${length}; Modbus TCP has protocol 0, length ${shortest} to ${longest}`
        return frames
      }
      const end = headerLength - 1 + length
      if (bytes.length < end) break
      const pdu = bytes.subarray(headerLength, end)
      frames.push({ transaction: view.getUint16(0), unit: bytes[headerLength - 1]!, pdu })
      bytes = bytes.subarray(end)
    }
    // A copy: what is left must not hold the chunk that it came in.
    this.#rest = new Uint8Array(bytes)
    return frames
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length)
  both.set(a)
  both.set(b, a.length)
  return both
}

export type Answer =
  /** The bytes of the coils (low bit first) or of the registers (high byte first) that were asked for. */
  | { readonly kind: 'values'; readonly bytes: Uint8Array }
  | { readonly kind: 'exception'; readonly code: number }
  /** Not an answer to the request. */
  | { readonly kind: 'malformed'; readonly why: string }

/** What a device answered to a request; never more or fewer values than were asked for. */
export function readAnswer(request: Pick<ReadRequest, 'function' | 'quantity'>, pdu: Uint8Array): Answer {
  const { function: code, quantity } = request
  if (pdu[0] === (code | 0x80)) {
    return pdu.length === 2
      ? { kind: 'exception', code: pdu[1]! }
      : { kind: 'malformed', why: `an exception of ${pdu.length} bytes instead of 2` }
  }
  if (pdu[0] !== code) return { kind: 'malformed', why: `function ${pdu[0]} instead of ${code}` }
  const expected = code <= 2 ? Math.ceil(quantity / 8) : quantity * 2
  if (pdu[1] !== expected || pdu.length !== expected + 2) {
    const why = `${pdu.length - 2} bytes of values, announced as ${pdu[1]}, instead of ${expected}`
    return { kind: 'malformed', why }
  }
  return { kind: 'values', bytes: pdu.subarray(2) }
}
