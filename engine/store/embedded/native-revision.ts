import type { TakePiece } from './answer-pipe.js'
import { StatementError } from './statement-error.js'

/*
 * ClickHouse's Native format depends on what the client understands, which it tells with `client_protocol_version`
 * (clickhouse-go does, and with it Grafana). The embedded engine writes revision 0; here its blocks get what later
 * revisions put in front of a block and of a column. What is in between stays as it is, but where it ends must be known,
 * so that each type is walked through. Layout: ClickHouse's Native format specification.
 */
const withBlockInfo = 51_903
const withCustomSerialization = 54_454

/** Field 1, is_overflows: no; field 2, bucket_num: -1; the end. */
const blockInfo = Buffer.from([1, 0, 2, 0xff, 0xff, 0xff, 0xff, 0])
/** The column is serialized as ever. */
const noCustomSerialization = Buffer.from([0])

/** The piece ends before the block does; at least so many bytes are needed. */
class Incomplete extends Error {
  readonly needed: number

  constructor(needed: number) {
    super('incomplete')
    this.needed = needed
  }
}

/** Reads along the bytes of a block. */
class Cursor {
  readonly bytes: Buffer
  at = 0

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  skip(length: number): number {
    const from = this.at
    if (from + length > this.bytes.byteLength) throw new Incomplete(from + length)
    this.at = from + length
    return from
  }

  byte(): number {
    return this.bytes[this.skip(1)]!
  }

  varUInt(): number {
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = this.byte()
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
    }
  }

  uint64(): number {
    return Number(this.bytes.readBigUInt64LE(this.skip(8)))
  }

  text(): string {
    const length = this.varUInt()
    const from = this.skip(length)
    return this.bytes.toString('utf8', from, this.at)
  }
}

/** How a column of a type is passed over: what stands in front of its data, and the data of so many rows. */
interface Walk {
  prefix(cursor: Cursor): void
  data(cursor: Cursor, rows: number): void
}

const noPrefix = (): void => undefined
const fixed = (size: number): Walk => ({ prefix: noPrefix, data: (cursor, rows) => cursor.skip(rows * size) })

const sizes: Readonly<Record<string, number>> = {
  ...{ UInt8: 1, UInt16: 2, UInt32: 4, UInt64: 8, UInt128: 16, UInt256: 32, Bool: 1 },
  ...{ Int8: 1, Int16: 2, Int32: 4, Int64: 8, Int128: 16, Int256: 32 },
  ...{ BFloat16: 2, Float32: 4, Float64: 8, Enum8: 1, Enum16: 2, UUID: 16, IPv4: 4, IPv6: 16, Nothing: 1 },
  ...{ Date: 2, Date32: 4, DateTime: 4, DateTime64: 8, Time: 4, Time64: 8 },
}

const text: Walk = {
  prefix: noPrefix,
  data: (cursor, rows) => {
    for (let i = 0; i < rows; i++) cursor.skip(cursor.varUInt())
  },
}

/** Throws StatementError 48 (not offered) for a type that has another layout in each revision. */
function walkOf(type: string): Walk {
  const [, name = '', inner] = /^(\w+)(?:\((.*)\))?$/s.exec(type) ?? []
  const inside = inner === undefined ? [] : parts(inner)
  if (name === 'String') return text
  if (name === 'FixedString') return fixed(Number(inside[0]))
  if (name === 'Decimal') return fixed(decimalSize(Number(inside[0])))
  if (name.startsWith('Interval')) return fixed(8)
  if (sizes[name] !== undefined) return fixed(sizes[name])
  switch (name) {
    case 'Nullable': {
      const { prefix, data } = walkOf(inside[0]!)
      return {
        prefix,
        data: (cursor, rows) => {
          cursor.skip(rows)
          data(cursor, rows)
        },
      }
    }
    case 'Array':
      return many([walkOf(inside[0]!)])
    case 'Map':
      return many(inside.map(walkOf))
    case 'Nested':
      return many(inside.map(part => walkOf(unnamed(part))))
    case 'Tuple':
      if (inside.length > 0) return inOrder(inside.map(part => walkOf(unnamed(part))))
      break
    case 'SimpleAggregateFunction':
      return walkOf(inside[1]!)
    case 'LowCardinality':
      return dictionary(walkOf(/^Nullable\((.*)\)$/s.exec(inside[0]!)?.[1] ?? inside[0]!))
  }
  const message = `A column of type ${type} is not offered in the Native format of later revisions. Choose another format, or turn it into a text.`
  throw new StatementError(48, message)
}

const inOrder = (walks: readonly Walk[]): Walk => ({
  prefix: cursor => {
    for (const walk of walks) walk.prefix(cursor)
  },
  data: (cursor, rows) => {
    for (const walk of walks) walk.data(cursor, rows)
  },
})

/** Of each row where its values end, then all values. */
function many(of: readonly Walk[]): Walk {
  const { prefix, data } = inOrder(of)
  return {
    prefix,
    data: (cursor, rows) => {
      if (rows === 0) return
      cursor.skip(8 * (rows - 1))
      data(cursor, cursor.uint64())
    },
  }
}

const needsGlobalDictionary = 0x100
const hasAdditionalKeys = 0x200

/** A version; then how wide indexes are, the values, and the index of each row's. */
const dictionary = (values: Walk): Walk => ({
  prefix: cursor => {
    cursor.skip(8)
  },
  data: (cursor, rows) => {
    if (rows === 0) return
    const flags = cursor.uint64()
    if ((flags & needsGlobalDictionary) !== 0) values.data(cursor, cursor.uint64())
    if ((flags & hasAdditionalKeys) !== 0) values.data(cursor, cursor.uint64())
    cursor.skip(cursor.uint64() * 2 ** (flags & 0xff))
  },
})

function decimalSize(precision: number): number {
  if (precision <= 9) return 4
  if (precision <= 18) return 8
  return precision <= 38 ? 16 : 32
}

/** `a UInt8` or `UInt8`. */
const unnamed = (part: string): string => /^(?:`(?:[^`\\]|\\.)*`|\w+) (.*)$/s.exec(part)?.[1] ?? part

/** What stands between the commas, those in brackets and quotes left out. */
function parts(text: string): string[] {
  const found: string[] = []
  let depth = 0
  let from = 0
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!
    if (char === "'" || char === '`') {
      for (at++; at < text.length && text[at] !== char; at++) if (text[at] === '\\') at++
    } else if (char === '(') depth++
    else if (char === ')') depth--
    else if (char === ',' && depth === 0) {
      found.push(text.slice(from, at).trim())
      from = at + 1
    }
  }
  return [...found, text.slice(from).trim()]
}

/** The first block of these bytes as its revision has it, and how many bytes it was. Throws Incomplete. */
function blockOf(bytes: Buffer, revision: number): { readonly pieces: Buffer[]; readonly length: number } {
  const cursor = new Cursor(bytes)
  const pieces: Buffer[] = revision >= withBlockInfo ? [blockInfo] : []
  const columns = cursor.varUInt()
  const rows = cursor.varUInt()
  let from = 0
  for (let i = 0; i < columns; i++) {
    cursor.skip(cursor.varUInt())
    const walk = walkOf(cursor.text())
    if (revision >= withCustomSerialization) {
      pieces.push(bytes.subarray(from, cursor.at), noCustomSerialization)
      from = cursor.at
    }
    if (rows === 0) continue
    walk.prefix(cursor)
    walk.data(cursor, rows)
  }
  pieces.push(bytes.subarray(from, cursor.at))
  return { pieces, length: cursor.at }
}

/** Takes Native as the engine writes it, and hands it on block by block as a client of `revision` reads it. */
export class NativeRevision {
  readonly #revision: number
  readonly #take: TakePiece
  #waiting: Buffer[] = []
  #bytes = 0
  #needed = 1
  #error: unknown

  constructor(revision: number, take: TakePiece) {
    this.#revision = revision
    this.#take = take
  }

  /** Whether the client reads anything else than the engine writes. */
  get isNeeded(): boolean {
    return this.#revision >= withBlockInfo
  }

  readonly take: TakePiece = async piece => {
    if (this.#error !== undefined) return
    this.#waiting.push(piece)
    this.#bytes += piece.byteLength
    if (this.#bytes >= this.#needed) await this.#handOn()
  }

  /** Throws StatementError where not all could be handed on. */
  async end(): Promise<void> {
    if (this.#error === undefined && this.#bytes > 0) await this.#handOn()
    if (this.#error !== undefined) throw this.#error
    if (this.#bytes > 0) throw new StatementError(49, 'The Native answer ends within a block')
  }

  /** What is whole goes on. */
  async #handOn(): Promise<void> {
    let rest = Buffer.concat(this.#waiting)
    try {
      this.#needed = 1
      while (rest.byteLength > 0) {
        const { pieces, length } = blockOf(rest, this.#revision)
        rest = rest.subarray(length)
        await this.#take(Buffer.concat(pieces))
      }
    } catch (error) {
      // By half as much again, so that a large block is not read anew with each piece of it.
      if (error instanceof Incomplete) this.#needed = Math.max(error.needed, 1.5 * rest.byteLength)
      else this.#error = error
    }
    this.#waiting = [rest]
    this.#bytes = rest.byteLength
  }
}
