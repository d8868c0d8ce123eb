import type { ImportedSignal } from '../../adapters/imported-machine.js'
import { type Quantity, quantities } from '../../schema/plant.js'
import { unitFits, unitsOf, usualSpelling } from '../../schema/units.js'

/** What a signal probably is; a person reads it over. */
export interface Guess {
  readonly quantity: Quantity
  readonly unit: string
  readonly stateMap?: string
}

/** Words in names that tell what is measured; the first that fits, and whose unit fits, counts. */
const nameWords: readonly (readonly [RegExp, Quantity])[] = [
  [/vibration|vib\b|velocityrms/i, 'vibration'],
  [/temp/i, 'temperature'],
  [/press(ure)?(?![-_ ]?\d)/i, 'pressure'],
  [/flow/i, 'flow'],
  [/torque/i, 'torque'],
  [/force/i, 'force'],
  [/feed/i, 'feed-rate'],
  [/speed|rpm|velocity/i, 'speed'],
  [/current|amp/i, 'current'],
  [/volt/i, 'voltage'],
  [/power/i, 'power'],
  [/load/i, 'load'],
  [/pos(ition)?/i, 'position'],
]
const counterWords = /count|produced|defective|scrap|rejected/i
const stateWords = /^(machine[-_ ]?)?(state|status)$/i
/** What only a person can say of a number. */
const unknown = (unit: string): Guess => ({ quantity: 'number', unit })

/** What a signal is, by what its source says of it, its unit and its name, in this order. */
export function guess({ name, type, unit, quantity, stateMap, range }: ImportedSignal): Guess {
  const last = name.split('.').at(-1) ?? name
  if (type === 'text') {
    if (quantity !== undefined) return { quantity, unit: '', ...(stateMap !== undefined && { stateMap }) }
    if (!stateWords.test(last)) return { quantity: 'text', unit: '' }
    return { quantity: 'state', unit: '', stateMap: 'running-idle-fault' }
  }
  if (quantity !== undefined) {
    const spelt = fittingUnit(quantity, unit)
    if (spelt !== undefined) return { quantity, unit: spelt }
  }
  const isWhole = range?.every(Number.isInteger) ?? false
  if (counterWords.test(last) && isWhole) {
    const spelt = fittingUnit('counter', unit)
    if (spelt !== undefined) return { quantity: 'counter', unit: spelt }
  }
  for (const [word, measured] of nameWords) {
    const spelt = word.test(last) ? fittingUnit(measured, unit) : undefined
    if (spelt !== undefined) return { quantity: measured, unit: spelt }
  }
  return byUnit(unit) ?? unknown(unit)
}

function fittingUnit(quantity: Quantity, unit: string): string | undefined {
  return unitFits(quantity, unit) ? unit : unit === '' ? undefined : usualSpelling(quantity, unit)
}

/** The only quantity that has this unit. */
function byUnit(unit: string): Guess | undefined {
  if (unit === '') return undefined
  const fitting = quantities.flatMap(quantity => {
    const spelt = unitsOf(quantity) === undefined ? undefined : fittingUnit(quantity, unit)
    return spelt === undefined || quantity === 'counter' ? [] : [{ quantity, unit: spelt }]
  })
  return fitting.length === 1 ? fitting[0] : undefined
}
