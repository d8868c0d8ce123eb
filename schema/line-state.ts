/** What a line does as a whole; numbers are wire format: append, never reorder. */
export const lineStates = ['unknown', 'running', 'slowed', 'blocked', 'starved', 'down', 'no-demand'] as const
export type LineState = (typeof lineStates)[number]

/** Why a machine holds its line back. */
export const constraintCauses = ['stopped', 'slow', 'blocked-outside', 'starved-outside', 'idle'] as const
export type ConstraintCause = (typeof constraintCauses)[number]
