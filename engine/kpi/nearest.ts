const dayMs = 24 * 3_600_000
/** So far from a time is looked first, and then everywhere: what is polled is found at once, of the rest there is little. */
const spans = [dayMs, Number.POSITIVE_INFINITY]
/** DateTime64 begins and ends here. */
const earliest = Date.UTC(1900, 0)
export const latest = Date.UTC(2299, 11, 31)

/**
 * What lies next to a time, looked for nearby first, because of a signal that was polled for months all would be read
 * for its newest. `ask` gets Unix ms, `from` inclusive and `to` exclusive, in order of time.
 */
export async function nearest<Found>(
  time: number,
  side: 'before' | 'after',
  ask: (from: number, to: number) => Promise<Found | undefined>,
): Promise<Found | undefined> {
  let seen = 0
  for (const span of spans) {
    const found =
      side === 'before'
        ? await ask(Math.max(earliest, time - span), time - seen)
        : await ask(time + seen, Math.min(latest, time + span))
    if (found !== undefined) return found
    seen = span
  }
  return undefined
}
