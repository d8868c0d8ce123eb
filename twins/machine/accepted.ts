import type { SnapshotFrom } from 'xstate'
import { configOf } from './machine.context.js'
import type { MachineEvent } from './machine.events.js'
import type { machineMachine } from './machine.machine.js'
import { movesByPriority } from './rules.js'

/**
 * What the twin would take now, by event type, a mode command with its mode: what OPC 30050 calls AvailableTransitions,
 * and the observations. Asks the statechart itself; for inspection, not for hot paths.
 */
export function acceptedBy(snapshot: SnapshotFrom<typeof machineMachine>): string[] {
  const { context } = snapshot
  const time = context.newest ?? 0
  const moves = movesByPriority.filter(type => snapshot.can({ type, time }))
  const modes = configOf(context)
    .modes.filter(({ mode }) => snapshot.can({ type: 'SET_MODE', mode, time }))
    .map(({ mode }) => `SET_MODE ${mode}`)
  const others: readonly MachineEvent[] = [
    { type: 'OBSERVED', state: 'Undefined', reason: 'none', sourceState: '', time },
    { type: 'MODE_OBSERVED', mode: 'Production', time },
    { type: 'STOP_REASON', stopReason: 'any', time },
    { type: 'COUNTED', counter: 'processed', reading: 0, time },
    { type: 'SCAN', commands: [], stateComplete: false, time },
    { type: 'SOURCE_FOUND', time },
  ]
  const isInterlocked = (['none', 'blocked', 'starved'] as const).some(reason =>
    snapshot.can({ type: 'INTERLOCK', reason, time }),
  )
  return [
    ...moves,
    ...modes,
    ...(isInterlocked ? ['INTERLOCK'] : []),
    ...others.filter(event => snapshot.can(event)).map(({ type }) => type),
  ]
}
