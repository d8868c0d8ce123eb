import { describe, expect, it } from 'vitest'
import { type DisplayState, displayNumber, displayState, displayStates } from './display-state.js'
import { type PackmlState, packmlStates, suspendReasons, unitModes } from './packml.js'

/** State, and what is shown of it without a reason, blocked, and starved. */
const table: readonly (readonly [PackmlState, DisplayState, DisplayState, DisplayState])[] = [
  ['Undefined', 'unknown', 'unknown', 'unknown'],
  ['Clearing', 'down', 'down', 'down'],
  ['Stopped', 'idle', 'idle', 'idle'],
  ['Starting', 'setup', 'setup', 'setup'],
  ['Idle', 'idle', 'idle', 'idle'],
  ['Suspended', 'idle', 'blocked', 'starved'],
  ['Execute', 'running', 'running', 'running'],
  ['Stopping', 'idle', 'idle', 'idle'],
  ['Aborting', 'down', 'down', 'down'],
  ['Aborted', 'down', 'down', 'down'],
  ['Holding', 'down', 'down', 'down'],
  ['Held', 'down', 'down', 'down'],
  ['Unholding', 'setup', 'setup', 'setup'],
  ['Suspending', 'idle', 'blocked', 'starved'],
  ['Unsuspending', 'idle', 'blocked', 'starved'],
  ['Resetting', 'setup', 'setup', 'setup'],
  ['Completing', 'running', 'running', 'running'],
  ['Complete', 'idle', 'idle', 'idle'],
]

describe('what is shown of a machine', () => {
  it('has a row for every PackML state', () => {
    expect(table.map(([state]) => state)).toEqual([...packmlStates])
  })

  it.each(table)(
    'in %s is %s, blocked %s, starved %s; in maintenance that, unless nothing is known',
    (...row) => {
      const [state, ...shown] = row
      for (const [at, reason] of suspendReasons.entries()) {
        for (const mode of [...unitModes, 'Mode 4', 'Mode 31'] as const) {
          const isMaintained = mode === 'Maintenance' && state !== 'Undefined'
          expect(displayState(state, mode, reason)).toBe(isMaintained ? 'maintenance' : shown[at])
        }
      }
    },
  )

  it('has the numbers that the stream carries', () => {
    expect(displayNumber.unknown).toBe(0)
    expect(displayStates.map(state => displayNumber[state])).toEqual(displayStates.map((_, at) => at))
  })
})
