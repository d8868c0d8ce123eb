import fc from 'fast-check'
import { expect, it } from 'vitest'
import { fuzzRuns } from '../../adapters/fuzz-runs.js'
import { RowFault, RowReader } from './row-reader.js'

const piece = fc.constantFrom(
  '1',
  '0',
  '-',
  '.',
  ',',
  'e',
  ' ',
  ':',
  'T',
  'Z',
  '+01:00',
  '2026-01-01',
  'NaN',
  'x',
  '\0',
)
const field = fc.oneof(
  fc.string(),
  fc.array(piece, { maxLength: 12 }).map(pieces => pieces.join('')),
)

/** What it is read as, or the rule that it breaks; anything else is thrown on. */
function readOrRule<T>(read: () => T): T | string {
  try {
    return read()
  } catch (error) {
    if (error instanceof RowFault) return error.rule
    throw error
  }
}

it('any field of an imported row is a number, a time, or a fault of that row', () => {
  const readers = (['.', ','] as const).map(decimal => new RowReader(['a'], decimal))
  const times = [
    { column: 'a', format: 'iso' },
    { column: 'a', format: 'iso', zone: 'Europe/Berlin' },
    { column: 'a', format: 'unix-s' },
    { column: 'a', format: 'dd.MM.yyyy HH:mm:ss', zone: 'UTC' },
  ].map(format => readers[0]!.time(format))
  const numbers = readers.map(reader => reader.number({ column: 'a' }))
  fc.assert(
    fc.property(field, text => {
      for (const number of numbers) {
        const read = readOrRule(() => number([text]))
        if (typeof read === 'number') expect(Math.abs(read)).not.toBe(Number.POSITIVE_INFINITY)
        else expect(read).toBe('import.bad-value')
      }
      for (const time of times) {
        const read = readOrRule(() => time([text]))
        if (typeof read === 'number') expect(Number.isFinite(read)).toBe(true)
        else expect(read).toBe('import.bad-time')
      }
    }),
    { numRuns: fuzzRuns },
  )
})
