import type { SnapshotFrom } from 'xstate'
import { acceptedOf } from '../accepted.js'
import type { SourceTwinEvent } from './source.events.js'
import type { sourceMachine } from './source.machine.js'

/** What the twin would take now, by event type. */
export function acceptedBy(snapshot: SnapshotFrom<typeof sourceMachine>): string[] {
  const time = snapshot.context.since
  const reason = ''
  const events: readonly SourceTwinEvent[] = [
    { type: 'CONNECT', time },
    { type: 'CONNECTED', time },
    { type: 'INTERRUPTED', reason, time },
    { type: 'HEARD', time },
    { type: 'SILENT', reason, time },
    { type: 'LOST', reason, retryAt: time, time },
    { type: 'ENDED', time },
    { type: 'STOP', time },
  ]
  return acceptedOf(snapshot, events)
}
