/**
 * One block in ClickHouse's Native format: column after column, each its name, its type and its values. The server
 * converts to the table's own type (String to LowCardinality, say).
 */
export class NativeBlock {
  readonly #columns: { name: string; type: string; bytes: Uint8Array }[] = []
  readonly rows: number
  #nulls: Uint8Array | undefined = undefined

  constructor(rows: number) {
    this.rows = rows
  }

  uint8(name: string, values: Uint8Array, type: 'UInt8' | 'Bool' = 'UInt8'): this {
    return this.#add(name, type, values)
  }

  uint32(name: string, values: Uint32Array): this {
    return this.#add(name, 'UInt32', values)
  }

  float64(name: string, values: Float64Array): this {
    return this.#add(name, 'Float64', values)
  }

  /** Whole numbers up to 2^53. */
  uint64(name: string, values: Float64Array): this {
    return this.#add(name, 'UInt64', int64(values))
  }

  /** Unix ms; a fraction of a millisecond is cut, what lies outside the type's range is moved to its edge. */
  dateTime64(name: string, values: Float64Array): this {
    return this.#add(name, "DateTime64(3, 'UTC')", int64(values.map(inTimeRange)))
  }

  /** Unix ms, kept as whole seconds. */
  dateTime(name: string, values: Float64Array): this {
    return this.#add(
      name,
      "DateTime('UTC')",
      Uint32Array.from(values, time => Math.min(0xffff_ffff, Math.max(0, time / 1000))),
    )
  }

  string(name: string, values: readonly string[]): this {
    const encoded = values.map(value => Buffer.from(value))
    return this.#add(name, 'String', Buffer.concat(encoded.flatMap(value => [varint(value.length), value])))
  }

  strings(name: string, values: readonly (readonly string[])[]): this {
    const words = values.flatMap(list => list.map(word))
    return this.#add(name, 'Array(String)', Buffer.concat([ends(values), ...words]))
  }

  float64s(name: string, values: readonly (readonly number[])[]): this {
    const numbers = new Uint8Array(Float64Array.from(values.flat()).buffer)
    return this.#add(name, 'Array(Float64)', Buffer.concat([ends(values), numbers]))
  }

  /** The column that is added next may be null: 1 where it is. */
  nullable(isNull: Uint8Array): this {
    this.#nulls = isNull
    return this
  }

  /** The block's bytes in a buffer of their own, which may be transferred. */
  encode(): Uint8Array<ArrayBuffer> {
    const parts: Uint8Array[] = [varint(this.#columns.length), varint(this.rows)]
    for (const { name, type, bytes } of this.#columns) parts.push(word(name), word(type), bytes)
    const block = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0))
    let at = 0
    for (const part of parts) {
      block.set(part, at)
      at += part.byteLength
    }
    return block
  }

  #add(name: string, type: string, values: Uint8Array | Uint32Array | Float64Array): this {
    const nulls = this.#nulls
    this.#nulls = undefined
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
    if (nulls === undefined) this.#columns.push({ name, type, bytes })
    else this.#columns.push({ name, type: `Nullable(${type})`, bytes: Buffer.concat([nulls, bytes]) })
    return this
  }
}

/** DateTime64 reaches from 1900 to 2299; a time that is no number becomes 1970. */
const earliest = Date.UTC(1900, 0, 1)
const latest = Date.UTC(2299, 11, 31, 23, 59, 59, 999)
const inTimeRange = (time: number): number =>
  Number.isNaN(time) ? 0 : Math.floor(Math.min(latest, Math.max(earliest, time)))

/** Two's complement in two halves: many times faster than BigInts. */
function int64(values: Float64Array): Uint32Array {
  const halves = new Uint32Array(values.length * 2)
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    halves[2 * i] = value % 2 ** 32
    halves[2 * i + 1] = Math.floor(value / 2 ** 32)
  }
  return halves
}

/** Where each list ends when all are put in one row. */
function ends(lists: readonly (readonly unknown[])[]): Uint8Array {
  let end = 0
  return new Uint8Array(int64(Float64Array.from(lists, list => (end += list.length))).buffer)
}

const word = (text: string): Uint8Array => {
  const bytes = Buffer.from(text)
  return Buffer.concat([varint(bytes.length), bytes])
}

/** LEB128. */
function varint(value: number): Uint8Array {
  const bytes: number[] = []
  while (value > 127) {
    bytes.push((value & 127) | 128)
    value >>>= 7
  }
  bytes.push(value)
  return Uint8Array.from(bytes)
}
