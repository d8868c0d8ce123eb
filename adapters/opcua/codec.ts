import { Quality } from '../../schema/quality.js'
import { qualityOfStatusCode } from '../../twins/sensor/quality-codes.js'
import type { IndexedSignal } from '../contract.js'
import { isBroken } from '../exact.js'

/** As much of a DataValue (OPC 10000-4, 7.11) as is read here. */
export interface ReceivedValue {
  readonly value?: {
    readonly dataType: number
    readonly arrayType: number
    readonly value: unknown
    /** Of a matrix, whose elements come one row after the other. */
    readonly dimensions?: readonly number[] | null
  } | null
  readonly statusCode: { readonly value: number }
  readonly sourceTimestamp?: Date | null
  readonly serverTimestamp?: Date | null
}

/** What a value cannot be taken for. */
type OpcuaRule =
  | 'opcua.not-a-number'
  | 'opcua.not-exact'
  | 'opcua.array'
  | 'opcua.type'
  | 'opcua.not-text'
  | 'opcua.text-too-long'

export interface ValueSink {
  /** `value`: a number, or the dictionary code of a text; NaN where the source has no value. `time`: Unix ms UTC. */
  sample(index: number, time: number, value: number, quality: Quality): void
  /** What came for the signal cannot be taken: a reject, and it has no value from `time` on. */
  refuse(index: number, time: number, rule: OpcuaRule, reason: string, raw: string): void
  intern(text: string): number
}

/** Built-in types by their numbers (OPC 10000-6, 5.1.2). */
const [boolean, int64, uint64, float, double, string, dateTime] = [1, 8, 9, 10, 11, 12, 13] as const
const [guid, byteString, xmlElement, nodeId, expandedNodeId] = [14, 15, 16, 17, 18] as const
const [statusCode, qualifiedName, localizedText] = [19, 20, 21] as const
const none = 0
const scalar = 0
const maxText = 4096
/** Bits 7 and 10 of a StatusCode: InfoType is DataValue, and the queue overflowed (OPC 10000-4, 7.39.1). */
const overflowBits = (1 << 10) | (1 << 7)

/** Whether values of this item were lost at the server because its queue was full. */
export function isOverflow({ statusCode }: ReceivedValue): boolean {
  return (statusCode.value & overflowBits) === overflowBits
}

/** The name of a built-in type, for people. */
const typeNames: Readonly<Record<number, string>> = {
  1: 'Boolean',
  12: 'String',
  13: 'DateTime',
  14: 'Guid',
  15: 'ByteString',
  16: 'XmlElement',
  17: 'NodeId',
  18: 'ExpandedNodeId',
  19: 'StatusCode',
  20: 'QualifiedName',
  21: 'LocalizedText',
  22: 'structure',
}

/**
 * One value of an item as a sample of its signal, or as a reject; never neither, and nothing makes it throw.
 * `receiveTime` stands in where the server sends no time.
 */
export function readValue(
  { index, signal }: IndexedSignal,
  received: ReceivedValue,
  receiveTime: number,
  sink: ValueSink,
): void {
  const time = sourceTimeOf(received) ?? receiveTime
  const quality = qualityOfStatusCode(received.statusCode.value >>> 0)
  const refuse = (rule: OpcuaRule, reason: string, came: string): void =>
    sink.refuse(index, time, rule, reason, came)
  const variant = received.value
  const content =
    variant === null || variant === undefined || variant.dataType === none ? null : variant.value
  if (content === null || content === undefined || (quality === Quality.bad && isNullText(variant!))) {
    // Whatever the server makes of it: a value that is not there is bad.
    sink.sample(index, time, Number.NaN, Quality.bad)
    return
  }
  const single = singleValue(variant!.arrayType, content)
  if (signal.type === 'text') {
    const text = single === undefined ? listText(variant!, content) : textOf(variant!.dataType, single)
    if (text === undefined)
      refuse('opcua.type', `${signal.id} is a text, and a ${nameOf(variant!.dataType)} is none`, raw(content))
    else if (isBroken(text))
      refuse('opcua.not-text', `${signal.id} is a text that is not in UTF-8`, raw(content))
    else if (text.length > maxText) {
      const reason = `${signal.id} is a text of ${text.length} characters; at most ${maxText} are kept`
      refuse('opcua.text-too-long', reason, text.slice(0, maxText))
    } else sink.sample(index, time, sink.intern(text), quality)
    return
  }
  if (single === undefined) {
    const first = (isMatrix(variant!.dimensions) ? variant!.dimensions : [0]).map(() => 0).join(',')
    const reason = `${signal.id} is one number, but the node holds an array; write index=${first}; before its tag`
    refuse('opcua.array', reason, listText(variant!, content)?.slice(0, maxText) ?? raw(content))
    return
  }
  const number = numberOf(variant!.dataType, single)
  if (number === undefined) {
    const reason = `${signal.id} is a number, but the node holds a ${nameOf(variant!.dataType)}`
    refuse('opcua.not-a-number', reason, raw(single))
  } else if (number === 'inexact') {
    const told = textOf(variant!.dataType, single) ?? raw(single)
    refuse('opcua.not-exact', `${signal.id} beyond ±2^53 would not be kept exactly`, told)
  } else if (Number.isFinite(number)) {
    sink.sample(index, time, number, quality)
  } else if (quality === Quality.bad) {
    sink.sample(index, time, Number.NaN, quality)
  } else {
    refuse('opcua.not-a-number', `${signal.id} is ${number}, though its quality is not bad`, String(number))
  }
}

/** When a value was true, Unix ms UTC: by its source, else by the server; undefined where neither says it. */
export function sourceTimeOf(received: ReceivedValue): number | undefined {
  return timeOf(received.sourceTimestamp) ?? timeOf(received.serverTimestamp)
}

/** A DateTime that was never set comes as one of 1601 (OPC 10000-6, 5.2.2.5). */
function timeOf(date: Date | null | undefined): number | undefined {
  const time = date?.getTime() ?? 0
  return time > 0 ? time : undefined
}

/** A value for people. */
export function showValue({ value }: ReceivedValue): string {
  if (value === null || value === undefined || value.value === null || value.value === undefined) return ''
  const single = singleValue(value.arrayType, value.value)
  const text = single === undefined ? listText(value, value.value) : textOf(value.dataType, single)
  return text ?? raw(value.value)
}

/** The only value there is; undefined for an array of several or none. */
function singleValue(arrayType: number, content: unknown): unknown {
  if (arrayType === scalar) return content
  const list = content as { readonly length?: unknown; readonly 0?: unknown }
  return list.length === 1 ? list[0] : undefined
}

/** undefined = none; inexact = a whole number that a double cannot hold. */
function numberOf(dataType: number, value: unknown): number | 'inexact' | undefined {
  switch (dataType) {
    case boolean:
      return typeof value === 'boolean' ? Number(value) : undefined
    case int64:
    case uint64: {
      const whole = wholeNumber(dataType, value)
      if (whole === undefined) return undefined
      const number = Number(whole)
      return Number.isSafeInteger(number) ? number : 'inexact'
    }
    default:
      return dataType <= double && typeof value === 'number' ? value : undefined
  }
}

/** A 64-bit number, which comes as its high and low half. */
function wholeNumber(dataType: number, value: unknown): bigint | undefined {
  if (!Array.isArray(value) || value.length !== 2) return undefined
  const [high, low] = value as unknown[]
  if (!isHalf(high) || !isHalf(low)) return undefined
  const bits = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)
  return dataType === int64 ? BigInt.asIntN(64, bits) : bits
}

const isHalf = (half: unknown): half is number => typeof half === 'number' && Number.isInteger(half)

function textOf(dataType: number, value: unknown): string | undefined {
  switch (dataType) {
    case boolean:
      return typeof value === 'boolean' ? String(value) : undefined
    case int64:
    case uint64:
      return wholeNumber(dataType, value)?.toString()
    case string:
    case guid:
    case xmlElement:
      return typeof value === 'string' ? value : undefined
    case dateTime:
      return value instanceof Date && !Number.isNaN(value.getTime()) ? value.toISOString() : undefined
    case byteString:
      return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : undefined
    case nodeId:
    case expandedNodeId:
    case statusCode:
      return shown(value)
    case qualifiedName:
      return member(value, 'name')
    case localizedText:
      return member(value, 'text')
    case float:
    case double:
      return typeof value === 'number' ? String(value) : undefined
  }
  return dataType < int64 && typeof value === 'number' ? String(value) : undefined
}

/** A LocalizedText of no text, as which a null comes over the wire: of a state machine that is not active, say. */
function isNullText({ dataType, value }: NonNullable<ReceivedValue['value']>): boolean {
  return dataType === localizedText && (value as { readonly text?: unknown } | null)?.text == null
}

function member(value: unknown, name: 'name' | 'text'): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const content = (value as Record<string, unknown>)[name]
  return content === null || content === undefined ? '' : shown(content)
}

function shown(value: unknown): string | undefined {
  try {
    return String(value)
  } catch {
    return undefined
  }
}

const isMatrix = (dimensions: readonly number[] | null | undefined): dimensions is readonly number[] =>
  Array.isArray(dimensions) && dimensions.length > 1 && dimensions.every(Number.isInteger)

/** An array as JSON, a matrix as a list of its rows; what is no number or truth is told as where it stands alone. */
function listText(
  { dataType, dimensions }: NonNullable<ReceivedValue['value']>,
  content: unknown,
): string | undefined {
  try {
    const elements = [...(content as Iterable<unknown>)].map(element => elementText(dataType, element))
    return rowsText(elements, isMatrix(dimensions) ? dimensions : [elements.length])
  } catch {
    return undefined
  }
}

function elementText(dataType: number, value: unknown): string {
  const text = textOf(dataType, value)
  if (text === undefined) return JSON.stringify(value) ?? 'null'
  if (dataType === float || dataType === double) return JSON.stringify(value)
  return dataType === boolean || dataType <= uint64 ? text : JSON.stringify(text)
}

/** The elements in as many levels as there are dimensions, the last of which runs first (OPC 10000-6, 5.2.2.16). */
function rowsText(elements: readonly string[], dimensions: readonly number[]): string {
  const [, ...inner] = dimensions
  const size = inner.reduce((product, length) => product * length, 1)
  // A matrix without elements may have as many rows as somebody likes to say.
  if (inner.length === 0 || size < 1 || elements.length !== dimensions[0]! * size)
    return `[${elements.join(',')}]`
  const rows = Array.from({ length: dimensions[0]! }, (_, row) =>
    rowsText(elements.slice(row * size, (row + 1) * size), inner),
  )
  return `[${rows.join(',')}]`
}

/** Whatever came, as JSON. */
function contentText(content: unknown): string | undefined {
  try {
    const list = ArrayBuffer.isView(content) ? [...(content as unknown as Iterable<unknown>)] : content
    return JSON.stringify(list)
  } catch {
    return undefined
  }
}

const nameOf = (dataType: number): string => typeNames[dataType] ?? `value of type ${dataType}`

/** What came, as text for a reject. */
function raw(content: unknown): string {
  const text = typeof content === 'string' ? content : (contentText(content) ?? shown(content) ?? '')
  return text.slice(0, maxText)
}
