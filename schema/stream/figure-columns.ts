import { ByteReader } from './byte-reader.js'
import { ByteWriter } from './byte-writer.js'
import { readBytes, readTimes, readValues, writeBytes, writeTimes, writeValues } from './columns.js'
import { readPositions, writePositions } from './positions.js'
import type { FigureColumns } from './protocol.js'
import { checkLengths, indexLimit, mostEntriesOf } from './topic-columns.js'

const amounts = ['busy', 'running', 'ideal', 'idealGood', 'produced', 'good'] as const

/** Bytes that a machine takes at least: its six amounts. */
const leastBytes = 4 * amounts.length

/** Amounts travel to the last digit. */
const exactly = (): number => 0

/** All but which of them are being worked out anew, which came into the protocol later: `encodeRecomputing`. */
export function encodeFigures(columns: FigureColumns): Uint8Array {
  const count = columns.index.length
  checkLengths(count, [columns.since, ...amounts.map(name => columns[name]), columns.recomputing])
  const writer = new ByteWriter(64 + count * 36)
  writePositions(writer, columns.index)
  if (count === 0) return writer.bytes()
  writeTimes(writer, columns.since)
  for (const name of amounts) writeValues(writer, columns[name], exactly)
  return writer.bytes()
}

export function decodeFigures(bytes: Uint8Array, recomputing: Uint8Array): FigureColumns {
  const reader = new ByteReader(bytes)
  const index = readPositions(reader, mostEntriesOf(bytes.length / leastBytes), indexLimit)
  const count = index.length
  const since = count === 0 ? new Float64Array(0) : readTimes(reader, count)
  const read = (): Float64Array => (count === 0 ? new Float64Array(0) : readValues(reader, count))
  const columns = {
    index,
    since,
    busy: read(),
    running: read(),
    ideal: read(),
    idealGood: read(),
    produced: read(),
    good: read(),
  }
  reader.end()
  return { ...columns, recomputing: decodeRecomputing(recomputing, count) }
}

export function encodeRecomputing({ recomputing }: FigureColumns): Uint8Array {
  const writer = new ByteWriter(16)
  if (recomputing.length > 0) writeBytes(writer, recomputing)
  return writer.bytes()
}

function decodeRecomputing(bytes: Uint8Array, count: number): Uint8Array {
  const reader = new ByteReader(bytes)
  const column = count === 0 ? new Uint8Array(0) : readBytes(reader, count)
  reader.end()
  return column
}
