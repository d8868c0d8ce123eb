import { ByteReader } from './byte-reader.js'
import { ByteWriter } from './byte-writer.js'
import {
  readBytes,
  readSpread,
  readTimes,
  readValues,
  writeBytes,
  writeSpread,
  writeTimes,
  writeValues,
} from './columns.js'
import { readPositions, writePositions } from './positions.js'
import { type MachineColumns, maxEntries, type SignalColumns } from './protocol.js'
import { StreamError } from './stream-error.js'

/** Indexes are places in the engine's registries, 32 bits wide. */
export const indexLimit = 2 ** 32

/** Nothing is allocated on the word of a length alone: the bytes that are there bound it. */
export const mostEntriesOf = (places: number): number => Math.min(maxEntries, Math.floor(places))

/** `resolution` by signal index (0 or absent: values must be exact) decides what may travel as Float32. */
export function encodeSignals(columns: SignalColumns, resolution?: ArrayLike<number>): Uint8Array {
  const count = columns.index.length
  checkLengths(count, [
    columns.value,
    columns.min,
    columns.max,
    columns.quality,
    columns.status,
    columns.sourceTime,
  ])
  const writer = new ByteWriter(64 + count * 8)
  writePositions(writer, columns.index)
  if (count === 0) return writer.bytes()
  const resolutionOf = (i: number): number => resolution?.[columns.index[i]!] ?? 0
  writeValues(writer, columns.value, resolutionOf)
  writeSpread(writer, columns.value, columns, resolutionOf)
  writeBytes(writer, columns.quality)
  writeBytes(writer, columns.status)
  writeTimes(writer, columns.sourceTime)
  return writer.bytes()
}

export function decodeSignals(bytes: Uint8Array): SignalColumns {
  const reader = new ByteReader(bytes)
  // Each entry has at least its four bytes of value, so the bytes bound what is allocated.
  const index = readPositions(reader, mostEntriesOf(bytes.length / 4), indexLimit)
  const count = index.length
  if (count === 0) {
    reader.end()
    return emptySignals()
  }
  const value = readValues(reader, count)
  const { min, max } = readSpread(reader, value)
  const quality = readBytes(reader, count)
  const status = readBytes(reader, count)
  const sourceTime = readTimes(reader, count)
  reader.end()
  return { index, value, min, max, quality, status, sourceTime }
}

export function encodeMachines(columns: MachineColumns): Uint8Array {
  const count = columns.index.length
  checkLengths(count, [columns.state, columns.mode, columns.display, columns.since])
  const writer = new ByteWriter(64 + count * 6)
  writePositions(writer, columns.index)
  if (count === 0) return writer.bytes()
  writer.room(count).set(columns.state)
  writeBytes(writer, columns.mode)
  writeBytes(writer, columns.display)
  writeTimes(writer, columns.since)
  return writer.bytes()
}

export function decodeMachines(bytes: Uint8Array): MachineColumns {
  const reader = new ByteReader(bytes)
  const index = readPositions(reader, mostEntriesOf(bytes.length), indexLimit)
  const count = index.length
  if (count === 0) {
    reader.end()
    return emptyMachines()
  }
  const state = reader.bytes(count).slice()
  const mode = readBytes(reader, count)
  const display = readBytes(reader, count)
  const since = readTimes(reader, count)
  reader.end()
  return { index, state, mode, display, since }
}

function emptySignals(): SignalColumns {
  return {
    index: new Uint32Array(0),
    value: new Float64Array(0),
    min: new Float64Array(0),
    max: new Float64Array(0),
    quality: new Uint8Array(0),
    status: new Uint8Array(0),
    sourceTime: new Float64Array(0),
  }
}

export function emptyMachines(): MachineColumns {
  return {
    index: new Uint32Array(0),
    state: new Uint8Array(0),
    mode: new Uint8Array(0),
    display: new Uint8Array(0),
    since: new Float64Array(0),
  }
}

export function checkLengths(count: number, columns: readonly ArrayLike<number>[]): void {
  if (count > maxEntries) {
    throw new StreamError('inconsistent', `${count} entries in a topic; ${maxEntries} are the limit`)
  }
  if (columns.some(column => column.length !== count)) {
    throw new StreamError('inconsistent', 'The columns of a frame differ in length')
  }
}
