import { assign, emit, setup } from 'xstate'
import { type PackmlState, packmlStates, type SuspendReason, type UnitMode } from '../../schema/packml.js'

/** Raise when the chart changes in a way that an older snapshot cannot be restored into. */
export const machineDefinition = { id: 'machine', version: 1 } as const

export type MachineEvent =
  /** The source says so: from any state to any. `time` is event time, Unix ms; older than `since` = ignored. */
  | {
      readonly type: 'OBSERVED'
      readonly state: PackmlState
      readonly reason: SuspendReason
      /** The source's own word; empty where nobody said it. */
      readonly sourceState: string
      readonly time: number
    }
  | { readonly type: 'MODE_OBSERVED'; readonly mode: UnitMode; readonly time: number }
  /** The source begins anew, perhaps with another day: what it says next is taken whatever its time. */
  | { readonly type: 'SOURCE_FOUND'; readonly time: number }

export type MachineEmitted =
  | {
      readonly type: 'state.changed'
      readonly time: number
      readonly to: PackmlState
      readonly reason: SuspendReason
    }
  | { readonly type: 'mode.changed'; readonly time: number; readonly to: UnitMode }

export interface MachineContext {
  /** In the present state and reason since, Unix ms; 0 = never observed. */
  readonly since: number
  readonly mode: UnitMode
  readonly reason: SuspendReason
  readonly sourceState: string
  /** Observations older than these are late: true of the past, not of now. */
  readonly stateTime: number
  readonly modeTime: number
}

/**
 * A machine twin: the seventeen PackML states (ANSI/ISA-TR88.00.02-2022), nested as OPC 30050 nests them. A machine
 * that is only watched jumps, because nobody polls fast enough to see every acting state.
 */
export const machineMachine = setup({
  types: {
    context: {} as MachineContext,
    events: {} as MachineEvent,
    emitted: {} as MachineEmitted,
  },
  guards: {
    isObserved: ({ context, event }, params: { state: PackmlState }) =>
      event.type === 'OBSERVED' && event.state === params.state && event.time >= context.stateTime,
    isNothingNew: ({ context, event }, params: { state: PackmlState }) =>
      event.type === 'OBSERVED' &&
      event.state === params.state &&
      event.time >= context.stateTime &&
      event.reason === context.reason &&
      event.sourceState === context.sourceState,
    isModeTimely: ({ context, event }) => event.type === 'MODE_OBSERVED' && event.time >= context.modeTime,
  },
  actions: {
    rememberObservation: assign(({ event }) => (event.type === 'OBSERVED' ? { stateTime: event.time } : {})),
    enterState: assign(({ event }) =>
      event.type === 'OBSERVED'
        ? { since: event.time, reason: event.reason, sourceState: event.sourceState, stateTime: event.time }
        : {},
    ),
    announceState: emit(({ event }, params: { to: PackmlState }) => ({
      type: 'state.changed' as const,
      time: event.time,
      to: params.to,
      reason: event.type === 'OBSERVED' ? event.reason : ('none' as const),
    })),
    changeMode: assign(({ event }) =>
      event.type === 'MODE_OBSERVED' ? { mode: event.mode, modeTime: event.time } : {},
    ),
    announceMode: emit(({ event }) => ({
      type: 'mode.changed' as const,
      time: event.time,
      to: event.type === 'MODE_OBSERVED' ? event.mode : ('Invalid' as const),
    })),
    forgetTimes: assign({ stateTime: 0, modeTime: 0 }),
  },
}).createMachine({
  id: 'machine',
  context: { since: 0, mode: 'Production', reason: 'none', sourceState: '', stateTime: 0, modeTime: 0 },
  initial: 'Undefined',
  states: {
    Undefined: { id: 'Undefined', on: observed('Undefined') },
    Aborting: { id: 'Aborting', on: observed('Aborting') },
    Aborted: { id: 'Aborted', on: observed('Aborted') },
    Cleared: {
      initial: 'Stopped',
      states: {
        Clearing: { id: 'Clearing', on: observed('Clearing') },
        Stopped: { id: 'Stopped', on: observed('Stopped') },
        Stopping: { id: 'Stopping', on: observed('Stopping') },
        Running: {
          initial: 'Idle',
          states: {
            Resetting: { id: 'Resetting', on: observed('Resetting') },
            Idle: { id: 'Idle', on: observed('Idle') },
            Starting: { id: 'Starting', on: observed('Starting') },
            Execute: { id: 'Execute', on: observed('Execute') },
            Completing: { id: 'Completing', on: observed('Completing') },
            Complete: { id: 'Complete', on: observed('Complete') },
            Holding: { id: 'Holding', on: observed('Holding') },
            Held: { id: 'Held', on: observed('Held') },
            Unholding: { id: 'Unholding', on: observed('Unholding') },
            Suspending: { id: 'Suspending', on: observed('Suspending') },
            Suspended: { id: 'Suspended', on: observed('Suspended') },
            Unsuspending: { id: 'Unsuspending', on: observed('Unsuspending') },
          },
        },
      },
    },
  },
  on: {
    OBSERVED: packmlStates.map(jumpTo),
    MODE_OBSERVED: { guard: 'isModeTimely', actions: ['changeMode', 'announceMode'] },
    SOURCE_FOUND: { actions: 'forgetTimes' },
  },
})

/** The same state seen again: only the freshness of what we know, unless the reason or the source's word is new. */
function observed(state: PackmlState) {
  return {
    OBSERVED: [
      {
        guard: { type: 'isNothingNew' as const, params: { state } },
        actions: ['rememberObservation' as const],
      },
      {
        guard: { type: 'isObserved' as const, params: { state } },
        actions: ['enterState' as const, { type: 'announceState' as const, params: { to: state } }],
      },
    ],
  }
}

/** From wherever we are. */
function jumpTo(state: PackmlState) {
  return {
    guard: { type: 'isObserved' as const, params: { state } },
    target: `#${state}`,
    actions: ['enterState' as const, { type: 'announceState' as const, params: { to: state } }],
  }
}

/** The PackML state in a snapshot's nested value. */
export function packmlStateOf(value: unknown): PackmlState {
  let at = value
  while (typeof at === 'object' && at !== null) {
    const [name, inner] = Object.entries(at)[0] ?? []
    if (name === 'Cleared' || name === 'Running') at = inner
    else at = name
  }
  return packmlStates.find(state => state === at) ?? 'Undefined'
}
