import { assign, emit, enqueueActions, setup } from 'xstate'
import type { MachineConfig } from '../../schema/machine-config.js'
import { type PackmlState, packmlStates, type SuspendReason } from '../../schema/packml.js'
import { checkConfig, isEnabled } from './config.js'
import { added, freshCounter, read } from './counter.js'
import { book, bookTime, see } from './cumulative-time.js'
import { configOf, freshContext, type MachineContext } from './machine.context.js'
import type { MachineEmitted, MachineEvent } from './machine.events.js'
import { firstLegal, type Move, movesByPriority, statesBetween } from './rules.js'

/** Raise when the chart changes in a way that an older snapshot cannot be restored into; see `migrations`. */
export const machineDefinition = { id: 'machine', version: 2 } as const

/** The states in which a machine waits for something outside: only here it is blocked or starved by command. */
const suspendBranch: readonly PackmlState[] = ['Suspending', 'Suspended', 'Unsuspending']

/**
 * A machine twin: the seventeen PackML states (ANSI/ISA-TR88.00.02-2022), nested as OPC 30050 nests them. A simulated
 * machine is led by commands, which are taken where the standard allows them and void elsewhere. A machine that is
 * only watched jumps, because nobody polls fast enough to see every acting state. Throws a MachineError where the
 * configuration asks for what the standard forbids.
 */
export const machineMachine = setup({
  types: {
    context: {} as MachineContext,
    events: {} as MachineEvent,
    emitted: {} as MachineEmitted,
    input: {} as MachineConfig | undefined,
  },
  guards: {
    /** The present mode has all these states. */
    has: ({ context }, params: { states: readonly PackmlState[] }) =>
      params.states.every(state => isEnabled(configOf(context), context.mode, state)),
    isHoldable: ({ context }, params: { states: readonly PackmlState[] }) =>
      configOf(context).holdFrom.includes(context.state) &&
      params.states.every(state => isEnabled(configOf(context), context.mode, state)),
    executeCompletes: ({ context }, params: { states: readonly PackmlState[] }) =>
      configOf(context).executeCompletes &&
      params.states.every(state => isEnabled(configOf(context), context.mode, state)),
    isObserved: ({ context, event }, params: { state: PackmlState }) =>
      event.type === 'OBSERVED' && event.state === params.state && event.time >= context.stateTime,
    isNothingNew: ({ context, event }) =>
      event.type === 'OBSERVED' &&
      event.state === context.state &&
      event.time >= context.stateTime &&
      event.reason === context.reason &&
      event.sourceState === context.sourceState,
    isModeNew: ({ context, event }) =>
      event.type === 'MODE_OBSERVED' && event.time >= context.modeTime && event.mode !== context.mode,
    isSameMode: ({ context, event }) =>
      event.type === 'MODE_OBSERVED' && event.time >= context.modeTime && event.mode === context.mode,
    mayChangeMode: ({ context, event }) => {
      const config = configOf(context)
      return (
        event.type === 'SET_MODE' &&
        event.mode !== context.mode &&
        config.modeChangeIn.includes(context.state) &&
        config.modes.some(({ mode }) => mode === event.mode) &&
        isEnabled(config, context.mode, context.state) &&
        isEnabled(config, event.mode, context.state)
      )
    },
    isInterlockNew: ({ context, event }) =>
      event.type === 'INTERLOCK' && suspendBranch.includes(context.state) && event.reason !== context.reason,
    isFirstReason: ({ context, event }) =>
      event.type === 'STOP_REASON' && context.stopReason === '' && event.time >= context.runSince,
    isTimelyReading: ({ context, event }) =>
      event.type === 'COUNTED' && event.time >= context[event.counter].time,
  },
  actions: {
    rememberObservation: assign(({ context, event }) =>
      event.type === 'OBSERVED' ? { stateTime: event.time, ...see(context, event.time) } : {},
    ),
    /** Books the time in the state that is left, and tells what an observed machine must have passed since. */
    leave: enqueueActions(({ context, event, enqueue }, params: { state: PackmlState }) => {
      if (event.type === 'OBSERVED') {
        const passed = statesBetween(configOf(context), context.mode, params.state, event.state)
        for (const state of passed) enqueue.emit({ type: 'state.inferred', time: event.time, state })
      }
      enqueue.assign(book(context, event.time))
    }),
    /** The time of the book is that of the event, unless the book has seen later ones; see `book`. */
    enter: enqueueActions(({ context, event, enqueue }, params: { state: PackmlState }) => {
      // The first state of a fresh twin is nothing that happened.
      if (!('time' in event)) return
      const said = heardOn(context, event, params.state)
      enqueue.assign({ ...said, state: params.state })
      enqueue.emit({ type: 'state.changed', time: said.since, to: params.state, reason: said.reason })
    }),
    takeFirst: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== 'SCAN') return
      const asked: readonly Move[] = event.stateComplete
        ? [...event.commands, 'STATE_COMPLETE']
        : event.commands
      const first = firstLegal(configOf(context), context.mode, context.state, asked)
      const { time, reason, stopReason } = event
      if (first !== undefined) enqueue.raise({ type: first, time, reason, stopReason })
    }),
    rememberMode: assign(({ context, event }) => ({
      modeTime: event.time,
      ...see(context, event.time),
    })),
    bookMode: assign(({ context, event }) => book(context, event.time)),
    changeMode: assign(({ event }) => {
      if (event.type === 'MODE_OBSERVED') return { mode: event.mode, modeTime: event.time }
      return event.type === 'SET_MODE' ? { mode: event.mode, modeTime: event.time } : {}
    }),
    announceMode: emit(({ context, event }) => ({
      type: 'mode.changed' as const,
      time: event.time,
      to: context.mode,
    })),
    changeReason: assign(({ context, event }) =>
      event.type === 'INTERLOCK'
        ? { reason: event.reason, since: event.time, ...see(context, event.time) }
        : {},
    ),
    announceReason: emit(({ context, event }) => ({
      type: 'reason.changed' as const,
      time: event.time,
      to: context.reason,
    })),
    keepStopReason: assign(({ context, event }) =>
      event.type === 'STOP_REASON' ? { stopReason: event.stopReason, ...see(context, event.time) } : {},
    ),
    announceStopReason: emit(({ context, event }) => ({
      type: 'stop.reason' as const,
      time: event.time,
      stopReason: context.stopReason,
    })),
    count: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== 'COUNTED') return
      const { counter, reading, time, most } = event
      const width = configOf(context).counterWidth
      const before = context[counter]
      const after = read(before, reading, time, width, most)
      enqueue.assign({ [counter]: after, ...see(context, time) })
      const { by, cause } = added(before, reading, width, most)
      if (cause === 'leap') enqueue.emit({ type: 'counter.leapt', time, counter, reading })
      else if (by > 0 || cause !== 'count') {
        enqueue.emit({ type: 'parts.counted', time, counter, by, total: after.count, cause })
      }
    }),
    beginAnew: assign(({ context, event }) => ({
      ...book(context, event.time),
      ...(event.type === 'SOURCE_FOUND' && event.hasOwnClock === true && { newest: null, bookedTo: null }),
      stateTime: 0,
      modeTime: 0,
      processed: { ...context.processed, time: freshCounter.time },
      defective: { ...context.defective, time: freshCounter.time },
    })),
  },
}).createMachine({
  id: 'machine',
  context: ({ input }) => {
    if (input !== undefined) checkConfig(input)
    return freshContext(input)
  },
  initial: 'Undefined',
  states: {
    Undefined: state('Undefined'),
    Aborting: { ...state('Aborting'), on: { STATE_COMPLETE: '#Aborted' } },
    Aborted: { ...state('Aborted'), on: { CLEAR: through('Clearing', 'Stopped') } },
    Cleared: {
      initial: 'Stopped',
      on: { ABORT: through('Aborting', 'Aborted') },
      states: {
        Clearing: { ...state('Clearing'), on: { STATE_COMPLETE: '#Stopped' } },
        Stopped: { ...state('Stopped'), on: { RESET: through('Resetting', 'Idle') } },
        Stopping: { ...state('Stopping'), on: { STATE_COMPLETE: '#Stopped' } },
        Running: {
          initial: 'Idle',
          on: { STOP: through('Stopping', 'Stopped'), HOLD: into('Holding', 'Held', 'isHoldable') },
          states: {
            Resetting: { ...state('Resetting'), on: { STATE_COMPLETE: '#Idle' } },
            Idle: { ...state('Idle'), on: { START: through('Starting', 'Execute') } },
            Starting: { ...state('Starting'), on: { STATE_COMPLETE: '#Execute' } },
            Execute: {
              ...state('Execute'),
              on: {
                SUSPEND: into('Suspending', 'Suspended'),
                COMPLETE: into('Completing', 'Complete'),
                STATE_COMPLETE: into('Completing', 'Complete', 'executeCompletes'),
              },
            },
            Completing: { ...state('Completing'), on: { STATE_COMPLETE: to('Complete') } },
            Complete: { ...state('Complete'), on: { RESET: through('Resetting', 'Idle') } },
            Holding: { ...state('Holding'), on: { STATE_COMPLETE: to('Held') } },
            Held: {
              ...state('Held'),
              on: { UNHOLD: through('Unholding', 'Execute'), COMPLETE: into('Completing', 'Complete') },
            },
            Unholding: { ...state('Unholding'), on: { STATE_COMPLETE: '#Execute' } },
            Suspending: { ...state('Suspending'), on: { STATE_COMPLETE: to('Suspended') } },
            Suspended: {
              ...state('Suspended'),
              on: { UNSUSPEND: through('Unsuspending', 'Execute'), COMPLETE: into('Completing', 'Complete') },
            },
            Unsuspending: { ...state('Unsuspending'), on: { STATE_COMPLETE: '#Execute' } },
          },
        },
      },
    },
  },
  on: {
    SCAN: { actions: 'takeFirst' },
    OBSERVED: [{ guard: 'isNothingNew', actions: 'rememberObservation' }, ...packmlStates.map(jumpTo)],
    MODE_OBSERVED: [
      { guard: 'isSameMode', actions: 'rememberMode' },
      { guard: 'isModeNew', actions: ['bookMode', 'changeMode', 'announceMode'] },
    ],
    SET_MODE: { guard: 'mayChangeMode', actions: ['bookMode', 'changeMode', 'announceMode'] },
    INTERLOCK: { guard: 'isInterlockNew', actions: ['changeReason', 'announceReason'] },
    STOP_REASON: { guard: 'isFirstReason', actions: ['keepStopReason', 'announceStopReason'] },
    COUNTED: { guard: 'isTimelyReading', actions: 'count' },
    SOURCE_FOUND: { actions: 'beginAnew' },
  },
})

/** What every state does when it is entered and left. */
function state(name: PackmlState) {
  return {
    id: name,
    entry: { type: 'enter' as const, params: { state: name } },
    exit: { type: 'leave' as const, params: { state: name } },
  }
}

/** Through an acting state, or past it in a mode that does without, to one that every mode has. */
function through(acting: PackmlState, end: PackmlState) {
  return [
    { guard: { type: 'has' as const, params: { states: [acting] } }, target: `#${acting}` },
    { target: `#${end}` },
  ]
}

/** The same into a branch that a mode may do without: closed where its end is disabled. */
function into(
  acting: PackmlState,
  end: PackmlState,
  guard: 'has' | 'isHoldable' | 'executeCompletes' = 'has',
) {
  return [
    { guard: { type: guard, params: { states: [acting, end] } }, target: `#${acting}` },
    { guard: { type: guard, params: { states: [end] } }, target: `#${end}` },
  ]
}

/** To a waiting state that a mode may do without. */
function to(end: PackmlState) {
  return { guard: { type: 'has' as const, params: { states: [end] } }, target: `#${end}` }
}

/** From wherever we are, also from the state itself when the source has another word or reason for it. */
function jumpTo(name: PackmlState) {
  return {
    guard: { type: 'isObserved' as const, params: { state: name } },
    target: `#${name}`,
  }
}

/** What entering a state on an event makes of the context. */
function heardOn(context: MachineContext, event: MachineEvent, entered: PackmlState) {
  const at = bookTime(context, event.time)
  if (event.type === 'OBSERVED') {
    const { reason, sourceState, time } = event
    const isRun = entered === 'Execute' && context.state !== 'Execute'
    return {
      since: time,
      stateTime: time,
      reason,
      sourceState,
      ...(isRun && { runSince: time, stopReason: '' }),
    }
  }
  const asked = isMove(event) ? event : undefined
  const isRun = entered === 'Execute'
  const kept: SuspendReason = suspendBranch.includes(entered) ? (asked?.reason ?? context.reason) : 'none'
  return {
    since: at,
    stateTime: at,
    reason: kept,
    sourceState: '',
    ...(isRun
      ? { runSince: at, stopReason: '' }
      : { stopReason: context.stopReason === '' ? (asked?.stopReason ?? '') : context.stopReason }),
  }
}

function isMove(event: MachineEvent): event is MachineEvent & { readonly type: Move } {
  return (movesByPriority as readonly string[]).includes(event.type)
}

/** The PackML state in a snapshot's nested value. */
export function packmlStateOf(value: unknown): PackmlState {
  let at = value
  while (typeof at === 'object' && at !== null) {
    const [name, inner] = Object.entries(at)[0] ?? []
    if (name === 'Cleared' || name === 'Running') at = inner
    else at = name
  }
  return packmlStates.find(name => name === at) ?? 'Undefined'
}
