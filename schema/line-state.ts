/** What a line does as a whole; numbers are wire format: append, never reorder. */
export const lineStates = ['unknown', 'running', 'slowed', 'blocked', 'starved', 'down', 'no-demand'] as const
export type LineState = (typeof lineStates)[number]

/** Why a machine holds its line back. */
export type ConstraintCause = 'stopped' | 'slow' | 'blocked-outside' | 'starved-outside' | 'idle'
