import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { csvRows, parseCsv } from './csv.js'
import { fuzzRuns } from './fuzz-runs.js'
import { machineOfKepwareCsv } from './mqtt/import-kepware.js'

const token = fc.constantFrom(
  '"',
  '""',
  ',',
  ';',
  '\t',
  '\n',
  '\r\n',
  '\r',
  '\uFEFF',
  'a',
  '1.5',
  ' ',
  '\0',
  'é',
)
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.array(token, { maxLength: 40 }).map(tokens => tokens.join('')),
)

async function inPieces(pieces: readonly string[]) {
  async function* chunks() {
    yield* pieces
  }
  const rows = []
  for await (const row of csvRows(chunks())) rows.push(row)
  return rows
}

describe('any text that is taken for CSV', () => {
  it('gives the same rows whole and in pieces, or is said not to end', async () => {
    await fc.assert(
      fc.asyncProperty(text, fc.array(fc.nat(60), { maxLength: 4 }), async (whole, cuts) => {
        const places = [
          0,
          ...cuts.map(cut => Math.min(cut, whole.length)).sort((a, b) => a - b),
          whole.length,
        ]
        const pieces = places.slice(1).map((end, i) => whole.slice(places[i], end))
        const { names, rows, isWhole } = parseCsv(whole)
        if (!isWhole) {
          await expect(inPieces(pieces)).rejects.toThrow(RangeError)
          return
        }
        const [first, ...others] = await inPieces(pieces)
        expect(first?.fields.map(name => name.trim()) ?? []).toEqual(names)
        expect(others).toEqual(rows)
      }),
      { numRuns: fuzzRuns },
    )
  })

  it('is a machine of KEPServerEX with named signals, or none', () => {
    const cell = fc.oneof(
      text,
      fc.constantFrom(
        'Tag',
        '_System',
        'Float',
        'Word',
        'String',
        'Word Array',
        'Linear',
        '0',
        '-1',
        '1e999',
        '__proto__',
      ),
    )
    const header = 'Tag Name,Address,Data Type,Scaling,Scaled Data Type,Scaled Low,Scaled High,Eng Units'
    fc.assert(
      fc.property(
        fc.array(fc.array(cell, { maxLength: 9 }), { maxLength: 4 }),
        fc.boolean(),
        (cells, hasHeader) => {
          const rows = cells.map(row => row.join(','))
          const machine = machineOfKepwareCsv([...(hasHeader ? [header] : []), ...rows].join('\n'), 'c', 'd')
          for (const { name, range, type } of machine?.signals ?? []) {
            expect(name).not.toBe('')
            if (range !== undefined) expect(range[0]).toBeLessThan(range[1])
            expect(['number', 'text']).toContain(type)
          }
        },
      ),
      { numRuns: fuzzRuns },
    )
  })
})
