import { type JsonPath, valueAtPath } from '../../schema/json-path.js'
import { Quality } from '../../schema/quality.js'
import { qualityOfDa, qualityOfStatusCode } from '../../twins/sensor/quality-codes.js'
import { exactNumber, isBroken, parseExactly } from '../exact.js'
import { parseIsoTime } from '../mtconnect/time.js'

/** What a message says of one value, as it says it; `undefined` where it says nothing. */
export interface Cell {
  readonly value: unknown
  readonly time: unknown
  readonly quality: unknown
  readonly unit: unknown
}

/** Where in a message a cell's parts are, where they are not under their usual names. */
export interface Places {
  readonly value?: JsonPath | undefined
  readonly time?: JsonPath | undefined
  readonly quality?: JsonPath | undefined
  readonly unitAt?: JsonPath | undefined
}

const valueNames = ['value', 'v', 'val', 'Value'] as const
const timeNames = ['timestamp', 't', 'time', 'ts', 'timestamp_ms', 'Timestamp'] as const
const qualityNames = ['quality', 'q', 'Quality'] as const
const unitNames = ['unit', 'uom', 'engUnit'] as const
const idNames = ['id', 'tagname', 'tagName', 'tag', 'name', 'TagName', 'Name'] as const
/** The time of a message of named values; shorter names could be values. */
const groupTimeNames = ['timestamp_ms', 'timestamp', 'Timestamp'] as const
export const reservedNames: ReadonlySet<string> = new Set(groupTimeNames)

export type JsonObject = Readonly<Record<string, unknown>>

export const isObject = (json: unknown): json is JsonObject =>
  typeof json === 'object' && json !== null && !Array.isArray(json)

/** None of the names is one that objects inherit, and JSON knows no undefined. */
function named(json: JsonObject, names: readonly string[]): unknown {
  for (const name of names) {
    const found = json[name]
    if (found !== undefined) return found
  }
  return undefined
}

export const idOf = (json: JsonObject): unknown => named(json, idNames)
export const timeOf = (json: JsonObject): unknown => named(json, timeNames)
export const groupTimeOf = (json: JsonObject): unknown => named(json, groupTimeNames)
export const hasValue = (json: JsonObject): boolean => valueNames.some(name => Object.hasOwn(json, name))

/** The cell of a message: an object with a value in it, or the value itself. Called for every value. */
export function cellOf(json: unknown, places: Places): Cell {
  const holder = isObject(json) ? json : undefined
  const isBare = holder === undefined && places.value === undefined
  return {
    value: isBare ? json : part(json, holder, places.value, valueNames),
    time: part(json, holder, places.time, timeNames),
    quality: part(json, holder, places.quality, qualityNames),
    unit: part(json, holder, places.unitAt, unitNames),
  }
}

function part(
  json: unknown,
  holder: JsonObject | undefined,
  path: JsonPath | undefined,
  names: readonly string[],
): unknown {
  if (path !== undefined) return valueAtPath(json, path)
  return holder && named(holder, names)
}

/** Neither left out nor null. */
export const isSaid = (part: unknown): boolean => part !== undefined && part !== null

const decimal = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*$/

/**
 * A number, or one written as text, in `unit`; without a unit also a truth, as 1 or 0: no temperature is true. Undefined
 * where it is none, too large for one, or a whole number that would be rounded.
 */
export function readNumber(value: unknown, unit: string): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  if (typeof value === 'boolean' && unit === '') return value ? 1 : 0
  if (typeof value !== 'string' || !decimal.test(value)) return undefined
  return exactNumber(value)
}

/** A text, whole; numbers and truths as JSON writes them, but no integer that JSON has rounded. */
export function readText(value: unknown): string | undefined {
  if (typeof value === 'string') return isBroken(value) ? undefined : value
  if (typeof value === 'boolean') return String(value)
  if (typeof value !== 'number' || !Number.isFinite(value)) return undefined
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? undefined : String(value)
}

/** How many milliseconds a time that is a number counts by. */
export const timeUnits = { s: 1000, ms: 1, us: 1e-3, ns: 1e-6 } as const

/** `unread` where there is something that is no time; undefined where there is nothing, or a 0: never. */
export function readTime(time: unknown, unitMs: number): number | undefined | 'unread' {
  if (time === undefined || time === null || time === '' || time === 0) return undefined
  if (typeof time === 'number') return Number.isFinite(time) ? time * unitMs : 'unread'
  if (typeof time !== 'string') return 'unread'
  if (decimal.test(time)) return Number(time) * unitMs || undefined
  return parseIsoTime(time.trim()) ?? 'unread'
}

/** A time that is told and is that of a clock that was never set. */
export const isNever = (time: unknown): boolean =>
  time === 0 || (typeof time === 'string' && decimal.test(time) && Number(time) === 0)

/** A time of day without its zone. */
export const isZoneless = (time: unknown): boolean =>
  typeof time === 'string' && /[T ]\d\d:?\d\d(?::?\d\d(?:[.,]\d+)?)?\s*$/i.test(time)

/** What a person should know of a source whose times are zoneless. */
export const zonelessNote =
  'Its times bear no zone and are taken as UTC: where they are local they are wrong by hours. Have it write the zone or Unix time, or set time: receive.'

export type QualityCodes = 'opc-da' | 'opc-ua'

/**
 * The quality that a source says: a truth, a code, or a word that begins with good, uncertain or bad. Nothing said is
 * good, since a source that knows better would say so. Undefined where it cannot be read.
 */
export function readQuality(quality: unknown, codes: QualityCodes): Quality | undefined {
  switch (typeof quality) {
    case 'undefined':
      return Quality.good
    case 'boolean':
      return quality ? Quality.good : Quality.bad
    case 'number':
      return qualityOfCode(quality, codes)
    case 'string':
      return qualityOfWord(quality, codes)
  }
  return quality === null ? Quality.good : undefined
}

function qualityOfCode(code: number, codes: QualityCodes): Quality | undefined {
  if (!Number.isInteger(code) || code < 0 || code > 0xffffffff) return undefined
  // An OPC DA quality has 16 bits; what is longer can only be a StatusCode.
  return codes === 'opc-da' && code <= 0xffff ? qualityOfDa(code) : qualityOfStatusCode(code)
}

function qualityOfWord(text: string, codes: QualityCodes): Quality | undefined {
  const word = text.trim().toLowerCase()
  if (word === 'true' || word.startsWith('good')) return Quality.good
  if (word === 'false' || word.startsWith('bad')) return Quality.bad
  if (word.startsWith('uncertain') || word === 'stale') return Quality.uncertain
  return /^\d+$/.test(word) ? qualityOfCode(Number(word), codes) : undefined
}

/**
 * Parses JSON, whole numbers beyond a double as texts; undefined where it is none. Gateways write NaN where they have no number, which JSON does not know and
 * which would cost all the other values of the message: it is read as null.
 */
export function parseJson(said: string): { readonly json: unknown } | undefined {
  // The mark that some Windows programs write before all their texts may be passed over (RFC 8259, 8.1).
  const text = said.startsWith('\uFEFF') ? said.slice(1) : said
  try {
    return { json: parseExactly(text) }
  } catch {
    if (!/nan|inf/i.test(text)) return undefined
  }
  try {
    const mended = text.replaceAll(/"(?:[^"\\]|\\.)*"?|-?\b(?:nan|inf(?:inity)?)\b/gis, token =>
      token.startsWith('"') ? token : 'null',
    )
    return { json: parseExactly(mended) }
  } catch {
    return undefined
  }
}
