/** The state value of a twin's snapshot, whatever its statechart; undefined without one. */
export const stateValueOf = (snapshot: unknown): unknown =>
  (snapshot as { value?: unknown } | undefined)?.value

/** The states of a parallel statechart by region; empty where there are none. */
export function regionsOf(snapshot: unknown): Record<string, unknown> {
  const value = stateValueOf(snapshot)
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
