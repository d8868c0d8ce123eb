import {
  type FaultPatternId,
  faultPattern,
  faultStages,
  type RepairKind,
  repairKinds,
} from '../../schema/fault-catalogue.js'
import { shown, type TwinProblem } from '../twin-problem.js'

/** How sure the sensors are that there is a fault: one beyond its warning limits, for long, or beyond the critical ones. */
export const evidenceLevels = ['none', 'warning', 'alert', 'critical'] as const
export type EvidenceLevel = (typeof evidenceLevels)[number]

/** How fast the sensors that show it get worse: +20 % in seven days is gradual, +50 % in a day rapid. */
export const growths = ['steady', 'gradual', 'rapid'] as const
export type Growth = (typeof growths)[number]

/** What the sensors of a real machine say of one pattern. */
export interface Evidence {
  readonly pattern: FaultPatternId
  readonly level: EvidenceLevel
  /** Name of the rule that found it; empty where none did. */
  readonly rule: string
  /** Ids of the signals that show it. */
  readonly signals: readonly string[]
  /** 0 to 1: 0.25 at the warning limit, 0.75 at the critical one. */
  readonly severity: number
  /** Share of the symptoms this machine could show that it does show, 0 to 1. */
  readonly confidence: number
  readonly growth: Growth
}

/** Work on a machine, or whose doing something is; `who` is never empty. */
export interface RepairWork {
  /** Unix ms. */
  readonly time: number
  readonly who: string
  readonly comment: string
}

export type FaultEvent =
  /**
   * The damage a simulated machine has reached, 0 to 1: it never becomes less, except by a repair. `progress`: the share
   * of the time to failure that has passed, 0 to 1, where somebody said how long that is.
   */
  | { readonly type: 'DAMAGE'; readonly time: number; readonly damage: number; readonly progress?: number }
  /** A simulated fault is taken away, as if it had never been. */
  | ({ readonly type: 'CLEARED' } & RepairWork)
  /** What the sensors of a real machine say. */
  | ({ readonly type: 'EVIDENCE'; readonly time: number } & Evidence)
  /** A real machine has broken down of it. */
  | { readonly type: 'BREAKDOWN'; readonly time: number }
  | ({ readonly type: 'REPAIR_STARTED' } & RepairWork)
  /** `keeps`: the share of the damage that an imperfect repair leaves, above 0 and below 1; null for other kinds. */
  | ({ readonly type: 'REPAIR_ENDED'; readonly kind: RepairKind; readonly keeps: number | null } & RepairWork)
  /** The machine runs again. */
  | { readonly type: 'RESTARTED'; readonly time: number }
  /** Time passes. */
  | { readonly type: 'TICK'; readonly time: number }

/** Where a fault is: before its stages, in one of them, or in repair. */
export const faultStates = ['dormant', ...faultStages, 'underRepair', 'repaired'] as const
export type FaultState = (typeof faultStates)[number]

export type FaultCause =
  | 'damage'
  | 'evidence'
  | 'breakdown'
  | 'repair-started'
  | 'repair-ended'
  | 'restarted'
  | 'cleared'

/** What everybody may know of a fault. The damage of a simulated machine is not part of it. */
export interface FaultView {
  readonly fault: string
  readonly pattern: FaultPatternId
  readonly state: FaultState
  /** In this state since, Unix ms. */
  readonly since: number
  /** Counts how often the fault has come up; 0 = never. */
  readonly occurrence: number
  /** 0 to 1. Of a simulated machine the severity of its stage, of a real one what its sensors show. */
  readonly severity: number
  /**
   * Share of the time from onset to failure that has passed, 0 to 1, 1 = failed: of the time that somebody gave an
   * injected fault, else of the pattern's usual time.
   */
  readonly progress: number
  /** True where sensors are all that is known: a guess, not the truth. */
  readonly estimated: boolean
  readonly rule: string
  readonly signals: readonly string[]
  readonly confidence: number
  readonly growth: Growth
  /** The kind of the newest repair; null where there was none. */
  readonly repair: RepairKind | null
}

export interface FaultContext extends FaultView {
  /** Time of the newest event, Unix ms. */
  readonly time: number
  /** When the fault would have begun at its usual pace, Unix ms; null while it is dormant, and where progress is told. */
  readonly onset: number | null
  /** Hidden damage, 0 to 1: for oracles of tests only. Stays 0 on a real machine. */
  readonly damage: number
}

export interface FaultInput {
  /** Unique in the plant, e.g. `press-01.hydraulic-leak`. */
  readonly fault: string
  readonly pattern: FaultPatternId
  /** A simulated machine knows its damage; of a real one everything is estimated. */
  readonly estimated: boolean
}

export type FaultEmitted = {
  readonly type: 'fault.changed'
  readonly time: number
  readonly from: FaultState
  readonly to: FaultState
  readonly cause: FaultCause
  /** Who repaired; empty where it was nobody's doing. */
  readonly who: string
  readonly comment: string
} & Omit<FaultView, 'state' | 'since'>

/** The pattern's usual time from onset to failure, ms: the geometric mean of its least and its greatest. */
export function usualDuration(pattern: FaultPatternId): number {
  const [least, greatest] = faultPattern(pattern).takes
  return Math.sqrt(least * greatest)
}

const simulatedOnly = ['DAMAGE', 'CLEARED']
const estimatedOnly = ['EVIDENCE', 'BREAKDOWN']
const always = ['REPAIR_STARTED', 'REPAIR_ENDED', 'RESTARTED', 'TICK']

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

/** Why a fault does not take an event, before it is delivered. */
export function checkFaultEvent(
  event: unknown,
  context: Pick<FaultContext, 'time' | 'damage' | 'estimated' | 'pattern'>,
): TwinProblem | undefined {
  if (!isRecord(event)) return { code: 'unknown-event', detail: 'An event is an object with a type.' }
  const { type, time } = event
  const known = [...always, ...(context.estimated ? estimatedOnly : simulatedOnly)]
  if (typeof type !== 'string' || !known.includes(type)) {
    const whose = context.estimated ? 'a real' : 'a simulated'
    return {
      code: 'unknown-event',
      detail: `A fault of ${whose} machine knows no event "${shown(type)}"; it knows ${known.join(', ')}.`,
    }
  }
  if (typeof time !== 'number') return { code: 'bad-payload', detail: `${type} needs a time in ms.` }
  if (!Number.isFinite(time)) return { code: 'not-a-number', detail: `The time of ${type} is ${time}.` }
  if (time < context.time) {
    return { code: 'time-backwards', detail: `${type} at ${time} comes after an event at ${context.time}.` }
  }
  if (type === 'DAMAGE') return checkDamage(event, context.damage)
  if (type === 'EVIDENCE') return checkEvidence(event, context.pattern)
  if (type === 'REPAIR_STARTED' || type === 'REPAIR_ENDED' || type === 'CLEARED')
    return checkWork(type, event)
  return undefined
}

function checkShare(name: string, value: unknown): TwinProblem | undefined {
  if (typeof value !== 'number') return { code: 'bad-payload', detail: `The ${name} must be a number.` }
  if (Number.isNaN(value)) return { code: 'not-a-number', detail: `The ${name} is NaN.` }
  if (value < 0 || value > 1) {
    return { code: 'bad-payload', detail: `The ${name} is ${value}; it must lie between 0 and 1.` }
  }
  return undefined
}

function checkDamage(
  { damage, progress = 0 }: Readonly<Record<string, unknown>>,
  reached: number,
): TwinProblem | undefined {
  const problem = checkShare('damage', damage) ?? checkShare('progress', progress)
  if (problem !== undefined || typeof damage !== 'number' || damage >= reached) return problem
  return {
    code: 'bad-payload',
    detail: `The damage is ${damage}, but ${reached} was reached; only a repair makes it less.`,
  }
}

function checkEvidence(
  { pattern, level, rule, signals, severity, confidence, growth }: Readonly<Record<string, unknown>>,
  own: FaultPatternId,
): TwinProblem | undefined {
  if (pattern !== own) {
    return { code: 'bad-payload', detail: `The evidence is of ${shown(pattern)}, the fault is ${own}.` }
  }
  if (!evidenceLevels.some(known => known === level)) {
    return { code: 'bad-payload', detail: `Evidence has no level "${shown(level)}".` }
  }
  if (!growths.some(known => known === growth)) {
    return { code: 'bad-payload', detail: `Evidence has no growth "${shown(growth)}".` }
  }
  if (typeof rule !== 'string') return { code: 'bad-payload', detail: 'Evidence needs the name of its rule.' }
  if (!Array.isArray(signals) || !signals.every(signal => typeof signal === 'string')) {
    return { code: 'bad-payload', detail: 'Evidence needs the ids of its signals.' }
  }
  const problem = checkShare('severity', severity) ?? checkShare('confidence', confidence)
  if (problem !== undefined || (level === 'none') === (severity === 0)) return problem
  return {
    code: 'bad-payload',
    detail: `Evidence of level "${shown(level)}" cannot have severity ${severity}; it is 0 if and only if there is none.`,
  }
}

function checkWork(
  type: string,
  { who, comment, kind, keeps }: Readonly<Record<string, unknown>>,
): TwinProblem | undefined {
  if (typeof who !== 'string' || who.trim() === '') {
    return { code: 'bad-payload', detail: `${type} needs the name of who does it.` }
  }
  if (typeof comment !== 'string') {
    return { code: 'bad-payload', detail: `${type} needs a comment; it may be empty.` }
  }
  if (type !== 'REPAIR_ENDED') return undefined
  if (!repairKinds.some(known => known === kind)) {
    return { code: 'bad-payload', detail: `There is no kind of repair "${shown(kind)}".` }
  }
  if (kind !== 'imperfect') {
    if (keeps === null) return undefined
    return { code: 'bad-payload', detail: `A ${shown(kind)} repair does not say what it keeps.` }
  }
  const problem = checkShare('share of damage kept', keeps)
  if (problem !== undefined) return problem
  if (keeps === 0 || keeps === 1) {
    return {
      code: 'bad-payload',
      detail: `An imperfect repair keeps more than none of the damage and less than all; this one keeps ${keeps}.`,
    }
  }
  return undefined
}
