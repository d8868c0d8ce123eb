import type { StateChange } from '../../schema/records.js'

/** What a machine does of which nobody knows what it does. */
export const unknownState = {
  state: 'Undefined',
  mode: '',
  reason: 'none',
  sourceState: '',
  observed: false,
} as const satisfies Omit<StateChange, 'machine' | 'time'>
