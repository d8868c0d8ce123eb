import { assign, emit, setup } from 'xstate'
import { type ConstraintCause, type LineState, lineStates } from '../../schema/line-state.js'
import {
  type Constraint,
  judgeLine,
  type LineMachine,
  type LineView,
  type MachineSeen,
} from './constraint.js'
import type { LineEvent } from './line.events.js'

/** Raise when the chart changes in a way that an older snapshot cannot be restored into. */
export const lineDefinition = { id: 'line', version: 1 } as const

/** The line does something else, or another machine holds it back, or for another reason. */
export interface LineEmitted {
  readonly type: 'line.changed'
  readonly time: number
  readonly to: LineState
  /** The constraining machine; null = none. */
  readonly machine: string | null
  readonly cause: ConstraintCause | null
  readonly reason: string
}

export interface LineInput {
  /** In the order of the flow. */
  readonly machines: readonly LineMachine[]
}

export interface LineContext extends LineInput {
  readonly seen: Readonly<Record<string, MachineSeen>>
  readonly constraint: Constraint | null
}

/**
 * A line twin: what the line does as a whole, and which machine holds it back. It hears what its machines show, and
 * judges anew each time; so it is always what judgeLine says of the machines' newest states, in whatever order those
 * of different machines came.
 */
export const lineMachine = setup({
  types: {
    context: {} as LineContext,
    events: {} as LineEvent,
    emitted: {} as LineEmitted,
    input: {} as LineInput,
  },
  guards: {
    leadsTo: ({ context, event }, params: { to: LineState }) =>
      viewAfter(context, event)?.state === params.to,
    isConstraintNew: ({ context, event }) => {
      const view = viewAfter(context, event)
      return view !== undefined && isOther(view.constraint, context.constraint)
    },
  },
  actions: {
    rememberMachine: assign(({ context, event }) => {
      const view = viewAfter(context, event)
      return view === undefined ? {} : { seen: seenAfter(context, event), constraint: view.constraint }
    }),
    announceLine: emit(({ context, event }, params: { to: LineState }) => ({
      type: 'line.changed' as const,
      time: event.time,
      to: params.to,
      machine: context.constraint?.machine ?? null,
      cause: context.constraint?.cause ?? null,
      reason: context.constraint?.reason ?? '',
    })),
    forgetTime: assign(({ context, event }) => {
      const seen = context.seen[event.machine]
      return seen === undefined ? {} : { seen: { ...context.seen, [event.machine]: { ...seen, toldAt: 0 } } }
    }),
  },
}).createMachine({
  id: 'line',
  context: ({ input }) => ({ machines: input.machines, seen: {}, constraint: null }),
  initial: 'unknown',
  states: {
    unknown: { on: { MACHINE_STATE: ways('unknown') } },
    running: { on: { MACHINE_STATE: ways('running') } },
    slowed: { on: { MACHINE_STATE: ways('slowed') } },
    blocked: { on: { MACHINE_STATE: ways('blocked') } },
    starved: { on: { MACHINE_STATE: ways('starved') } },
    down: { on: { MACHINE_STATE: ways('down') } },
    'no-demand': { on: { MACHINE_STATE: ways('no-demand') } },
  },
  on: { SOURCE_FOUND: { actions: 'forgetTime' } },
})

/** From one state to each of the others; or the same state, held back by another machine or for another reason. */
function ways(from: LineState) {
  const moves = lineStates
    .filter(to => to !== from)
    .map(to => ({
      guard: { type: 'leadsTo' as const, params: { to } },
      target: to,
      actions: ['rememberMachine' as const, { type: 'announceLine' as const, params: { to } }],
    }))
  const again = {
    guard: 'isConstraintNew' as const,
    actions: ['rememberMachine' as const, { type: 'announceLine' as const, params: { to: from } }],
  }
  // A line that runs, and one of which nothing is known, is held back by no machine.
  const isFree = from === 'running' || from === 'unknown'
  return [...moves, ...(isFree ? [] : [again]), { actions: 'rememberMachine' as const }]
}

/** What the machines show after this event. */
function seenAfter(context: LineContext, event: LineEvent): LineContext['seen'] {
  if (event.type !== 'MACHINE_STATE') return context.seen
  const { machine, display, reason, cycleTime, time } = event
  const before = context.seen[machine]
  const since = before?.display === display && before.toldAt > 0 ? before.since : time
  return { ...context.seen, [machine]: { display, reason, cycleTime, since, toldAt: time } }
}

/** What the guards and actions of one event ask for one after another: judged once. */
let newest:
  | { readonly context: LineContext; readonly event: LineEvent; readonly view: LineView | undefined }
  | undefined

/** The line after this event; undefined where the event is late, or not of this line's machines. */
function viewAfter(context: LineContext, event: LineEvent): LineView | undefined {
  if (newest?.context !== context || newest.event !== event)
    newest = { context, event, view: judgedAfter(context, event) }
  return newest.view
}

function judgedAfter(context: LineContext, event: LineEvent): LineView | undefined {
  if (event.type !== 'MACHINE_STATE') return undefined
  if (!context.machines.some(({ id }) => id === event.machine)) return undefined
  if (event.time < (context.seen[event.machine]?.toldAt ?? 0)) return undefined
  return judgeLine(context.machines, seenAfter(context, event))
}

function isOther(a: Constraint | null, b: Constraint | null): boolean {
  return a?.machine !== b?.machine || a?.cause !== b?.cause || a?.reason !== b?.reason
}
