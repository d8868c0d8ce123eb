/** How the link to a source stands. The place in the list is its number in the stream. */
export const sourceStates = ['stopped', 'connecting', 'connected', 'degraded', 'waiting', 'ended'] as const
export type SourceState = (typeof sourceStates)[number]
