import type { ByteReader } from './byte-reader.js'
import type { ByteWriter } from './byte-writer.js'
import { StreamError } from './stream-error.js'

/** A strictly ascending set of whole numbers, in whichever of three forms takes the fewest bytes. */
const form = { run: 0, gaps: 1, bitmap: 2 } as const

export function writePositions(writer: ByteWriter, positions: Uint32Array): void {
  const count = positions.length
  writer.varint(count)
  if (count === 0) return
  const first = positions[0]!
  const last = positions[count - 1]!

  if (last - first === count - 1) {
    writer.byte(form.run)
    writer.varint(first)
    return
  }
  const bitmapBytes = Math.floor((last - first) / 8) + 1
  if (bitmapBytes < gapBytes(positions)) {
    writer.byte(form.bitmap)
    writer.varint(first)
    writer.varint(bitmapBytes)
    const bits = writer.room(bitmapBytes)
    for (let i = 0; i < count; i++) {
      const bit = positions[i]! - first
      const at = Math.floor(bit / 8)
      bits[at] = bits[at]! | (1 << (bit % 8))
    }
    return
  }
  writer.byte(form.gaps)
  writer.varint(first)
  for (let i = 1; i < count; i++) writer.varint(positions[i]! - positions[i - 1]! - 1)
}

/**
 * Reads a set of at most `maxCount` numbers below `limit`; both are checked before anything is allocated.
 */
export function readPositions(reader: ByteReader, maxCount: number, limit: number): Uint32Array {
  const count = reader.varint()
  if (count === 0) return new Uint32Array(0)
  if (count > maxCount)
    throw new StreamError('inconsistent', `A set of ${count} entries where ${maxCount} fit`)
  const kind = reader.byte()
  const first = reader.varint()

  if (kind === form.run) {
    checkBelow(first + count - 1, limit)
    const positions = new Uint32Array(count)
    for (let i = 0; i < count; i++) positions[i] = first + i
    return positions
  }
  if (kind === form.bitmap) return readBitmap(reader, count, first, limit)
  if (kind !== form.gaps) throw new StreamError('malformed', `Form ${kind} of a set is not known`)

  if (count - 1 > reader.remaining) throw new StreamError('truncated', 'A set ends before its last gap')
  const positions = new Uint32Array(count)
  let at = first
  checkBelow(at, limit)
  positions[0] = at
  for (let i = 1; i < count; i++) {
    at += reader.varint() + 1
    checkBelow(at, limit)
    positions[i] = at
  }
  return positions
}

function readBitmap(reader: ByteReader, count: number, first: number, limit: number): Uint32Array {
  const bits = reader.bytes(reader.varint())
  if (count > bits.length * 8) throw new StreamError('inconsistent', 'A bitmap is too short for its set')
  const positions = new Uint32Array(count)
  let found = 0
  let last = first
  for (let at = 0; at < bits.length; at++) {
    for (let byte = bits[at]!, bit = 0; byte !== 0; byte >>= 1, bit++) {
      if ((byte & 1) === 0) continue
      if (found === count)
        throw new StreamError('inconsistent', `A bitmap holds more than its ${count} entries`)
      last = first + at * 8 + bit
      positions[found++] = last
    }
  }
  if (found !== count) throw new StreamError('inconsistent', `A bitmap holds ${found} of ${count} entries`)
  checkBelow(last, limit)
  return positions
}

function checkBelow(position: number, limit: number): void {
  if (position >= limit)
    throw new StreamError('inconsistent', `Entry ${position} lies beyond the limit of ${limit}`)
}

function gapBytes(positions: Uint32Array): number {
  let bytes = 0
  for (let i = 1; i < positions.length; i++) {
    let gap = positions[i]! - positions[i - 1]! - 1
    do {
      bytes++
      gap = Math.floor(gap / 0x80)
    } while (gap > 0)
  }
  return bytes
}
