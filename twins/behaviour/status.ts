import { packmlNumber, packmlStates, suspendReasons, unitModes } from '../../schema/packml.js'
import type { Signal } from '../../schema/plant.js'
import type { Flow } from '../flow/flow.js'
import type { MachineModel } from '../flow/model.js'

/** By number of the product, where products have no names. */
const programs = ['program-1', 'program-2', 'program-3', 'program-4']

/**
 * The words that text signals carry, by the number that stands for them in the model: PackML states, a suspended
 * machine's reason, unit modes, programs. A plant's products follow: their programs are called as they are.
 */
const words: readonly string[] = [
  ...packmlStates,
  ...suspendReasons.map(reason => (reason === 'none' ? 'Suspended' : `Suspended ${reason}`)),
  ...unitModes,
  'Normal',
  ...programs,
]
const suspendedWord = packmlStates.length
const modeWord = suspendedWord + suspendReasons.length
const conditionWord = words.indexOf('Normal')
const programWord = conditionWord + 1

/** What the text signals of machines may say, and the words for their programs, by machine and number of the product. */
export function vocabularyOf(machines: readonly Pick<MachineModel, 'products'>[]) {
  const names = [...new Set(machines.flatMap(({ products = [] }) => products))]
  const placeOf = new Map(names.map((name, place) => [name, words.length + place]))
  return {
    words: [...words, ...names],
    programs: machines.map(({ products }) =>
      (products ?? programs).map((name, place) => placeOf.get(name) ?? programWord + place),
    ),
  }
}

export type StatusKind =
  | 'state'
  | 'mode'
  | 'blocked'
  | 'starved'
  | 'produced'
  | 'good'
  | 'rejected'
  | 'energy'
  | 'working-time'
  | 'condition'
  | 'program'

/** Milliseconds in the units that counters of time have. */
export const msPer: Readonly<Record<string, number>> = { s: 1000, min: 60_000, h: 3_600_000 }

/** What a machine says of itself in this signal; undefined where it is measured. */
export function statusKindOf({ quantity, name, unit }: Signal): StatusKind | undefined {
  switch (quantity) {
    case 'state':
    case 'mode':
    case 'blocked':
    case 'starved':
    case 'condition':
      return quantity
    case 'text':
      return 'program'
    case 'counter':
      if (unit === 'kWh') return 'energy'
      if (msPer[unit] !== undefined) return 'working-time'
      if (/reject|scrap|defect|bad/i.test(name)) return 'rejected'
      return /good/i.test(name) ? 'good' : 'produced'
    default:
      return undefined
  }
}

/** Whether it counts parts, and so goes on from where it began. */
export function isPartCounter(kind: StatusKind): kind is 'produced' | 'good' | 'rejected' {
  return kind === 'produced' || kind === 'good' || kind === 'rejected'
}

/**
 * The value of a status signal now: a number, or for text signals the place of its word among all words. `programs`:
 * the words for the machine's programs.
 */
export function statusValue(
  kind: Exclude<StatusKind, 'energy' | 'working-time'>,
  isText: boolean,
  flow: Flow,
  machine: number,
  programs: readonly number[],
): number {
  switch (kind) {
    case 'state':
      return isText ? stateWord(flow, machine) : flow.state[machine]!
    case 'mode':
      return unitModes.indexOf('Production') + (isText ? modeWord : 0)
    case 'blocked':
    case 'starved':
      return Number(isSuspended(flow, machine) && suspendReasons[flow.reason[machine]!] === kind)
    case 'produced':
      return flow.produced[machine]!
    case 'rejected':
      return flow.rejected[machine]!
    case 'good':
      return flow.produced[machine]! - flow.rejected[machine]!
    case 'condition':
      return isText ? conditionWord : 0
    case 'program': {
      const product = flow.product[machine]!
      return isText ? programs[product]! : product + 1
    }
  }
}

const suspendBranch: ReadonlySet<number> = new Set([
  packmlNumber.Suspending,
  packmlNumber.Suspended,
  packmlNumber.Unsuspending,
])

const isSuspended = (flow: Flow, machine: number): boolean => suspendBranch.has(flow.state[machine]!)

function stateWord(flow: Flow, machine: number): number {
  const state = flow.state[machine]!
  return state === packmlNumber.Suspended ? suspendedWord + flow.reason[machine]! : state
}
