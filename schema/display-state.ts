import type { PackmlState, PlantMode, SuspendReason, UnitMode } from './packml.js'

/**
 * What a person sees of a machine, at a glance. The list is closed; each has a word, a glyph and a token in the
 * viewer, because colour alone never tells. The numbers travel in the stream: append, never reorder.
 */
export const displayStates = [
  'unknown',
  'running',
  'idle',
  'setup',
  'maintenance',
  'off-shift',
  'starved',
  'blocked',
  'down',
] as const
export type DisplayState = (typeof displayStates)[number]
export const displayNumber = Object.fromEntries(
  displayStates.map((name, number) => [name, number]),
) as Readonly<Record<DisplayState, number>>

const byState: Readonly<Record<PackmlState, DisplayState>> = {
  Undefined: 'unknown',
  Clearing: 'down',
  Stopped: 'idle',
  Starting: 'setup',
  Idle: 'idle',
  Suspended: 'idle',
  Execute: 'running',
  Stopping: 'idle',
  Aborting: 'down',
  Aborted: 'down',
  Holding: 'down',
  Held: 'down',
  Unholding: 'setup',
  Suspending: 'idle',
  Unsuspending: 'idle',
  Resetting: 'setup',
  Completing: 'running',
  Complete: 'idle',
}

/** Modes in which nobody expects parts, whatever the state. */
const byMode: Readonly<Partial<Record<UnitMode | PlantMode, DisplayState>>> = { Maintenance: 'maintenance' }

const byReason: Readonly<Record<SuspendReason, DisplayState>> = {
  none: 'idle',
  blocked: 'blocked',
  starved: 'starved',
}

/** While a machine is suspended, or on its way there or back, the reason says more than the state. */
const suspendBranch: readonly PackmlState[] = ['Suspending', 'Suspended', 'Unsuspending']

/**
 * The one table from PackML state, mode and reason to what is shown: unknown goes first, since a mode is not to be
 * believed either where the state is not known; then the mode, the reason, the state. `off-shift` comes from the
 * calendar, never from the machine.
 */
export function displayState(
  state: PackmlState,
  mode: UnitMode | PlantMode,
  reason: SuspendReason,
): DisplayState {
  if (state === 'Undefined') return 'unknown'
  return byMode[mode] ?? (suspendBranch.includes(state) ? byReason[reason] : byState[state])
}
