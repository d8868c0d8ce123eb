import type { SampleBatchBuilder } from '../../schema/sample-batch.js'
import type { Conversion } from '../../schema/unit-conversion.js'

/**
 * A row of telemetry in ClickHouse's RowBinary, little-endian:
 *
 *   seq u64 | signal u32 | source time i64 ms | receive time i64 ms | value f64 | quality u8
 */
const rowBytes = 8 + 4 + 8 + 8 + 8 + 1

/** How the rows are asked for; the names of signals in the record are numbers of its own. */
export const rowColumns =
  'seq, signal, toUnixTimestamp64Milli(ts), toUnixTimestamp64Milli(received), value, quality'

export interface RecordedRow {
  readonly seq: number
  /** Number of the signal in the record. */
  readonly signal: number
  readonly sourceTime: number
  readonly receiveTime: number
  readonly value: number
  readonly quality: number
}

/** Rows of one answer. Throws RangeError for bytes that are not whole rows. */
export class RecordedRows {
  readonly count: number
  readonly #view: DataView

  constructor(bytes: Uint8Array) {
    if (bytes.byteLength % rowBytes !== 0)
      throw new RangeError(`${bytes.byteLength} bytes are not whole rows of ${rowBytes}`)
    this.count = bytes.byteLength / rowBytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  row(i: number): RecordedRow {
    const at = i * rowBytes
    const view = this.#view
    return {
      seq: Number(view.getBigUint64(at, true)),
      signal: view.getUint32(at + 8, true),
      sourceTime: Number(view.getBigInt64(at + 12, true)),
      receiveTime: Number(view.getBigInt64(at + 20, true)),
      value: view.getFloat64(at + 28, true),
      quality: view.getUint8(at + 36),
    }
  }
}

/** The bytes of rows, as ClickHouse writes them. */
export function encodeRows(rows: readonly RecordedRow[]): Uint8Array {
  const bytes = new Uint8Array(rows.length * rowBytes)
  const view = new DataView(bytes.buffer)
  for (const [i, row] of rows.entries()) {
    const at = i * rowBytes
    view.setBigUint64(at, BigInt(row.seq), true)
    view.setUint32(at + 8, row.signal, true)
    view.setBigInt64(at + 12, BigInt(row.sourceTime), true)
    view.setBigInt64(at + 20, BigInt(row.receiveTime), true)
    view.setFloat64(at + 28, row.value, true)
    view.setUint8(at + 36, row.quality)
  }
  return bytes
}

/** What a signal of the record is here. */
export interface Translation {
  readonly index: number
  /** Turns its texts, where it has any. */
  code?(recorded: number): number
  /** From the unit that it was recorded in; as it is where there is none. */
  readonly conversion?: Conversion
}

/** Adds a row to a batch; a signal that nobody asked for is not there. */
export function addRow(
  batch: SampleBatchBuilder,
  row: RecordedRow,
  translations: ReadonlyMap<number, Translation>,
): void {
  const translation = translations.get(row.signal)
  if (translation === undefined) return
  const { sourceTime, receiveTime, quality } = row
  batch.push(translation.index, sourceTime, receiveTime, translated(row, translation), quality)
}

function translated({ value }: RecordedRow, { code, conversion }: Translation): number {
  if (Number.isNaN(value)) return value
  if (code !== undefined) return code(value)
  return conversion === undefined ? value : value * conversion.scale + conversion.offset
}
