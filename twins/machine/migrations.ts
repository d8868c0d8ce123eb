import type { Snapshot } from 'xstate'
import { MachineError } from './config.js'
import { freshContext } from './machine.context.js'
import { packmlStateOf } from './machine.machine.js'

interface Persisted {
  readonly value: unknown
  readonly context: Readonly<Record<string, unknown>>
}

function isPersisted(snapshot: unknown): snapshot is Snapshot<unknown> & Persisted {
  const { value, context } = snapshot as Partial<Persisted>
  return value !== undefined && typeof context === 'object' && context !== null
}

/** The newest of the times that version 1 kept; null where the twin had never been told anything. */
function newestOf(context: Readonly<Record<string, unknown>>): number | null {
  const times = [context.since, context.stateTime, context.modeTime].map(Number)
  const newest = Math.max(...times)
  return newest > 0 ? newest : null
}

/**
 * Brings persisted snapshots of older versions to the next one, by the version they have. Version 1 knew state and mode
 * only: its counters and cumulative times begin with the newest time it had seen. Throws a MachineError for what is no
 * snapshot of a machine.
 */
export const machineMigrations: Readonly<Record<number, (snapshot: Snapshot<unknown>) => Snapshot<unknown>>> =
  {
    1: snapshot => {
      if (!isPersisted(snapshot)) {
        throw new MachineError('snapshot', 'The snapshot has no state and context. Start the twin afresh.')
      }
      const newest = newestOf(snapshot.context)
      const context = {
        ...freshContext(),
        ...snapshot.context,
        state: packmlStateOf(snapshot.value),
        newest,
        bookedTo: newest,
      }
      const migrated: Snapshot<unknown> & Persisted = { ...snapshot, context }
      return migrated
    },
  }
