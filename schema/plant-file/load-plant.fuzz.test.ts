import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Plant } from '../plant.js'
import { referencePlant } from '../reference-plant/reference-plant.js'
import { loadPlant } from './load-plant.js'
import { plantToYaml } from './plant-to-yaml.js'
import { formatProblem } from './problem.js'

/** Enough of a plant to break anything in, small enough to break it often. */
const smallText = plantToYaml(cutDown(referencePlant()))

function cutDown(plant: Plant): Plant {
  const [site] = plant.sites
  const [area] = site?.areas ?? []
  const [line] = area?.lines ?? []
  if (site === undefined || area === undefined || line === undefined) throw new Error('no line to keep')
  const machines = line.machines.slice(0, 2).map(machine => ({ ...machine, feeds: [] }))
  const types = machines.map(machine => machine.type)
  return {
    ...plant,
    sites: [{ ...site, areas: [{ ...area, lines: [{ ...line, machines }] }] }],
    machineTypes: plant.machineTypes.filter(type => types.includes(type.id)),
    crews: plant.crews.filter(crew => crew.site === site.id),
    shifts: plant.shifts.filter(shift => shift.site === site.id),
    products: [{ id: 'bolt', name: 'Bolt', category: '', lines: [line.id] }],
    customers: [{ id: 'acme', name: 'Acme', products: ['bolt'] }],
  }
}

/** Either a plant or at least one problem, each with a place in the text; never an exception. */
function expectAnswer(text: string): void {
  const { plant, problems } = loadPlant(text, { file: 'plant.yaml' })
  expect(plant === undefined).toBe(problems !== undefined)
  const lines = text.split('\n').length
  if (problems !== undefined) expect(problems.length).toBeGreaterThan(0)
  const senseless = (problems ?? []).filter(
    ({ line, column, message, fix, ...rest }) =>
      !(line >= 1 && line <= lines && column >= 1 && message !== '' && fix !== '') ||
      /undefined|\[object|\n/.test(formatProblem({ line, column, message, fix, ...rest })),
  )
  expect(senseless).toEqual([])
}

/** Values that somebody might put in the wrong place. */
const anything = fc.oneof(
  fc.constantFrom(
    '~',
    '[]',
    '{}',
    '""',
    '-1',
    '1e999',
    '.nan',
    'true',
    '2026-01-01',
    '*x',
    '&x 1',
    '!!set {a}',
    '<<: 1',
  ),
  fc.constantFrom(
    '__proto__',
    'constructor',
    'toString',
    '[[1]]',
    '{ a: { b: [1] } }',
    '"\\u0000"',
    '{machine}',
  ),
  fc.string(),
)

describe('loadPlant', () => {
  it('starts from a small plant that is sound', () => {
    expect(loadPlant(smallText, { file: 'plant.yaml' }).problems?.map(formatProblem)).toBeUndefined()
  })

  it('answers any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 300 }), expectAnswer), { numRuns: 100 })
    fc.assert(
      fc.property(
        fc.array(
          fc.constantFrom(
            'a',
            ': ',
            '- ',
            '\n',
            ' ',
            '  ',
            '[',
            ']',
            '{',
            '}',
            ',',
            '"',
            "'",
            '&a ',
            '*a',
            '?',
            '|',
            '>',
            '#',
            '!',
            '%',
            '---',
            '\t',
          ),
        ),
        pieces => expectAnswer(pieces.join('')),
      ),
      { numRuns: 300 },
    )
  })

  it('answers any JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), value => expectAnswer(JSON.stringify(value))),
      { numRuns: 100 },
    )
  })

  it('answers any value under any key of a plant', () => {
    const keys = [
      'gemba',
      'types',
      'stateMaps',
      'sources',
      'sites',
      'shifts',
      'products',
      'customers',
      'crews',
    ]
    const entry = fc.dictionary(
      fc.constantFrom(
        'id',
        'extends',
        'signals',
        'status',
        'areas',
        'lines',
        'machines',
        'type',
        'feeds',
        'a',
      ),
      fc.jsonValue({ maxDepth: 3 }),
    )
    const section = fc.oneof(fc.array(entry), fc.dictionary(fc.constantFrom('a', 'b'), entry), fc.jsonValue())
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...keys), section), plant =>
        expectAnswer(JSON.stringify(plant)),
      ),
      { numRuns: 100 },
    )
  })

  it('answers a sound file in which anything was replaced, doubled or cut', () => {
    const lines = smallText.split('\n')
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            line: fc.nat(lines.length - 1),
            how: fc.constantFrom('value', 'key', 'drop', 'double', 'indent', 'cut'),
            with: anything,
          }),
          { minLength: 1, maxLength: 3 },
        ),
        changes => {
          const text = [...lines]
          for (const { line, how, with: other } of changes) {
            const old = text[line] ?? ''
            if (how === 'value') text[line] = old.replace(/:.*/, () => `: ${other}`)
            if (how === 'key') text[line] = old.replace(/\w+:/, () => `${other}:`)
            if (how === 'drop') text[line] = '#'
            if (how === 'double') text[line] = `${old}\n${old}`
            if (how === 'indent') text[line] = ` ${old}`
            if (how === 'cut') text.length = Math.min(text.length, line + 1)
          }
          expectAnswer(text.join('\n'))
        },
      ),
      { numRuns: 100 },
    )
  })
})
