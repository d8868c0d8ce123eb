import type { Mode } from '../../schema/machine-config.js'
import {
  isMode,
  type PackmlState,
  packmlStates,
  type SuspendReason,
  suspendReasons,
} from '../../schema/packml.js'
import { shown, type TwinProblem } from '../twin-problem.js'
import type { CountedBy } from './counter.js'
import type { MachineContext } from './machine.context.js'
import { type Command, commands, type Move, movesByPriority } from './rules.js'

export const counterNames = ['processed', 'defective'] as const
/** PackTags Admin.ProdProcessedCount (all parts, good and bad) and Admin.ProdDefectiveCount. */
export type CounterName = (typeof counterNames)[number]

/** Every event carries the time of what happened, Unix ms. */
export type MachineEvent =
  /** A watched machine, seen in a state: from any state to any. Older than the last observation = late, ignored. */
  | {
      readonly type: 'OBSERVED'
      readonly state: PackmlState
      readonly reason: SuspendReason
      /** The source's own word; empty where nobody said it. */
      readonly sourceState: string
      readonly time: number
    }
  | { readonly type: 'MODE_OBSERVED'; readonly mode: Mode; readonly time: number }
  /**
   * The source begins anew: what it says next is taken whatever its time. `hasOwnClock`: it brings the floor's time,
   * perhaps of another day, so that cumulative times go on from its next event.
   */
  | { readonly type: 'SOURCE_FOUND'; readonly time: number; readonly hasOwnClock?: boolean }
  /** A command to a simulated machine, or its state being complete (SC); taken only where it is legal. */
  | ({ readonly type: Move } & MoveCause)
  /** All that is asked in one scan of the controller; the first legal one by priority is taken, the rest is void. */
  | ({
      readonly type: 'SCAN'
      readonly commands: readonly Command[]
      readonly stateComplete: boolean
    } & MoveCause)
  /** A command to change the mode (PackTag Command.UnitMode); taken only where the standard allows it. */
  | { readonly type: 'SET_MODE'; readonly mode: Mode; readonly time: number }
  /** Blocked or starved (PackTag Status.EquipmentInterlock) while suspended. */
  | { readonly type: 'INTERLOCK'; readonly reason: SuspendReason; readonly time: number }
  /** Why the machine stops (PackTag Admin.StopReason), as a code of the plant's; the first since it last ran counts. */
  | { readonly type: 'STOP_REASON'; readonly stopReason: string; readonly time: number }
  /** What a cumulative counter of the source shows now. */
  | {
      readonly type: 'COUNTED'
      readonly counter: CounterName
      readonly reading: number
      readonly time: number
      /**
       * Parts that can have been made since the last reading; more are none. Left out: any number, but of a link that
       * began anew, whose counter fell, none.
       */
      readonly most?: number
    }

type MoveCause = {
  readonly time: number
  /** Why it suspends; kept while it is suspended. */
  readonly reason?: SuspendReason
  /** Why it stops, as STOP_REASON says it. */
  readonly stopReason?: string
}

/** What the twin tells its surroundings. */
export type MachineEmitted =
  | {
      readonly type: 'state.changed'
      readonly time: number
      readonly to: PackmlState
      readonly reason: SuspendReason
    }
  /** Nobody saw it, but between the state before and the one that follows at this time it must have been here. */
  | { readonly type: 'state.inferred'; readonly time: number; readonly state: PackmlState }
  | { readonly type: 'reason.changed'; readonly time: number; readonly to: SuspendReason }
  | { readonly type: 'mode.changed'; readonly time: number; readonly to: Mode }
  | { readonly type: 'stop.reason'; readonly time: number; readonly stopReason: string }
  | {
      readonly type: 'parts.counted'
      readonly time: number
      readonly counter: CounterName
      readonly by: number
      readonly total: number
      readonly cause: Exclude<CountedBy, 'leap'>
    }
  /** A counter went on by more than can have been made; nothing is counted. */
  | {
      readonly type: 'counter.leapt'
      readonly time: number
      readonly counter: CounterName
      readonly reading: number
    }

type Fields = Readonly<Record<string, unknown>>

const isOneOf = (list: readonly string[], value: unknown): boolean =>
  typeof value === 'string' && list.includes(value)
const isReason = (value: unknown): boolean => value === undefined || isOneOf(suspendReasons, value)
const isText = (value: unknown): boolean => value === undefined || typeof value === 'string'

/** What is wrong with the fields of an event of a known kind, besides its time. */
const wrongField: Readonly<Record<MachineEvent['type'], (event: Fields) => string | undefined>> = {
  OBSERVED: ({ state, reason, sourceState }) => {
    if (!isOneOf(packmlStates, state)) return `state ${show(state)} is not a PackML state`
    if (!isOneOf(suspendReasons, reason)) return `reason ${show(reason)} is not none, blocked or starved`
    return typeof sourceState === 'string' ? undefined : `sourceState ${show(sourceState)} is not a text`
  },
  MODE_OBSERVED: wrongMode,
  SET_MODE: wrongMode,
  SOURCE_FOUND: ({ hasOwnClock }) =>
    hasOwnClock === undefined || typeof hasOwnClock === 'boolean'
      ? undefined
      : `hasOwnClock ${show(hasOwnClock)} is neither true nor false`,
  SCAN: event => {
    const asked = event.commands
    if (!Array.isArray(asked)) return `commands ${show(asked)} is not a list`
    const unknown: unknown = asked.find(command => !isOneOf(commands, command))
    if (unknown !== undefined) return `${show(unknown)} is not a PackML command`
    if (typeof event.stateComplete !== 'boolean') {
      return `stateComplete ${show(event.stateComplete)} is neither true nor false`
    }
    return wrongCause(event)
  },
  INTERLOCK: ({ reason }) =>
    isOneOf(suspendReasons, reason) ? undefined : `reason ${show(reason)} is not none, blocked or starved`,
  STOP_REASON: ({ stopReason }) =>
    typeof stopReason === 'string' && stopReason !== '' ? undefined : 'stopReason is not a word',
  COUNTED: ({ counter, reading, most }) => {
    if (!isOneOf(counterNames, counter)) return `counter ${show(counter)} is not processed or defective`
    if (typeof reading !== 'number') return `reading ${show(reading)} is not a number`
    if (reading < 0) return `reading ${reading} is below 0`
    if (most !== undefined && !(typeof most === 'number' && most >= 0))
      return `most ${show(most)} is no number of parts`
    return Number.isInteger(reading) ? undefined : `reading ${reading} is not a whole number of parts`
  },
  ...(Object.fromEntries(movesByPriority.map(move => [move, wrongCause])) as Record<Move, typeof wrongCause>),
}

function wrongMode({ mode }: Fields): string | undefined {
  return isMode(mode) ? undefined : `mode ${show(mode)} is not a unit mode`
}

function wrongCause({ reason, stopReason }: Fields): string | undefined {
  if (!isReason(reason)) return `reason ${show(reason)} is not none, blocked or starved`
  return isText(stopReason) ? undefined : `stopReason ${show(stopReason)} is not a text`
}

const show = (value: unknown): string => (typeof value === 'string' ? `"${value}"` : shown(value))

/** The earliest time at which an event of this kind is not late. */
function earliest(event: Fields, context: MachineContext): number {
  switch (event.type) {
    case 'OBSERVED':
      return context.stateTime
    case 'MODE_OBSERVED':
      return context.modeTime
    case 'COUNTED':
      return context[event.counter as CounterName].time
    case 'STOP_REASON':
      return context.runSince
    case 'SOURCE_FOUND':
      return Number.NEGATIVE_INFINITY
    default:
      return context.newest ?? Number.NEGATIVE_INFINITY
  }
}

/**
 * Why the machine twin cannot take `event`, or undefined. An observation may be older than the newest event of another
 * kind, since state, mode and counters are signals of their own; a command may not.
 */
export function checkMachineEvent(event: unknown, context: MachineContext): TwinProblem | undefined {
  if (typeof event !== 'object' || event === null) {
    return { code: 'unknown-event', detail: 'An event must be an object with a type and a time.' }
  }
  const fields = event as Fields
  const { type, time } = fields
  if (typeof type !== 'string' || !Object.hasOwn(wrongField, type)) {
    return { code: 'unknown-event', detail: `A machine twin knows no event ${show(type)}.` }
  }
  if (typeof time !== 'number')
    return { code: 'bad-payload', detail: `${type}: time ${show(time)} is not a number.` }
  if (!Number.isFinite(time))
    return { code: 'not-a-number', detail: `${type}: time is ${time}, not a moment.` }
  if (typeof fields.reading === 'number' && !Number.isFinite(fields.reading)) {
    return { code: 'not-a-number', detail: `${type}: reading is ${fields.reading}, not a count.` }
  }
  const wrong = wrongField[type as MachineEvent['type']](fields)
  if (wrong !== undefined) return { code: 'bad-payload', detail: `${type}: ${wrong}.` }
  const limit = earliest(fields, context)
  if (time < limit) {
    return { code: 'time-backwards', detail: `${type}: time ${time} lies before ${limit}, already reached.` }
  }
  return undefined
}
