import type { Table } from '../../schema/tables/definition.js'
import { NativeBlock } from './native-block.js'

/** A row with what the store gives it. */
export interface NumberedRow {
  readonly row: Readonly<Record<string, unknown>>
  readonly seq: number
  /** Sequence number of the first sample of its entry, or of the next to come. */
  readonly firstSample?: number
  /** Wall time of acceptance, Unix ms. */
  readonly stored: number
}

/** The rows as a block of their table, each column by its type. Throws RangeError for a type it does not know. */
export function rowBlock({ name: table, columns }: Table, rows: readonly NumberedRow[]): NativeBlock {
  const block = new NativeBlock(rows.length)
  const numbers = (of: (row: NumberedRow) => number): Float64Array => Float64Array.from(rows, of)
  for (const { name, type } of columns) {
    if (name === 'seq')
      block.uint64(
        name,
        numbers(row => row.seq),
      )
    else if (name === 'first_sample')
      block.uint64(
        name,
        numbers(row => row.firstSample ?? 0),
      )
    else if (name === 'stored')
      block.dateTime(
        name,
        numbers(row => row.stored),
      )
    else {
      const isAdded = addColumn(
        block,
        name,
        type,
        rows.map(({ row }) => row[name]),
      )
      if (!isAdded) throw new RangeError(`Rows of ${table}: nothing writes ${type}, the type of ${name}.`)
    }
  }
  return block
}

/** Adds a column; a row that was accepted before the column was thought of has the default of its type. */
function addColumn(block: NativeBlock, name: string, type: string, values: readonly unknown[]): boolean {
  const or = <T>(fallback: T): T[] => values.map(value => (value as T | null | undefined) ?? fallback)
  const inner = /^Nullable\((.*)\)$/.exec(type)?.[1]
  if (inner !== undefined) {
    const isNull = Uint8Array.from(values, value => (value === null || value === undefined ? 1 : 0))
    return addColumn(block.nullable(isNull), name, inner, values)
  }
  switch (type) {
    case 'String':
    case 'LowCardinality(String)':
      block.string(name, or(''))
      return true
    case 'Array(String)':
      block.strings(name, or<string[]>([]))
      return true
    case 'Array(Float64)':
      block.float64s(name, or<number[]>([]))
      return true
    case 'Bool':
      block.uint8(
        name,
        Uint8Array.from(or(false), value => (value ? 1 : 0)),
        'Bool',
      )
      return true
    case 'UInt32':
      block.uint32(name, Uint32Array.from(or(0)))
      return true
    case 'Float64':
      block.float64(name, Float64Array.from(or(0)))
      return true
    case "DateTime64(3, 'UTC')":
      block.dateTime64(name, Float64Array.from(or(0)))
      return true
    default:
      return false
  }
}
