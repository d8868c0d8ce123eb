import type { ImportedSignal } from '../../adapters/imported-machine.js'
import { type Quantity, quantities } from '../../schema/plant.js'
import { unitFits, unitsOf, usualSpelling } from '../../schema/units.js'
import type { StateWords } from './state-words.js'

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
/** What stands below a `Part Count`. */
const countedWords = /^(all|total|good|ok|bad|nok|scrap|rework|produced|processed|defective|rejected)$/i
const partWords = /part|piece|produced|defective|scrap|reject/i
const stateWords = /^(machine[-_ ]?)?(state|status)([-_. ]?current)?$/i
/** A number called status is most often a word of bits. */
const numberedStateWords = /^((machine|unit|equipment)[-_ ]?)?state([-_. ]?current)?$/i
/** PackTags that are numbers of PackML's own (TR88.00.02, Status). */
const packTags: Readonly<Record<string, Guess>> = {
  StateCurrent: { quantity: 'state', unit: '', stateMap: 'packml' },
  UnitModeCurrent: { quantity: 'mode', unit: '', stateMap: 'packml-mode' },
}
/** What only a person can say of a number. */
const unknown = (unit: string): Guess => ({ quantity: 'number', unit })

/** Whether a text by its name tells a state, of which the source does not say so. */
export function namesState({ name, type, quantity }: ImportedSignal): boolean {
  return type === 'text' && quantity === undefined && stateWords.test(stateName(name))
}

/** Whether a number by its name tells a state, and only the source knows what it means. */
export function numbersState(signal: ImportedSignal): boolean {
  const { name, type, quantity, unit, isWhole } = signal
  const isPlain = type === 'number' && quantity === undefined && unit === '' && isWhole === true
  return isPlain && packTagOf(signal) === undefined && numberedStateWords.test(stateName(name))
}

/**
 * The state of a machine whose source does not say what it is: of those that their names call one, words before numbers, and
 * the machine's own before those of its parts.
 */
export function stateOf(signals: readonly ImportedSignal[]): ImportedSignal | undefined {
  const rank = (signal: ImportedSignal): number =>
    namesState(signal) ? 0 : packTagOf(signal)?.quantity === 'state' ? 1 : numbersState(signal) ? 2 : 3
  const depth = ({ name }: ImportedSignal): number => name.split('.').length
  const [first] = signals
    .filter(signal => rank(signal) < 3)
    .sort((a, b) => rank(a) - rank(b) || depth(a) - depth(b))
  return first
}

/** `State/Current` is called by both. */
const stateName = (name: string): string =>
  /^current$/i.test(lastOf(name)) ? name.split('.').slice(-2).join('.') : lastOf(name)

const packTagOf = ({ name, type, quantity, isWhole }: ImportedSignal): Guess | undefined =>
  type === 'number' && isWhole === true && quantity === undefined ? packTags[lastOf(name)] : undefined

const lastOf = (name: string): string => name.split('.').at(-1) ?? name

/** Whether a number by its name counts. */
function namesCounter(name: string): boolean {
  const [last = '', above = ''] = name.split('.').reverse()
  return counterWords.test(last) || (countedWords.test(last) && counterWords.test(above))
}

/**
 * What a signal is, by what its source says of it, its unit and its name, in this order. `states`: the words that texts
 * say which are states by their name.
 */
export function guess(signal: ImportedSignal, states: StateWords): Guess {
  const { type, quantity, stateMap } = signal
  if (type === 'text') {
    if (quantity !== undefined) return { quantity, unit: '', ...(stateMap !== undefined && { stateMap }) }
    if (!namesState(signal)) return { quantity: 'text', unit: '' }
    return { quantity: 'state', unit: '', stateMap: states.mapOf(signal) }
  }
  const packTag = packTagOf(signal)
  if (packTag !== undefined) return packTag
  if (numbersState(signal)) return { quantity: 'state', unit: '', stateMap: states.numbersOf(signal) }
  return guessNumber(signal)
}

/** What a number measures or counts. */
export function guessNumber({ name, unit, quantity, range, isWhole }: ImportedSignal): Guess {
  const last = lastOf(name)
  if (quantity !== undefined) {
    const spelt = fittingUnit(quantity, unit)
    if (spelt !== undefined) return { quantity, unit: spelt }
  }
  if (namesCounter(name) && (isWhole ?? range?.every(Number.isInteger) ?? false)) {
    const spelt = fittingUnit('counter', unit || (partWords.test(name) ? 'parts' : ''))
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
