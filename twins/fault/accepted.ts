import type { SnapshotFrom } from 'xstate'
import { acceptedOf } from '../accepted.js'
import { checkFaultEvent, type FaultEvent } from './fault.events.js'
import type { faultMachine } from './fault.machine.js'

/** What the twin would take now, by event type: of a simulated machine its damage, of a real one what sensors say. */
export function acceptedBy(snapshot: SnapshotFrom<typeof faultMachine>): string[] {
  const { context } = snapshot
  const { time, pattern, damage } = context
  const work = { time, who: 'anybody', comment: '' }
  const evidence = { severity: 0.5, rule: '', signals: [], confidence: 1, growth: 'steady' } as const
  const events: readonly FaultEvent[] = [
    { type: 'DAMAGE', time, damage },
    { type: 'EVIDENCE', time, pattern, level: 'warning', ...evidence },
    { type: 'BREAKDOWN', time },
    { type: 'REPAIR_STARTED', ...work },
    { type: 'REPAIR_ENDED', ...work, kind: 'perfect', keeps: null },
    { type: 'RESTARTED', time },
  ]
  return acceptedOf(
    snapshot,
    events.filter(event => checkFaultEvent(event, context) === undefined),
  )
}
