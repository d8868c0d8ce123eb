import type { ModbusTag, NumberType, Order } from './tag.js'

/**
 * The value of a tag in the answer to a read that began at `start`: a number, a text, or why there is none that could
 * be told without being wrong.
 */
export type Decoded =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'unfit'; readonly why: string }

/** Reads `tag` out of the bytes of a read that covers it. */
export function decodeValue(tag: ModbusTag, start: number, bytes: Uint8Array): Decoded {
  const at = tag.address - start
  const { value, order } = tag
  if (value.kind === 'bit') return scaled(tag, (bytes[at >> 3]! >> (at & 7)) & 1)
  const own = inOrder(bytes.subarray(at * 2, (at + tag.width) * 2), order, value.kind === 'text')
  if (value.kind === 'text') return { kind: 'text', value: textOf(own.subarray(0, value.characters)) }
  const view = new DataView(own.buffer, own.byteOffset, own.byteLength)
  if (value.kind === 'bits') {
    const width = value.high - value.low + 1
    return scaled(tag, (view.getUint16(0) >> value.low) & (2 ** width - 1))
  }
  const raw = numberOf(value.type, view)
  return typeof raw === 'string' ? { kind: 'unfit', why: raw } : scaled(tag, raw)
}

/**
 * Writes a value to where `tag` says in the registers of a device (two bytes each, from address 0): a number that its
 * type rounds and, in an integer, wraps as a PLC's does; a text cut to its length at a whole character. What `decodeValue`
 * reads there is the value again, as far as the type can hold it. Coils are no registers.
 */
export function encodeValue(tag: ModbusTag, content: number | string, registers: Uint8Array): void {
  const { value, address, width, order, scale, offset } = tag
  const bytes = new Uint8Array(width * 2)
  const view = new DataView(bytes.buffer)
  const raw = typeof content === 'number' ? (content - offset) / scale : Number.NaN
  if (value.kind === 'text') utf8Writer.encodeInto(String(content), bytes.subarray(0, value.characters))
  else if (value.kind === 'number') writeNumber(value.type, raw, view)
  else if (value.kind === 'bits') {
    const mask = (2 ** (value.high - value.low + 1) - 1) << value.low
    const others = (registers[address * 2]! << 8) | registers[address * 2 + 1]!
    view.setUint16(0, (others & ~mask) | ((Math.round(raw) << value.low) & mask))
  }
  registers.set(inOrder(bytes, order, value.kind === 'text'), address * 2)
}

function writeNumber(type: NumberType, raw: number, view: DataView): void {
  switch (type) {
    case 'float32':
      view.setFloat32(0, raw)
      return
    case 'float64':
      view.setFloat64(0, raw)
      return
    case 'int64':
    case 'uint64':
      view.setBigUint64(0, BigInt.asUintN(64, BigInt(Number.isFinite(raw) ? Math.round(raw) : 0)))
      return
    case 'bcd16':
    case 'bcd32': {
      const digits = view.byteLength * 2
      const decimals = String(Math.abs(Math.round(raw)) % 10 ** digits).padStart(digits, '0')
      for (let i = 0; i < view.byteLength; i++)
        view.setUint8(i, Number.parseInt(decimals.slice(2 * i, 2 * i + 2), 16))
      return
    }
    case 'int16':
    case 'uint16':
      view.setUint16(0, Math.round(raw))
      return
    default:
      view.setUint32(0, Math.round(raw))
  }
}

function scaled({ scale, offset }: ModbusTag, raw: number): Decoded {
  return { kind: 'number', value: scale === 1 && offset === 0 ? raw : raw * scale + offset }
}

/**
 * A copy with the highest byte first, or from there in `order`: each order undoes itself. The words of a text are in
 * order whatever the order of its bytes.
 */
function inOrder(bytes: Uint8Array, order: Order, isText: boolean): Uint8Array {
  // Not slice: of a Buffer that is the same bytes again.
  const own = new Uint8Array(bytes)
  const isWordSwapped = !isText && (order === 'CDAB' || order === 'DCBA')
  const isByteSwapped = order === 'BADC' || order === 'DCBA'
  if (isWordSwapped && isByteSwapped) return own.reverse()
  const words = own.length / 2
  for (let i = 0; i < words; i++) {
    const from = 2 * (isWordSwapped ? words - 1 - i : i)
    own[2 * i] = bytes[from + (isByteSwapped ? 1 : 0)]!
    own[2 * i + 1] = bytes[from + (isByteSwapped ? 0 : 1)]!
  }
  return own
}

function numberOf(type: NumberType, view: DataView): number | string {
  switch (type) {
    case 'int16':
      return view.getInt16(0)
    case 'uint16':
      return view.getUint16(0)
    case 'int32':
      return view.getInt32(0)
    case 'uint32':
      return view.getUint32(0)
    case 'int64':
      return exactly(view.getBigInt64(0))
    case 'uint64':
      return exactly(view.getBigUint64(0))
    case 'float32':
      return view.getFloat32(0)
    case 'float64':
      return view.getFloat64(0)
    case 'bcd16':
    case 'bcd32':
      return decimal(view)
  }
}

/** A Float64 holds whole numbers up to 2^53 exactly; beyond it would be another number. */
function exactly(value: bigint): number | string {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : `${value} is beyond 2^53 and cannot be kept exactly`
}

function decimal(view: DataView): number | string {
  let text = ''
  for (let i = 0; i < view.byteLength; i++) text += view.getUint8(i).toString(16).padStart(2, '0')
  return /^\d+$/.test(text) ? Number(text) : `0x${text} is no binary-coded decimal`
}

const utf8 = new TextDecoder('utf-8', { fatal: true })
const utf8Writer = new TextEncoder()
const latin1 = new TextDecoder('latin1')

/** Up to the first NUL, without the blanks that fill it up. */
function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0)
  const said = end === -1 ? bytes : bytes.subarray(0, end)
  try {
    return utf8.decode(said).trimEnd()
  } catch {
    return latin1.decode(said).trimEnd()
  }
}
