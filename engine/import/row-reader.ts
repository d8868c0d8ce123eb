import { nearest } from '../../schema/plant-file/nearest.js'
import { EngineError } from '../errors.js'
import type { Field, Mapping, TimeField } from './mapping.js'
import { timeReader } from './read-time.js'

/** A row that cannot be taken: the rule that it breaks, and why. */
export class RowFault extends Error {
  readonly rule: string

  constructor(rule: string, message: string) {
    super(message)
    this.rule = rule
  }
}

export type Read<T> = (fields: readonly string[]) => T

/** Readers of the fields of a mapping from the columns of a file. Throws EngineError for a column that there is not. */
export class RowReader {
  readonly #columns: readonly string[]
  readonly #decimal: Mapping['decimal']

  constructor(columns: readonly string[], decimal: Mapping['decimal']) {
    this.#columns = columns
    this.#decimal = decimal
  }

  /** The place of a column. */
  column(name: string): number {
    const place = this.#columns.indexOf(name)
    if (place >= 0) return place
    const meant = nearest(name, this.#columns)
    const hint = meant === undefined ? '' : ` Did you mean "${meant}"?`
    const message = `The file has no column "${name}"; it has ${this.#columns.join(', ')}.${hint}`
    throw new EngineError('bad-input', message)
  }

  /** Empty where the mapping does not say, or the row does not. */
  text(field: Field | undefined): Read<string> {
    if (field === undefined) return () => ''
    if (typeof field === 'object' && 'is' in field) return () => field.is
    const { column, words = {} } = typeof field === 'string' ? { column: field } : field
    const place = this.column(column)
    return fields => {
      const said = (fields[place] ?? '').trim()
      return Object.hasOwn(words, said) ? words[said]! : said
    }
  }

  /** NaN for an empty field. */
  number(field: Field): Read<number> {
    const text = this.text(field)
    return fields => this.parsed(text(fields))
  }

  parsed(said: string): number {
    if (said === '') return Number.NaN
    const plain = this.#decimal === ',' ? said.replaceAll('.', '').replace(',', '.') : said
    if (/^nan$/i.test(plain)) return Number.NaN
    const value = Number(plain)
    if (Number.isFinite(value)) return value
    throw new RowFault('import.bad-value', `"${said}" is no number`)
  }

  time(field: TimeField): Read<number> {
    const place = this.column(field.column)
    const read = timeReader(field)
    return fields => {
      const time = read(fields[place] ?? '')
      if (typeof time === 'string') throw new RowFault('import.bad-time', time)
      return time
    }
  }
}
