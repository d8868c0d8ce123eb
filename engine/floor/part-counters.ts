import type { Signal } from '../../schema/plant.js'
import { statusKindOf } from '../../twins/behaviour/status.js'
import type { CounterName } from '../../twins/machine/machine.events.js'

/**
 * Which of the machine twin's counters a signal feeds; undefined for all that does not count parts. A counter of good
 * parts feeds neither: TR88.00.02 counts all parts processed, and those defective.
 */
export function partCounterOf(signal: Signal): CounterName | undefined {
  if (signal.quantity !== 'counter' || signal.type !== 'number' || signal.unit !== 'parts') return undefined
  const kind = statusKindOf(signal)
  if (kind === 'produced') return 'processed'
  return kind === 'rejected' ? 'defective' : undefined
}
