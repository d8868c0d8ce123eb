/** The four tables of a device (Modbus Application Protocol V1.1b3, 4.3) and the function code that reads each. */
export const tables = { coil: 1, discrete: 2, holding: 3, input: 4 } as const
export type Table = keyof typeof tables

/** Order of the bytes of a value: as sent (ABCD), words swapped (CDAB), bytes of each word swapped (BADC), both. */
export const orders = ['ABCD', 'CDAB', 'BADC', 'DCBA'] as const
export type Order = (typeof orders)[number]

/** Registers that a value of each type takes. */
const registersOf = {
  int16: 1,
  uint16: 1,
  bcd16: 1,
  int32: 2,
  uint32: 2,
  bcd32: 2,
  float32: 2,
  int64: 4,
  uint64: 4,
  float64: 4,
} as const
export type NumberType = keyof typeof registersOf

type ValueType =
  | { readonly kind: 'bit' }
  /** Bits `low` to `high` of one register, an unsigned number. */
  | { readonly kind: 'bits'; readonly low: number; readonly high: number }
  | { readonly kind: 'number'; readonly type: NumberType }
  | { readonly kind: 'text'; readonly characters: number }

/** Where a signal's value is in a device, and how it is to be read. */
export interface ModbusTag {
  readonly table: Table
  /** As on the wire: from 0. */
  readonly address: number
  /** Registers, or coils, from `address` on. */
  readonly width: number
  readonly value: ValueType
  readonly order: Order
  /** The signal's value is `raw * scale + offset`. */
  readonly scale: number
  readonly offset: number
  readonly unit: number
}

/** What tags leave out. */
export interface TagDefaults {
  readonly order: Order
  readonly unit: number
}

const grammar =
  /^(?:(coil|discrete|input|holding):)?(\d{1,6})(?:\.(\d{1,2})(?:-(\d{1,2}))?)?(?::([a-z0-9]+)(?:\[(\d{1,3})\])?)?(?:\?(.*))?$/
const shape = 'write table:address, such as holding:100:float32, input:7.3, coil:12 or 40101:uint32?scale=0.1'
const highestAddress = 65_535

/** The tag as written in the plant file; a text where it cannot be read, which says why and what would be right. */
export function parseTag(tag: string, defaults: TagDefaults): ModbusTag | string {
  const match = grammar.exec(tag)
  if (match === null) return `"${tag}" is no Modbus tag; ${shape}`
  const [, named, digits = '', low, high, typeName, characters, query = ''] = match
  const place = named === undefined ? placeOf(digits) : { table: named as Table, address: Number(digits) }
  if (place === undefined) return `"${tag}" names no table; ${shape}`
  const isBits = place.table === 'coil' || place.table === 'discrete'
  const value = valueTypeOf({ isBits, low, high, typeName, characters })
  if (typeof value === 'string') return `"${tag}": ${value}`
  const width = widthOf(value)
  if (place.address + width - 1 > highestAddress)
    return `"${tag}" ends beyond ${highestAddress}, the last address there is`
  const settings = settingsOf(query, defaults)
  if (typeof settings === 'string') return `"${tag}": ${settings}`
  return { ...place, width, value, ...settings }
}

/** A reference number of Modicon's: 5 or 6 digits, the first names the table, the others count from 1. */
function placeOf(digits: string): { table: Table; address: number } | undefined {
  if (digits.length < 5) return undefined
  const byDigit: Readonly<Record<string, Table>> = { 0: 'coil', 1: 'discrete', 3: 'input', 4: 'holding' }
  const table = byDigit[digits[0]!]
  const address = Number(digits.slice(1)) - 1
  return table === undefined || address < 0 ? undefined : { table, address }
}

interface ValueParts {
  readonly isBits: boolean
  readonly low: string | undefined
  readonly high: string | undefined
  readonly typeName: string | undefined
  readonly characters: string | undefined
}

function valueTypeOf({ isBits, low, high, typeName, characters }: ValueParts): ValueType | string {
  if (isBits) {
    if (low !== undefined) return 'a coil has no bits; leave out the part behind the dot'
    return typeName === undefined || typeName === 'bool'
      ? { kind: 'bit' }
      : `a coil is a bool and no ${typeName}; leave out the type`
  }
  if (low !== undefined) {
    if (typeName !== undefined) return 'bits of a register have no type; leave it out'
    const [from, to] = [Number(low), Number(high ?? low)]
    if (from > 15 || to > 15 || from > to) return 'bits of a register go from 0 to 15, the lower one first'
    return { kind: 'bits', low: from, high: to }
  }
  if (typeName === 'string') {
    const length = Number(characters ?? 0)
    return length >= 1 && length <= 250
      ? { kind: 'text', characters: length }
      : 'a string has a length of 1 to 250; write string[16]'
  }
  if (characters !== undefined) return 'only a string has a length'
  const type = typeName ?? 'uint16'
  if (Object.hasOwn(registersOf, type)) return { kind: 'number', type: type as NumberType }
  return `there is no type "${type}"; use ${Object.keys(registersOf).join(', ')} or string[16]`
}

function widthOf(value: ValueType): number {
  if (value.kind === 'number') return registersOf[value.type]
  return value.kind === 'text' ? Math.ceil(value.characters / 2) : 1
}

type Settings = Pick<ModbusTag, 'order' | 'scale' | 'offset' | 'unit'>

function settingsOf(query: string, defaults: TagDefaults): Settings | string {
  let settings: Settings = { scale: 1, offset: 0, ...defaults }
  for (const part of query === '' ? [] : query.split('&')) {
    const [key = '', value = ''] = part.split('=', 2)
    const number = value.trim() === '' ? Number.NaN : Number(value)
    if (key === 'order') {
      const order = orders.find(known => known === value)
      if (order === undefined) return `there is no order "${value}"; use ${orders.join(', ')}`
      settings = { ...settings, order }
    } else if (key === 'scale' || key === 'offset') {
      if (!Number.isFinite(number)) return `${key} is "${value}"; it is a number`
      if (key === 'scale' && number === 0) return 'scale is 0, which would make every value the same'
      settings = { ...settings, [key]: number }
    } else if (key === 'unit') {
      if (!Number.isInteger(number) || number < 0 || number > 255)
        return `unit is "${value}"; it is a number from 0 to 255`
      settings = { ...settings, unit: number }
    } else return `there is no setting "${key}"; use order, scale, offset or unit`
  }
  return settings
}

const unsigned: Readonly<Partial<Record<NumberType, number>>> = {
  uint16: 2 ** 16,
  uint32: 2 ** 32,
  bcd16: 10_000,
  bcd32: 100_000_000,
}

/** Where a counter kept there rolls over; undefined where it goes below nothing, or farther than is counted. */
export function counterWidth(tag: string, defaults: TagDefaults): number | undefined {
  const parsed = parseTag(tag, defaults)
  if (typeof parsed === 'string' || parsed.scale !== 1 || parsed.offset !== 0) return undefined
  const { value } = parsed
  if (value.kind === 'bits') return 2 ** (value.high - value.low + 1)
  return value.kind === 'number' ? unsigned[value.type] : undefined
}
