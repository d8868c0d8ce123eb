import { Temporal } from 'temporal-polyfill'
import { EngineError } from '../errors.js'
import type { TimeField } from './mapping.js'

/** Unix ms of a text; a string: what is wrong with it. */
export type TimeReader = (text: string) => number | string

const perUnit = { 'unix-s': 1_000, 'unix-ms': 1, 'unix-us': 1e-3 } as const
const parts = { yyyy: 'year', MM: 'month', dd: 'day', HH: 'hour', mm: 'minute', ss: 'second' } as const
type Part = (typeof parts)[keyof typeof parts]
const isoLocal = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?$/
const isoParts: readonly Part[] = ['year', 'month', 'day', 'hour', 'minute', 'second']

/**
 * Reads times as a mapping says that they are written. A local time that comes twice, when clocks go back, is the
 * first of the two; one that never was, when they go forward, is as much later. Throws EngineError for a format or a
 * zone that there is not.
 */
export function timeReader({ format, zone }: TimeField): TimeReader {
  if (zone !== undefined) checkZone(zone)
  if (Object.hasOwn(perUnit, format)) {
    const factor = perUnit[format as keyof typeof perUnit]
    return text => {
      const value = text.trim() === '' ? Number.NaN : Number(text)
      return Number.isFinite(value) ? value * factor : `"${text}" is no number of ${format.slice(5)}`
    }
  }
  const local = new LocalTimes(zone ?? 'UTC')
  if (format === 'iso') {
    return text => {
      const plain = text.trim()
      const found = isoLocal.exec(plain)
      if (found === null) {
        const time = /^\d{4}-\d\d-\d\dT?/.test(plain) ? Date.parse(plain.replace(' ', 'T')) : Number.NaN
        return Number.isNaN(time) ? `"${text}" is no ISO 8601 time` : time
      }
      if (zone === undefined) return `"${text}" has no zone: say time.zone in the mapping`
      return local.read(isoParts, found.slice(1, 7), found[7]) ?? `"${text}" is no date`
    }
  }
  const { pattern, order } = patternOf(format)
  if (zone === undefined)
    throw new EngineError('bad-input', `Times as "${format}" have no zone: say time.zone in the mapping.`)
  return text => {
    const found = pattern.exec(text.trim())
    if (found === null) return `"${text}" is not written as ${format}`
    const { fraction } = found.groups ?? {}
    const named = order.map(part => found.groups![part]!)
    return local.read(order, named, fraction) ?? `"${text}" is no date`
  }
}

/** Local times of one zone; each minute is looked up once. */
class LocalTimes {
  readonly #zone: string
  readonly #minutes = new Map<string, number | undefined>()

  constructor(zone: string) {
    this.#zone = zone
  }

  read(order: readonly Part[], texts: readonly (string | undefined)[], fraction = ''): number | undefined {
    const said = Object.fromEntries(order.map((part, i) => [part, Number(texts[i] ?? 0)]))
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = said
    if (second > 59) return undefined
    const key = `${year} ${month} ${day} ${hour} ${minute}`
    if (!this.#minutes.has(key)) {
      if (this.#minutes.size > 100_000) this.#minutes.clear()
      this.#minutes.set(key, this.#minute({ year, month, day, hour, minute }))
    }
    const begin = this.#minutes.get(key)
    return begin === undefined ? undefined : begin + second * 1_000 + Number(`0.${fraction || 0}`) * 1_000
  }

  #minute(fields: Record<'year' | 'month' | 'day' | 'hour' | 'minute', number>): number | undefined {
    try {
      const plain = Temporal.PlainDateTime.from(fields, { overflow: 'reject' })
      return plain.toZonedDateTime(this.#zone).epochMilliseconds
    } catch (error) {
      if (error instanceof RangeError) return undefined
      throw error
    }
  }
}

function checkZone(zone: string): void {
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(zone)
  } catch (cause) {
    const message = `There is no time zone "${zone}"; write it as Europe/Berlin or UTC.`
    throw new EngineError('bad-input', message, { cause })
  }
}

function patternOf(format: string): { pattern: RegExp; order: Part[] } {
  const order: Part[] = []
  const source = format
    .replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll(/yyyy|MM|dd|HH|mm|ss|S+/g, token => {
      if (token.startsWith('S')) return String.raw`(?<fraction>\d+)`
      const part = parts[token as keyof typeof parts]
      order.push(part)
      return token === 'yyyy' ? `(?<${part}>\\d{4})` : `(?<${part}>\\d{1,2})`
    })
  if (!(['year', 'month', 'day'] as const).every(part => order.includes(part))) {
    const message = `"${format}" is no time format: use iso, unix-s, unix-ms, unix-us, or a pattern of yyyy MM dd HH mm ss SSS.`
    throw new EngineError('bad-input', message)
  }
  return { pattern: new RegExp(`^${source}$`), order }
}
