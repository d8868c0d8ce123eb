import type { RepairKind } from '../../schema/fault-catalogue.js'
import type { RandomStream } from '../flow/random.js'
import type { Life } from './life.js'

/**
 * Where a fault is: not there, put in with its onset still to come, halted before that, growing, as far as it will go
 * without having failed, halted by whoever put it in, failed, being repaired.
 */
type FaultPhase = 'dormant' | 'pending' | 'held' | 'growing' | 'grown' | 'paused' | 'failed' | 'in-repair'

export interface Repair {
  readonly kind: RepairKind
  /** The share of the damage that an imperfect repair leaves, above 0 and below 1. */
  readonly keeps?: number
  readonly who: string
  readonly note?: string
}

export const never = Number.POSITIVE_INFINITY

/** All that is remembered of one fault of one machine, beside its damage. */
export interface FaultCase {
  phase: FaultPhase
  readonly chance: RandomStream
  /** How long it takes to come up by itself; undefined where it never does. */
  readonly life: Life | undefined
  /** Operating time of the machine at which it comes up by itself, ms. */
  onset: number
  cause: 'random' | 'injected'
  note: string | undefined
  /** Unix ms of what is due: the onset of a pending one, the end of an injected one, the next step of a repair. */
  startAt: number
  clearAt: number
  repairAt: number
  /** Time from its onset after which an injected fault is gone, ms. */
  clearAfter: number
  repair: Repair | undefined
  /** How long it takes was said, and is taken literally: nothing hastens it. */
  isLiteral: boolean
  /** Somebody has halted its growth, which no repair lets go on. */
  isPaused: boolean
  /** Damage told last. */
  told: number
  /** Where an effect may go to either end of its band, it goes to the low one. */
  isLow: boolean
  /** Which of its machine's sensors drifts. */
  sensor: number
}

/** Whether it is past its onset: it has damage, or could have. */
export const hasBegun = ({ phase }: FaultCase): boolean =>
  phase !== 'dormant' && phase !== 'pending' && phase !== 'held'

export function newCase(chance: RandomStream, life: Life | undefined): FaultCase {
  return {
    phase: 'dormant',
    chance,
    life,
    onset: never,
    cause: 'random',
    note: undefined,
    startAt: never,
    clearAt: never,
    repairAt: never,
    clearAfter: never,
    repair: undefined,
    isLiteral: false,
    isPaused: false,
    told: 0,
    isLow: false,
    sensor: 0,
  }
}
