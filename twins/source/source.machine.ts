import { assign, emit, setup } from 'xstate'
import type { SourceState } from '../../schema/source-state.js'
import type { SourceTwinEvent } from './source.events.js'

/** Raise when the chart changes in a way that an older snapshot cannot be restored into. */
export const sourceDefinition = { id: 'source', version: 1 } as const

/** The link stands otherwise than before. */
export interface SourceEmitted {
  readonly type: 'link.changed'
  readonly time: number
  readonly to: SourceState
  /** Why it does not stand, or is silent; empty where nothing is wrong. */
  readonly reason: string
}

export interface SourceContext {
  /** In this state since, Unix ms. */
  readonly since: number
  /** Why the link does not stand, or is silent; empty where nothing is wrong. */
  readonly reason: string
  /** When it will be tried again, Unix ms; null unless it waits. */
  readonly retryAt: number | null
  /** Times that a link which stood was lost, since the engine started. */
  readonly losses: number
  /** Tries in a row that came to nothing; 0 once the link stands. */
  readonly failures: number
}

/**
 * The link to a source as a person is told of it. It only follows what the engine does: when to try again and how long
 * to be patient is decided in `engine/pipeline`.
 */
export const sourceMachine = setup({
  types: {
    context: {} as SourceContext,
    events: {} as SourceTwinEvent,
    emitted: {} as SourceEmitted,
  },
  actions: {
    rememberTime: assign(({ event }) => ({ since: event.time })),
    rememberReason: assign(({ event }) => ({ reason: 'reason' in event ? event.reason : '' })),
    rememberRetry: assign(({ event }) => ({ retryAt: 'retryAt' in event ? event.retryAt : null })),
    forgetReason: assign({ reason: '' }),
    forgetRetry: assign({ retryAt: null }),
    forgetFailures: assign({ failures: 0 }),
    countFailure: assign(({ context }) => ({ failures: context.failures + 1 })),
    countLoss: assign(({ context }) => ({ losses: context.losses + 1 })),
    announce: emit(({ context, event }, { to }: { to: SourceState }) => ({
      type: 'link.changed' as const,
      time: event.time,
      to,
      reason: context.reason,
    })),
  },
}).createMachine({
  id: 'source',
  context: { since: 0, reason: '', retryAt: null, losses: 0, failures: 0 },
  initial: 'stopped',
  states: {
    stopped: { on: { CONNECT: { target: 'connecting', actions: entering('connecting') } } },
    connecting: {
      on: {
        CONNECTED: {
          target: 'connected',
          actions: ['forgetReason', 'forgetFailures', ...entering('connected')],
        },
        LOST: {
          target: 'waiting',
          actions: ['rememberReason', 'rememberRetry', 'countFailure', ...entering('waiting')],
        },
        ENDED: { target: 'ended', actions: ['forgetReason', ...entering('ended')] },
        STOP: stopped('forgetReason', 'forgetFailures'),
      },
    },
    connected: {
      on: {
        SILENT: { target: 'degraded', actions: ['rememberReason', ...entering('degraded')] },
        INTERRUPTED: interrupted(),
        LOST: lost(),
        ENDED: { target: 'ended', actions: entering('ended') },
        STOP: stopped(),
      },
    },
    degraded: {
      on: {
        HEARD: { target: 'connected', actions: ['forgetReason', ...entering('connected')] },
        INTERRUPTED: interrupted(),
        LOST: lost(),
        ENDED: { target: 'ended', actions: ['forgetReason', ...entering('ended')] },
        STOP: stopped('forgetReason'),
      },
    },
    waiting: {
      on: {
        CONNECT: { target: 'connecting', actions: ['forgetRetry', ...entering('connecting')] },
        STOP: stopped('forgetReason', 'forgetRetry', 'forgetFailures'),
      },
    },
    ended: {
      on: {
        CONNECT: { target: 'connecting', actions: entering('connecting') },
        STOP: stopped('forgetFailures'),
      },
    },
  },
})

function entering(to: SourceState) {
  return ['rememberTime' as const, { type: 'announce' as const, params: { to } }]
}

/** A link that stood is lost, and its session brings it back. */
function interrupted() {
  const actions = ['rememberReason' as const, 'countLoss' as const]
  return { target: 'connecting' as const, actions: [...actions, ...entering('connecting')] }
}

/** A link that stood is lost, and made anew. */
function lost() {
  const actions = ['rememberReason' as const, 'rememberRetry' as const, 'countLoss' as const]
  return { target: 'waiting' as const, actions: [...actions, ...entering('waiting')] }
}

/** Nobody listens any more; whatever could be remembered in that state is forgotten. */
function stopped(...forget: readonly ('forgetReason' | 'forgetRetry' | 'forgetFailures')[]) {
  return { target: 'stopped' as const, actions: [...forget, ...entering('stopped')] }
}
