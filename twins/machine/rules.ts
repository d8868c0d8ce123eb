import type { MachineConfig, Mode } from '../../schema/machine-config.js'
import type { PackmlState } from '../../schema/packml.js'
import { isEnabled } from './config.js'

/** The commands of TR88.00.02-2022 (PackTag Command.CntrlCmd) in the order of their numbers, 1 to 10. */
export const commands = [
  'RESET',
  'START',
  'STOP',
  'HOLD',
  'UNHOLD',
  'SUSPEND',
  'UNSUSPEND',
  'ABORT',
  'CLEAR',
  'COMPLETE',
] as const
export type Command = (typeof commands)[number]

/** What moves a machine: a command, or its state being complete (SC). */
export type Move = Command | 'STATE_COMPLETE'

/**
 * Which of several moves asked for in one scan is taken: the first that is legal. Abort over Stop over what belongs to
 * the state over SC (TR88.00.02-2022); among a state's own, what interrupts goes before what goes on.
 */
export const movesByPriority: readonly Move[] = [
  'ABORT',
  'STOP',
  'HOLD',
  'SUSPEND',
  'COMPLETE',
  'UNHOLD',
  'UNSUSPEND',
  'START',
  'RESET',
  'CLEAR',
  'STATE_COMPLETE',
]

type Row = Partial<Record<Move, PackmlState>>

/** The transition table of TR88.00.02-2022, but Abort, Stop and Hold, which many states share. */
const rows: Readonly<Record<PackmlState, Row>> = {
  Undefined: {},
  Aborting: { STATE_COMPLETE: 'Aborted' },
  Aborted: { CLEAR: 'Clearing' },
  Clearing: { STATE_COMPLETE: 'Stopped' },
  Stopping: { STATE_COMPLETE: 'Stopped' },
  Stopped: { RESET: 'Resetting' },
  Resetting: { STATE_COMPLETE: 'Idle' },
  Idle: { START: 'Starting' },
  Starting: { STATE_COMPLETE: 'Execute' },
  Execute: { SUSPEND: 'Suspending', COMPLETE: 'Completing' },
  Suspending: { STATE_COMPLETE: 'Suspended' },
  Suspended: { UNSUSPEND: 'Unsuspending', COMPLETE: 'Completing' },
  Unsuspending: { STATE_COMPLETE: 'Execute' },
  Holding: { STATE_COMPLETE: 'Held' },
  Held: { UNHOLD: 'Unholding', COMPLETE: 'Completing' },
  Unholding: { STATE_COMPLETE: 'Execute' },
  Completing: { STATE_COMPLETE: 'Complete' },
  Complete: { RESET: 'Resetting' },
}

const neverAborted: readonly PackmlState[] = ['Undefined', 'Aborting', 'Aborted']
const neverStopped: readonly PackmlState[] = [...neverAborted, 'Clearing', 'Stopping', 'Stopped']

function targetOf(config: MachineConfig, state: PackmlState, move: Move): PackmlState | undefined {
  if (move === 'ABORT') return neverAborted.includes(state) ? undefined : 'Aborting'
  if (move === 'STOP') return neverStopped.includes(state) ? undefined : 'Stopping'
  if (move === 'HOLD') return config.holdFrom.includes(state) ? 'Holding' : undefined
  if (move === 'STATE_COMPLETE' && state === 'Execute')
    return config.executeCompletes ? 'Completing' : undefined
  return rows[state][move]
}

/**
 * Where `move` leads from `state`, undefined where it is not legal. An acting state that the mode does without is
 * skipped; a branch whose end the mode does without is closed.
 */
export function nextState(
  config: MachineConfig,
  mode: Mode,
  state: PackmlState,
  move: Move,
): PackmlState | undefined {
  const target = targetOf(config, state, move)
  if (target === undefined) return undefined
  const end = rows[target].STATE_COMPLETE ?? target
  if (!isEnabled(config, mode, end)) return undefined
  return isEnabled(config, mode, target) ? target : end
}

/** The move that is taken of those asked for together; undefined where none is legal now. */
export function firstLegal(
  config: MachineConfig,
  mode: Mode,
  state: PackmlState,
  asked: readonly Move[],
): Move | undefined {
  return movesByPriority.find(
    move => asked.includes(move) && nextState(config, mode, state, move) !== undefined,
  )
}

/** A path goes the way of normal production where it can: the state's own moves first, Stop and Abort last. */
const movesByCalm: readonly Move[] = [
  ...movesByPriority.filter(move => move !== 'ABORT' && move !== 'STOP'),
  'STOP',
  'ABORT',
]

/**
 * The states between `from` and `to` on the shortest legal path: what a machine must have passed that was seen in the
 * one and then in the other. Empty where either is Undefined, or where no legal path leads.
 */
export function statesBetween(
  config: MachineConfig,
  mode: Mode,
  from: PackmlState,
  to: PackmlState,
): readonly PackmlState[] {
  if (from === to || from === 'Undefined' || to === 'Undefined') return []
  const cameFrom = new Map<PackmlState, PackmlState>([[from, from]])
  const reached: PackmlState[] = [from]
  // Reached states are walked in the order they were found, so that the first path to a state is a shortest one.
  for (const state of reached) {
    for (const move of movesByCalm) {
      const next = nextState(config, mode, state, move)
      if (next === undefined || cameFrom.has(next)) continue
      cameFrom.set(next, state)
      reached.push(next)
    }
  }
  const path: PackmlState[] = []
  for (let at = cameFrom.get(to); at !== undefined && at !== from; at = cameFrom.get(at)) path.unshift(at)
  return path
}
