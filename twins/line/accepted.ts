import type { SnapshotFrom } from 'xstate'
import { acceptedOf } from '../accepted.js'
import type { LineEvent } from './line.events.js'
import type { lineMachine } from './line.machine.js'

/** What the twin would take now, by event type. */
export function acceptedBy(snapshot: SnapshotFrom<typeof lineMachine>): string[] {
  const { machines, seen } = snapshot.context
  const events = machines.flatMap(({ id }): LineEvent[] => {
    const time = seen[id]?.toldAt ?? 0
    const shown = { display: 'running', reason: '', cycleTime: null } as const
    return [
      { type: 'MACHINE_STATE', machine: id, time, ...shown },
      { type: 'SOURCE_FOUND', machine: id, time },
    ]
  })
  return acceptedOf(snapshot, events)
}
