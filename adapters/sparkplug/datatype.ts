import type { Long64, WireMetric } from './definition.js'

/** Data types by number (Sparkplug 3.0, 6.4.16). */
export const datatypes = [
  'Unknown',
  'Int8',
  'Int16',
  'Int32',
  'Int64',
  'UInt8',
  'UInt16',
  'UInt32',
  'UInt64',
  'Float',
  'Double',
  'Boolean',
  'String',
  'DateTime',
  'Text',
  'UUID',
  'DataSet',
  'Bytes',
  'File',
  'Template',
  'PropertySet',
  'PropertySetList',
  'Int8Array',
  'Int16Array',
  'Int32Array',
  'Int64Array',
  'UInt8Array',
  'UInt16Array',
  'UInt32Array',
  'UInt64Array',
  'FloatArray',
  'DoubleArray',
  'BooleanArray',
  'StringArray',
  'DateTimeArray',
] as const
export type Datatype = (typeof datatypes)[number]

export function datatypeOf(code: number | undefined): Datatype | undefined {
  return code === undefined || code === 0 ? undefined : datatypes[code]
}

const integers: Readonly<Partial<Record<Datatype, { readonly bits: number; readonly isSigned: boolean }>>> = {
  Int8: { bits: 8, isSigned: true },
  Int16: { bits: 16, isSigned: true },
  Int32: { bits: 32, isSigned: true },
  Int64: { bits: 64, isSigned: true },
  UInt8: { bits: 8, isSigned: false },
  UInt16: { bits: 16, isSigned: false },
  UInt32: { bits: 32, isSigned: false },
  UInt64: { bits: 64, isSigned: false },
  DateTime: { bits: 64, isSigned: false },
}

export const isScalar = (type: Datatype): boolean =>
  type in integers || ['Float', 'Double', 'Boolean', 'String', 'Text', 'UUID'].includes(type)

/** Whether a number of this type is whole, and counts something: a moment does not. */
export const isWhole = (type: Datatype): boolean => type in integers && type !== 'DateTime'

/** What every number of this type can be; undefined where that is more than a double holds exactly, or no number. */
export function rangeOf(type: Datatype): readonly [number, number] | undefined {
  if (type === 'Boolean') return [0, 1]
  const { bits, isSigned } = integers[type] ?? { bits: 64, isSigned: false }
  if (bits === 64) return undefined
  return isSigned ? [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] : [0, 2 ** bits - 1]
}

const two32 = 2 ** 32

export function bigOf({ low, high }: Long64): bigint {
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)
}

/** An unsigned 64-bit number as a double; exact up to 2^53. */
export function numberOf({ low, high }: Long64): number {
  return (high >>> 0) * two32 + (low >>> 0)
}

/**
 * The value of a metric as its type says: a number, a truth, a text, or a 64-bit integer that no double holds. What is
 * in a field that its type does not use, or beyond its range, is undefined: nobody knows what was meant.
 */
export function readValue(
  type: Datatype,
  metric: WireMetric,
): number | boolean | string | bigint | undefined {
  const integer = integers[type]
  if (integer !== undefined) return readInteger(integer.bits, integer.isSigned, metric)
  switch (type) {
    case 'Float':
    case 'Double':
      // Some senders put a Float into the field of a Double, and the other way round: it is what it says.
      return own(metric, 'double_value') ?? own(metric, 'float_value')
    case 'Boolean':
      return own(metric, 'boolean_value')
    case 'String':
    case 'Text':
    case 'UUID':
      return own(metric, 'string_value')
  }
  return undefined
}

/**
 * The field of a metric that holds a value of a type; `readValue` reads it back. Integers are whole and within the type:
 * as unsigned 32 bits up to there, as 64 beyond.
 */
export function writeValue(
  type: Datatype,
  value: number | boolean | string,
): Pick<WireMetric, 'int_value' | 'float_value' | 'double_value' | 'boolean_value' | 'string_value'> & {
  readonly long_value?: number
} {
  const integer = integers[type]
  if (integer !== undefined) {
    return integer.bits > 32 ? { long_value: Number(value) } : { int_value: Number(value) >>> 0 }
  }
  switch (type) {
    case 'Float':
      return { float_value: Number(value) }
    case 'Double':
      return { double_value: Number(value) }
    case 'Boolean':
      return { boolean_value: Boolean(value) }
    default:
      return { string_value: String(value) }
  }
}

/** The number of a type (Sparkplug 3.0, 6.4.16). */
export const codeOf = (type: Datatype): number => datatypes.indexOf(type)

/** Signed numbers travel as two's complement in unsigned fields: of 32 or 64 bits, or of the type's own width. */
function readInteger(bits: number, isSigned: boolean, metric: WireMetric): number | bigint | undefined {
  const int = own(metric, 'int_value')
  const long = own(metric, 'long_value')
  if (int === undefined && long === undefined) return undefined
  if (bits <= 32 && (long === undefined || long.high >>> 0 === 0)) {
    const unsigned = long === undefined ? int! >>> 0 : long.low >>> 0
    const top = 2 ** (bits - 1)
    if (isSigned && unsigned >= two32 - top) return unsigned - two32
    if (unsigned >= 2 * top) return undefined
    return isSigned && unsigned >= top ? unsigned - 2 * top : unsigned
  }
  if (long === undefined) {
    // A negative one of 32 bits in the wrong field, or a large one in 64: nobody knows which was meant.
    return isSigned && int! >>> 0 >= two32 / 2 ? undefined : int! >>> 0
  }
  const big = isSigned ? BigInt.asIntN(64, bigOf(long)) : bigOf(long)
  if (bits < 64) {
    const [least, most] = isSigned
      ? [-(2n ** BigInt(bits - 1)), 2n ** BigInt(bits - 1)]
      : [0n, 2n ** BigInt(bits)]
    return big >= least && big < most ? Number(big) : undefined
  }
  return big >= -9_007_199_254_740_991n && big <= 9_007_199_254_740_991n ? Number(big) : big
}

/** A field that was there; protobufjs lets the others inherit their defaults. */
export function own<Key extends keyof WireMetric>(metric: WireMetric, key: Key): WireMetric[Key] | undefined {
  return Object.hasOwn(metric, key) ? metric[key] : undefined
}
