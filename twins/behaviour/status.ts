import { packmlNumber, packmlStates, suspendReasons, unitModes } from '../../schema/packml.js'
import type { Signal } from '../../schema/plant.js'
import type { Flow } from '../flow/flow.js'

const programs = ['program-1', 'program-2', 'program-3', 'program-4']

/**
 * The words that text signals carry, by the number that stands for them in the model: PackML states, a suspended
 * machine's reason, unit modes, programs.
 */
export const words: readonly string[] = [
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

export type StatusKind =
  | 'state'
  | 'mode'
  | 'blocked'
  | 'starved'
  | 'produced'
  | 'good'
  | 'rejected'
  | 'condition'
  | 'program'

/** What a machine says of itself in this signal; undefined where it is measured. */
export function statusKindOf({ quantity, name }: Signal): StatusKind | undefined {
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
      if (/reject|scrap|defect|bad/i.test(name)) return 'rejected'
      return /good/i.test(name) ? 'good' : 'produced'
    default:
      return undefined
  }
}

/** Whether it counts parts, and so goes on from where it began. */
export function isCounter(kind: StatusKind): boolean {
  return kind === 'produced' || kind === 'good' || kind === 'rejected'
}

/** The value of a status signal now: a number, or for text signals the place of its word in `words`. */
export function statusValue(kind: StatusKind, isText: boolean, flow: Flow, machine: number): number {
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
      const program = flow.product[machine]! % programs.length
      return isText ? programWord + program : program + 1
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
