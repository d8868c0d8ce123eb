import { type Conversion, conversion, convertibleUnits } from './unit-conversion.js'
import { otherSpellings } from './units.js'

const unitsWithoutGroup = ['%', 'kVA', 'mm/rev', 'parts', 'kWh']
const allUnits = [...convertibleUnits, ...unitsWithoutGroup]

/** `m/s²` as people write it in a name: `ms2`. */
const squeeze = (unit: string): string =>
  unit
    .replaceAll('²', '2')
    .replaceAll('³', '3')
    .replaceAll(/[µμ]/g, 'u')
    .replaceAll(/[^A-Za-z0-9%]/g, '')

/** Ways to write a unit in a tag's name that do not follow from its spelling. */
const nicknames: ReadonlyMap<string, readonly string[]> = new Map([
  ['pct', ['%']],
  ['deg', ['°']],
  ['degs', ['°/s']],
  ['gpm', ['gal/min']],
  ['lbfft', ['lbf·ft']],
  ['sec', ['s']],
])

/**
 * Units that a spelling may stand for: as shown (`mm/s`), as typed (`degC`), as in a name (`mms`). Several where it
 * is ambiguous: `ms` is a millisecond or, squeezed, a metre per second; what is measured decides. A leading m or M
 * must be right, because a milliwatt is no megawatt.
 */
export function unitsSpelled(text: string): readonly string[] {
  if (text === '') return []
  const exact = allUnits.filter(unit => unit === text || squeeze(unit) === text)
  if (exact.length > 0) return exact
  const lower = text.toLowerCase()
  const usual = otherSpellings.get(lower)
  if (usual !== undefined) return [usual]
  const nickname = nicknames.get(lower)
  if (nickname !== undefined) return nickname
  const isPrefix = /^[mM]/.test(text)
  return allUnits.filter(unit => {
    const squeezed = squeeze(unit)
    if (squeezed === '' || squeezed.toLowerCase() !== squeeze(text).toLowerCase()) return false
    return !isPrefix || squeezed[0] === text[0]
  })
}

/** From what a spelling stands for to `unit`; undefined where it stands for nothing that measures the same. */
export function conversionFrom(spelling: string, unit: string): Conversion | undefined {
  for (const candidate of unitsSpelled(spelling)) {
    const found = conversion(candidate, unit)
    if (found !== undefined) return found
  }
  return undefined
}
