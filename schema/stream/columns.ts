import type { ByteReader } from './byte-reader.js'
import type { ByteWriter } from './byte-writer.js'
import { readPositions, writePositions } from './positions.js'
import { StreamError } from './stream-error.js'

/** A share of the signal's resolution below which nobody can see the rounding to Float32. */
const invisibleShare = 0.25
/** Times travel in whole milliseconds, this far around 1970 at most; two of them never differ by more than a varint holds. */
const furthestTime = 2 ** 50

/** The value can travel as Float32: it is exact, or off by less than the signal can show. */
function fitsFloat32(value: number, resolution: number): boolean {
  const rounded = Math.fround(value)
  return rounded === value || Number.isNaN(value) || Math.abs(rounded - value) <= resolution * invisibleShare
}

const same = (a: number, b: number): boolean => a === b || (Number.isNaN(a) && Number.isNaN(b))

/** Positions of `count` entries for which `isException` holds. */
function exceptions(count: number, isException: (i: number) => boolean): Uint32Array {
  const found: number[] = []
  for (let i = 0; i < count; i++) if (isException(i)) found.push(i)
  return Uint32Array.from(found)
}

/** One common byte, then which entries differ, then what they are. */
export function writeBytes(writer: ByteWriter, column: Uint8Array): void {
  const histogram = new Uint32Array(256)
  for (const byte of column) histogram[byte] = histogram[byte]! + 1
  let common = 0
  for (let byte = 1; byte < 256; byte++) if (histogram[byte]! > histogram[common]!) common = byte
  const differing = exceptions(column.length, i => column[i] !== common)
  writer.byte(common)
  writePositions(writer, differing)
  for (const i of differing) writer.byte(column[i]!)
}

export function readBytes(reader: ByteReader, count: number): Uint8Array {
  const common = reader.byte()
  const differing = readPositions(reader, count, count)
  const bytes = reader.bytes(differing.length)
  const column = new Uint8Array(count).fill(common)
  for (let k = 0; k < differing.length; k++) column[differing[k]!] = bytes[k]!
  return column
}

/**
 * Times as whole milliseconds: a common time, then which entries differ and by how much. 0 means "never" and stays 0.
 */
export function writeTimes(writer: ByteWriter, column: Float64Array): void {
  const common = commonTime(column)
  const differing = exceptions(column.length, i => wholeMs(column[i]!) !== common)
  writer.float64(common)
  writePositions(writer, differing)
  for (const i of differing) {
    const time = wholeMs(column[i]!)
    writer.varint(time === 0 ? 0 : 1 + zigzag(common - time))
  }
}

export function readTimes(reader: ByteReader, count: number): Float64Array {
  const common = reader.float64()
  if (!(Math.abs(common) <= furthestTime)) {
    throw new StreamError('inconsistent', `A common time of ${common} ms is out of range`)
  }
  const differing = readPositions(reader, count, count)
  if (differing.length > reader.remaining) throw new StreamError('truncated', 'A column of times ends early')
  const column = new Float64Array(count).fill(common)
  for (const i of differing) {
    const code = reader.varint()
    column[i] = code === 0 ? 0 : common - unzigzag(code - 1)
  }
  return column
}

function wholeMs(time: number): number {
  const whole = Math.round(time)
  return Math.abs(whole) <= furthestTime ? whole + 0 : 0
}

/** The time more than half of the entries share, else the newest: neither needs memory. */
function commonTime(column: Float64Array): number {
  let candidate = 0
  let votes = 0
  let newest = Number.NEGATIVE_INFINITY
  for (const raw of column) {
    const time = wholeMs(raw)
    if (votes === 0) candidate = time
    votes += time === candidate ? 1 : -1
    if (time > newest) newest = time
  }
  let share = 0
  for (const raw of column) if (wholeMs(raw) === candidate) share++
  return share * 2 > column.length ? candidate : Math.max(newest, -furthestTime)
}

const zigzag = (offset: number): number => (offset >= 0 ? offset * 2 : -offset * 2 - 1)
const unzigzag = (code: number): number => (code % 2 === 0 ? code / 2 : -(code + 1) / 2)

/** Values as Float32, but for the entries that need Float64. */
export function writeValues(
  writer: ByteWriter,
  values: Float64Array,
  resolution: (i: number) => number,
): void {
  const wide = exceptions(values.length, i => !fitsFloat32(values[i]!, resolution(i)))
  writePositions(writer, wide)
  for (let i = 0, k = 0; i < values.length; i++) {
    if (wide[k] === i) {
      writer.float64(values[i]!)
      k++
    } else writer.float32(values[i]!)
  }
}

export function readValues(reader: ByteReader, count: number): Float64Array {
  const wide = readPositions(reader, count, count)
  if (count * 4 + wide.length * 4 > reader.remaining) {
    throw new StreamError('truncated', `${count} values do not fit in the ${reader.remaining} bytes left`)
  }
  const values = new Float64Array(count)
  for (let i = 0, k = 0; i < count; i++) {
    if (wide[k] === i) {
      values[i] = reader.float64()
      k++
    } else values[i] = reader.float32()
  }
  return values
}

export interface Spread {
  readonly min: Float64Array
  readonly max: Float64Array
}

/** Smallest and largest, only where they differ from the value. */
export function writeSpread(
  writer: ByteWriter,
  values: Float64Array,
  spread: Spread,
  resolution: (i: number) => number,
): void {
  const { min, max } = spread
  const spreading = exceptions(values.length, i => !same(min[i]!, values[i]!) || !same(max[i]!, values[i]!))
  const isWide = spreading.some(
    i => !fitsFloat32(min[i]!, resolution(i)) || !fitsFloat32(max[i]!, resolution(i)),
  )
  writePositions(writer, spreading)
  writer.byte(isWide ? 1 : 0)
  for (const i of spreading) {
    if (isWide) {
      writer.float64(min[i]!)
      writer.float64(max[i]!)
    } else {
      writer.float32(min[i]!)
      writer.float32(max[i]!)
    }
  }
}

export function readSpread(reader: ByteReader, values: Float64Array): Spread {
  const spreading = readPositions(reader, values.length, values.length)
  const width = reader.byte()
  if (width > 1) throw new StreamError('malformed', `Width ${width} of a spread is not known`)
  if (spreading.length * (width === 1 ? 16 : 8) > reader.remaining) {
    throw new StreamError('truncated', 'The spread of values ends early')
  }
  const min = values.slice()
  const max = values.slice()
  for (const i of spreading) {
    min[i] = width === 1 ? reader.float64() : reader.float32()
    max[i] = width === 1 ? reader.float64() : reader.float32()
  }
  return { min, max }
}
