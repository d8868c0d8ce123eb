/** As long as a service is left alone at the most, ms: it may be back long before the end of what it asked for. */
const longestMs = 600_000

/** How long a service asks to be left alone (RFC 9110, 10.2.3: seconds or a date), ms; undefined = it does not. */
export function retryAfterMs(said: string | undefined, now: number): number | undefined {
  if (said === undefined) return undefined
  const ms = /^\d+$/.test(said) ? Number(said) * 1000 : Date.parse(said) - now
  return ms > 0 ? Math.min(ms, longestMs) : undefined
}
