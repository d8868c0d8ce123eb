import { assign, emit, setup } from 'xstate'
import { faultStages } from '../../schema/fault-catalogue.js'
import { inTime } from '../in-time.js'
import {
  checkFaultEvent,
  type FaultCause,
  type FaultContext,
  type FaultEmitted,
  type FaultEvent,
  type FaultInput,
  type FaultState,
  type FaultView,
  usualDuration,
} from './fault.events.js'
import { shareKept, stageAfterRepair, stageOfDamage, stageOfEvidence, stageSeverity } from './stages.js'

/** Raise when the chart changes in a way that an older snapshot cannot be restored into. */
export const faultDefinition = { id: 'fault', version: 1 } as const

type Stage = keyof typeof stageSeverity
/** Nothing but a failure is complete. */
const nearlyFailed = 0.99

/**
 * One fault that a machine may have: from dormant through its stages to failure, and through repair. On a simulated
 * machine its damage decides; on a real one the evidence of its sensors does, and all it says is an estimate.
 */
const chart = setup({
  types: {
    context: {} as FaultContext,
    events: {} as FaultEvent,
    emitted: {} as FaultEmitted,
    input: {} as FaultInput,
  },
  guards: {
    damageReaches: ({ context, event }, { to }: { to: Stage }) =>
      event.type === 'DAMAGE' && stageOfDamage(context.pattern, event.damage) === to && context.state !== to,
    // A machine need not have run again for a part to give way again.
    damageOutgrowsRepair: ({ context, event }, { to }: { to: Stage }) =>
      event.type === 'DAMAGE' &&
      stageOfDamage(context.pattern, event.damage) === to &&
      stageAfterRepair(context) !== to,
    evidenceTellsOf: ({ context, event }, { to }: { to: Stage }) =>
      event.type === 'EVIDENCE' && stageOfEvidence[event.level] === to && context.state !== to,
    isLeftAs: ({ context }, { to }: { to: Stage }) => stageAfterRepair(context) === to,
    isDormant: ({ context }) => context.state === 'dormant',
    isEstimated: ({ context }) => context.estimated,
  },
  actions: {
    rememberTime: assign(({ event }) => ({ time: event.time })),
    progress: assign(({ context, event }) =>
      context.onset === null || context.state === 'failed'
        ? {}
        : { progress: Math.min(nearlyFailed, (event.time - context.onset) / usualDuration(context.pattern)) },
    ),
    rememberDamage: assign(({ context, event }) => {
      if (event.type !== 'DAMAGE') return {}
      const { damage, progress } = event
      if (progress === undefined || stageOfDamage(context.pattern, damage) === 'dormant') return { damage }
      // What a repair left may have gone on at the usual pace meanwhile: progress never goes back.
      return { damage, progress: Math.max(context.progress, Math.min(nearlyFailed, progress)), onset: null }
    }),
    forgetDamage: assign({ damage: 0 }),
    rememberEvidence: assign(({ event }) => {
      if (event.type !== 'EVIDENCE') return {}
      const { rule, signals, severity, confidence, growth } = event
      return { rule, signals, severity, confidence, growth }
    }),
    stopProgress: assign({ onset: null }),
    comeUpAnew: assign(({ context }) =>
      stageAfterRepair(context) === 'dormant' ? { occurrence: context.occurrence + 1, progress: 0 } : {},
    ),
    repair: assign(({ context, event }) => {
      if (event.type !== 'REPAIR_ENDED') return {}
      const kept = shareKept(event.kind, event.keeps)
      return {
        repair: event.kind,
        damage: context.damage * kept,
        severity: context.severity * kept,
        progress: context.progress * kept,
      }
    }),
    forgetEvidence: assign({ rule: '', signals: [], confidence: 0, growth: 'steady' as const }),
    enterStage: assign(({ context, event }, { to }: { to: Stage }) => enteredStage(context, event, to)),
    enter: assign(({ event }, { to }: { to: FaultState }) => ({ state: to, since: event.time })),
    announce: emit(({ context, event }, params: { to: FaultState; cause: FaultCause }) => {
      const { state: _state, since: _since, ...view } = viewOf(context)
      return {
        type: 'fault.changed' as const,
        time: event.time,
        from: context.state,
        to: params.to,
        cause: params.cause,
        who: 'who' in event ? event.who : '',
        comment: 'comment' in event ? event.comment : '',
        ...view,
      }
    }),
  },
}).createMachine({
  id: 'fault',
  context: ({ input }) => ({
    fault: input.fault,
    pattern: input.pattern,
    estimated: input.estimated,
    state: 'dormant',
    time: 0,
    since: 0,
    occurrence: 0,
    onset: null,
    damage: 0,
    severity: 0,
    progress: 0,
    rule: '',
    signals: [],
    confidence: 0,
    growth: 'steady',
    repair: null,
  }),
  type: 'parallel',
  states: {
    clock: { on: { '*': { actions: ['rememberTime', 'progress'] } } },
    fault: {
      initial: 'inUse',
      on: {
        CLEARED: [
          { guard: 'isDormant' as const, actions: 'forgetDamage' },
          reaches('dormant', 'cleared', 'forgetDamage', 'forgetEvidence'),
        ],
      },
      states: {
        inUse: {
          initial: 'dormant',
          on: {
            DAMAGE: [
              ...faultStages.map(to => ({
                guard: { type: 'damageReaches' as const, params: { to } },
                ...reaches(to, 'damage', 'rememberDamage'),
              })),
              { actions: 'rememberDamage' },
            ],
            EVIDENCE: [
              ...Object.values(stageOfEvidence).map(to => ({
                guard: { type: 'evidenceTellsOf' as const, params: { to } },
                ...reaches(to, 'evidence', 'rememberEvidence'),
              })),
              { actions: 'rememberEvidence' },
            ],
            BREAKDOWN: reaches('failed', 'breakdown'),
            REPAIR_STARTED: goes('#underRepair', 'repair-started', 'stopProgress'),
          },
          states: {
            dormant: { id: 'dormant' },
            incipient: { id: 'incipient' },
            developing: { id: 'developing' },
            severe: { id: 'severe' },
            failed: {
              id: 'failed',
              on: {
                // A machine that stands still shows nothing: what its sensors say now is no sign of recovery.
                EVIDENCE: {},
                BREAKDOWN: {},
                RESTARTED: {
                  guard: 'isEstimated' as const,
                  ...reaches('dormant', 'restarted', 'forgetEvidence'),
                },
              },
            },
          },
        },
        underRepair: {
          id: 'underRepair',
          on: { REPAIR_ENDED: goes('#repaired', 'repair-ended', 'repair', 'forgetEvidence') },
        },
        repaired: {
          id: 'repaired',
          on: {
            RESTARTED: [
              ...(['dormant', 'incipient', 'developing'] as const).map(to => ({
                guard: { type: 'isLeftAs' as const, params: { to } },
                ...reaches(to, 'restarted'),
              })),
              reaches('severe', 'restarted'),
            ],
            DAMAGE: [
              ...faultStages.map(to => ({
                guard: { type: 'damageOutgrowsRepair' as const, params: { to } },
                ...reaches(to, 'damage', 'comeUpAnew', 'rememberDamage'),
              })),
              { actions: 'rememberDamage' },
            ],
            REPAIR_STARTED: goes('#underRepair', 'repair-started'),
          },
        },
      },
    },
  },
})

/** A fault's chart that leaves itself as it was where `checkFaultEvent` refuses an event. */
export const faultInTime = (machine: typeof chart): typeof chart =>
  inTime(
    machine,
    { check: checkFaultEvent, nextDue: () => Number.POSITIVE_INFINITY },
    time => ({ type: 'TICK', time }) as const,
  )

/** The fault twin's statechart. */
export const faultMachine = faultInTime(chart)

type Change =
  | 'rememberDamage'
  | 'rememberEvidence'
  | 'stopProgress'
  | 'comeUpAnew'
  | 'repair'
  | 'forgetEvidence'
  | 'forgetDamage'

/** To one of the stages, with what is known of the fault there, and a record of it. */
function reaches<To extends Stage>(to: To, cause: FaultCause, ...changes: Change[]) {
  return {
    target: `#${to}` as const,
    actions: [
      ...changes,
      { type: 'enterStage' as const, params: { to } },
      { type: 'announce' as const, params: { to, cause } },
      { type: 'enter' as const, params: { to } },
    ],
  }
}

/** Into repair and out of it. */
function goes<To extends 'underRepair' | 'repaired'>(
  target: `#${To}`,
  cause: FaultCause,
  ...changes: Change[]
) {
  const to = target.slice(1) as To
  return {
    target,
    actions: [
      ...changes,
      { type: 'announce' as const, params: { to, cause } },
      { type: 'enter' as const, params: { to } },
    ],
  }
}

/** What changes when a fault comes to a stage. */
function enteredStage(context: FaultContext, event: FaultEvent, to: Stage): Partial<FaultContext> {
  const severity =
    context.estimated && to !== 'failed' && to !== 'dormant' ? context.severity : stageSeverity[to]
  if (to === 'dormant') return { severity, progress: 0, onset: null }
  if (to === 'failed') {
    return { severity, progress: 1, occurrence: context.occurrence + (context.state === 'dormant' ? 1 : 0) }
  }
  const isTold = event.type === 'DAMAGE' && event.progress !== undefined
  if (context.state === 'dormant') {
    const occurrence = context.occurrence + 1
    return isTold ? { severity, occurrence } : { severity, occurrence, progress: 0, onset: event.time }
  }
  if (isTold || context.onset !== null) return { severity }
  const progress = Math.min(nearlyFailed, context.progress)
  return { severity, progress, onset: event.time - progress * usualDuration(context.pattern) }
}

function viewOf(context: FaultContext): FaultView {
  const { time: _time, onset: _onset, damage: _damage, ...view } = context
  return view
}

/** What everybody may know of a fault; its hidden damage is not part of it. */
export function publicView({ context }: { readonly context: FaultContext }): FaultView {
  return viewOf(context)
}
