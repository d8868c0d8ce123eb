import { crc32 } from 'node:zlib'
import { decode, encode } from '@msgpack/msgpack'
import type { Entry, Reject, StateChange, TwinEvent, TwinSnapshot } from '../../schema/records.js'
import type { SampleBatch } from '../../schema/sample-batch.js'
import type { Rows } from '../../schema/tables/row-tables.js'

/*
 * A segment of the spool is a row of records, each whole or not there at all:
 *
 *   magic u32 | length u32 | crc32 u32 | type u8 | payload
 *
 * All numbers little-endian. `length` counts type and payload, `crc32` covers both. The magic lets a reader find the
 * next record behind a damaged one.
 */
const magic = 0x32505347
const headerBytes = 12
const types = { opening: 1, entry: 2 } as const

/** Largest record a reader believes in, bytes. */
export const maxRecordBytes = 64 * 1024 * 1024

/** Where counting goes on: the next number to give. */
export interface Position {
  readonly nextSample: number
  readonly nextRecord: number
}

/** First record of a segment: where the counting stood when it was opened, so that an empty segment keeps it. */
export interface Opening extends Position {
  readonly kind: 'opening'
  /** The segment before it that was not yet in the store: a cut between two of its records leaves no other trace. */
  readonly before?: SegmentLength
}

/** Number of a segment, and how many bytes were written to it. */
interface SegmentLength {
  readonly number: number
  readonly bytes: number
}

/** Numbers and time given to an entry when it was accepted. */
export interface Stamp {
  /** Sequence number of its first sample; the others follow without gaps. */
  readonly firstSample: number
  /** Sequence number of its first other record, counted apart from samples. */
  readonly firstRecord: number
  /** Wall time, Unix ms. */
  readonly stored: number
}

export interface StampedEntry extends Stamp {
  readonly kind: 'entry'
  readonly entry: Entry
}

export type SpoolRecord = Opening | StampedEntry

/** How many numbers an entry takes beside those of its samples. */
export function recordCount(entry: Entry): number {
  return (
    (entry.stateChanges?.length ?? 0) +
    (entry.twinEvents?.length ?? 0) +
    (entry.rejects?.length ?? 0) +
    (entry.snapshots?.length ?? 0) +
    Object.values(entry.rows ?? {}).reduce((sum, rows) => sum + rows.length, 0)
  )
}

/** Where counting stands behind some records; undefined where there is none. */
export function positionAfter(records: readonly SpoolRecord[]): Position | undefined {
  const last = records.at(-1)
  if (last === undefined) return undefined
  if (last.kind === 'opening') return { nextSample: last.nextSample, nextRecord: last.nextRecord }
  return {
    nextSample: last.firstSample + (last.entry.samples?.count ?? 0),
    nextRecord: last.firstRecord + recordCount(last.entry),
  }
}

type Rest = [
  source: string,
  stateChanges: readonly StateChange[],
  twinEvents: readonly TwinEvent[],
  rejects: readonly Reject[],
  snapshots: readonly TwinSnapshot[],
  texts: readonly (readonly [number, string])[],
  /** Not in segments of versions before there were any. */
  rows?: Rows,
]

const entryHeaderBytes = 8 + 8 + 8 + 4
const sampleBytes = 4 + 8 + 8 + 8 + 1

/** The bytes of an entry, in `into` where it fits there; the result is valid until `into` is used again. */
export function encodeEntry(entry: Entry, stamp: Stamp, into: Buffer): Buffer {
  const samples = entry.samples
  const count = samples?.count ?? 0
  const rest: Rest = [
    entry.source,
    entry.stateChanges ?? [],
    entry.twinEvents ?? [],
    entry.rejects ?? [],
    entry.snapshots ?? [],
    entry.texts ?? [],
    entry.rows ?? {},
  ]
  const restBytes = encode(rest)
  const total = headerBytes + 1 + entryHeaderBytes + count * sampleBytes + restBytes.byteLength
  const bytes = total <= into.byteLength ? into.subarray(0, total) : Buffer.allocUnsafe(total)
  let at = headerBytes
  at = bytes.writeUInt8(types.entry, at)
  at = bytes.writeDoubleLE(stamp.firstSample, at)
  at = bytes.writeDoubleLE(stamp.firstRecord, at)
  at = bytes.writeDoubleLE(stamp.stored, at)
  at = bytes.writeUInt32LE(count, at)
  if (samples !== undefined) {
    for (const column of [
      samples.signal,
      samples.sourceTime,
      samples.receiveTime,
      samples.value,
      samples.quality,
    ]) {
      const length = count * column.BYTES_PER_ELEMENT
      bytes.set(new Uint8Array(column.buffer, column.byteOffset, length), at)
      at += length
    }
  }
  bytes.set(restBytes, at)
  return sealed(bytes)
}

/** Length of the first record of a segment. */
export const openingBytes = headerBytes + 1 + 32

export function encodeOpening({ nextSample, nextRecord, before }: Omit<Opening, 'kind'>): Buffer {
  const bytes = Buffer.alloc(openingBytes)
  bytes.writeUInt8(types.opening, headerBytes)
  for (const [i, number] of [nextSample, nextRecord, before?.number ?? 0, before?.bytes ?? 0].entries())
    bytes.writeDoubleLE(number, headerBytes + 1 + 8 * i)
  return sealed(bytes)
}

function sealed(bytes: Buffer): Buffer {
  bytes.writeUInt32LE(magic, 0)
  bytes.writeUInt32LE(bytes.byteLength - headerBytes, 4)
  bytes.writeUInt32LE(crc32(bytes.subarray(headerBytes)), 8)
  return bytes
}

/** From (inclusive) and to (exclusive), counted from the beginning of the file. */
export interface ByteRange {
  readonly from: number
  readonly to: number
}

/** What stands in a segment, and which bytes of it cannot be read. */
export interface Scan {
  /** Each with where it stands. */
  readonly records: readonly (SpoolRecord & ByteRange)[]
  /** Unreadable bytes with a whole record somewhere behind them: damage, not a torn write. */
  readonly damage: readonly ByteRange[]
  /** Where the last whole record ends; what follows is the torn tail of a write that never returned. */
  readonly end: number
}

/** Reads every whole record of a segment and steps over what is damaged. */
export function scanSegment(bytes: Buffer): Scan {
  const records: (SpoolRecord & ByteRange)[] = []
  const damage: ByteRange[] = []
  let end = 0
  let at = 0
  while (at < bytes.byteLength) {
    const next = recordAt(bytes, at)
    if (next === undefined) {
      at = bytes.indexOf(magicBytes, at + 1)
      if (at === -1) break
      continue
    }
    if (at > end) damage.push({ from: end, to: at })
    if (next.record !== undefined) records.push({ ...next.record, from: at, to: next.end })
    else damage.push({ from: at, to: next.end })
    at = end = next.end
  }
  return { records, damage, end }
}

const magicBytes = (() => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(magic)
  return bytes
})()

function recordAt(bytes: Buffer, at: number): { end: number; record: SpoolRecord | undefined } | undefined {
  if (at + headerBytes + 1 > bytes.byteLength || bytes.readUInt32LE(at) !== magic) return undefined
  const length = bytes.readUInt32LE(at + 4)
  const end = at + headerBytes + length
  if (length === 0 || length > maxRecordBytes || end > bytes.byteLength) return undefined
  const body = bytes.subarray(at + headerBytes, end)
  if (crc32(body) !== bytes.readUInt32LE(at + 8)) return undefined
  return { end, record: decodeBody(body) }
}

/** Undefined where the check sum is right but the content is not ours: a newer version's, say. */
function decodeBody(body: Buffer): SpoolRecord | undefined {
  const type = body.readUInt8(0)
  try {
    if (type === types.opening) {
      return decodeOpening(body)
    }
    return type === types.entry ? decodeEntry(body) : undefined
  } catch {
    return undefined
  }
}

function decodeOpening(body: Buffer): Opening {
  const counts = {
    kind: 'opening',
    nextSample: body.readDoubleLE(1),
    nextRecord: body.readDoubleLE(9),
  } as const
  // Segments of versions before say nothing of the one before them.
  if (body.byteLength < openingBytes - headerBytes || body.readDoubleLE(17) === 0) return counts
  return { ...counts, before: { number: body.readDoubleLE(17), bytes: body.readDoubleLE(25) } }
}

function decodeEntry(body: Buffer): StampedEntry {
  const count = body.readUInt32LE(25)
  let at = 1 + entryHeaderBytes
  const column = (width: number): ArrayBuffer => {
    const length = count * width
    if (at + length > body.byteLength) throw new RangeError('column reaches behind its record')
    const copy = new Uint8Array(length)
    copy.set(body.subarray(at, at + length))
    at += length
    return copy.buffer
  }
  const samples: SampleBatch = {
    count,
    signal: new Uint32Array(column(4)),
    sourceTime: new Float64Array(column(8)),
    receiveTime: new Float64Array(column(8)),
    value: new Float64Array(column(8)),
    quality: new Uint8Array(column(1)),
  }
  const [source, stateChanges, twinEvents, rejects, snapshots, texts, rows = {}] = decode(
    body.subarray(at),
  ) as Rest
  return {
    kind: 'entry',
    firstSample: body.readDoubleLE(1),
    firstRecord: body.readDoubleLE(9),
    stored: body.readDoubleLE(17),
    entry: { source, samples, stateChanges, twinEvents, rejects, snapshots, texts, rows },
  }
}
