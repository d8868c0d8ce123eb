import { SimulationError } from './simulation-error.js'

/** Clocks of those who ask may be off so far, and requests on their way so long, ms. */
const tolerance = 60_000
/** Furthest ahead that something can be planned, ms. */
const furthest = 366 * 86_400_000

/** When what is wanted for then begins, Unix ms by the floor's clock; missing: now. Throws SimulationError 'bad-start'. */
export function startOf(wanted: number | undefined, now: number): number {
  if (wanted === undefined) return now
  const instant = (time: number): string => new Date(time).toISOString()
  if (wanted < now - tolerance) {
    const message = `start ${instant(wanted)} is past: the floor's clock is at ${instant(now)}. Leave it out to begin now.`
    throw new SimulationError('bad-start', message)
  }
  if (wanted > now + furthest) {
    const message = `start ${instant(wanted)} is more than a year ahead: the floor's clock is at ${instant(now)}. Choose one before ${instant(now + furthest)}.`
    throw new SimulationError('bad-start', message)
  }
  return Math.max(now, wanted)
}
