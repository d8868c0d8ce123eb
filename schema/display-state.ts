import type { PackmlState, SuspendReason, UnitMode } from './packml.js'

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

/** The one table from PackML state, mode and reason to what is shown. */
export function displayState(state: PackmlState, mode: UnitMode, reason: SuspendReason): DisplayState {
  if (state === 'Undefined') return 'unknown'
  if (mode === 'Maintenance') return 'maintenance'
  if (state === 'Suspended' || state === 'Suspending' || state === 'Unsuspending') {
    if (reason === 'blocked') return 'blocked'
    if (reason === 'starved') return 'starved'
  }
  return byState[state]
}
