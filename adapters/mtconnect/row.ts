/** The fields of an SHDR row: how they are cut, and what one of them says. Pure functions, no state. */

import { exactNumber } from '../exact.js'

const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/
/** Why a counter was set back (MTConnect Part 2, resetTriggered) may stand behind the number: `0:DAY`. */
const resetTrigger = /:[A-Z_]+$/
const unavailable = /^unavailable$/i

/** Cuts a row at its pipes. A field in quotes may hold a pipe as `\|`. */
export function splitFields(row: string): string[] {
  if (!row.includes('\\|')) return row.split('|')
  const fields: string[] = []
  let start = 0
  while (start <= row.length) {
    const quoted = /^\s*"((?:[^"\\]|\\.)*)"\s*(?=\||$)/.exec(row.slice(start))
    if (quoted !== null) {
      fields.push((quoted[1] ?? '').replaceAll('\\|', '|'))
      start += quoted[0].length + 1
      continue
    }
    const pipe = row.indexOf('|', start)
    const end = pipe < 0 ? row.length : pipe
    fields.push(row.slice(start, end))
    start = end + 1
  }
  return fields
}

/** MTConnect's word for "the source has no value" (Part 1, UNAVAILABLE). */
export function isUnavailable(field: string): boolean {
  return unavailable.test(field.trim())
}

/** A finite decimal number, or undefined. */
export function readNumber(field: string): number | undefined {
  const text = field.trim().replace(resetTrigger, '')
  if (!decimal.test(text)) return undefined
  return exactNumber(text)
}

const levels: ReadonlyMap<string, string> = new Map([
  ['normal', 'Normal'],
  ['warning', 'Warning'],
  ['fault', 'Fault'],
  ['unavailable', 'UNAVAILABLE'],
])

/** The level of a condition (MTConnect Part 2, Condition) in its own spelling, or undefined. */
export function readLevel(field: string): string | undefined {
  return levels.get(field.trim().toLowerCase())
}

/** A condition's five fields as one text: `Warning 1101 INTERFERE (HIGH, severity 500)`. */
export function conditionText(level: string, fields: readonly string[]): string {
  const [code = '', severity = '', qualifier = '', message = ''] = fields.map(field => field.trim())
  const remarks = [qualifier, severity === '' ? '' : `severity ${severity}`].filter(part => part !== '')
  const remark = remarks.length === 0 ? '' : `(${remarks.join(', ')})`
  return [level, code, message, remark].filter(part => part !== '').join(' ')
}

/** A time series' values, or undefined where one of them is no number. */
export function readSeries(field: string): number[] | undefined {
  const values: number[] = []
  for (const part of field.trim().split(/\s+/)) {
    const value = readNumber(part)
    if (value === undefined) return undefined
    values.push(value)
  }
  return values
}
