import type { SnapshotFrom } from 'xstate'
import { sensorHealths } from '../../schema/sensor-state.js'
import { acceptedOf } from '../accepted.js'
import type { SensorEvent } from './sensor.events.js'
import type { sensorMachine } from './sensor.machine.js'

/** What the twin would take now, by event type. */
export function acceptedBy(snapshot: SnapshotFrom<typeof sensorMachine>): string[] {
  const { context } = snapshot
  const time = Math.max(context.sampledAt, context.judgedAt, context.calibratedAt)
  const events: readonly SensorEvent[] = [
    { type: 'SAMPLE', value: 0, quality: 0, time },
    { type: 'TICK', time },
    { type: 'SILENT', time },
    { type: 'SOURCE_LOST', time },
    { type: 'SOURCE_FOUND', time },
    ...sensorHealths.map(condition => ({ type: 'HEALTH' as const, condition, score: 100, time })),
    { type: 'CALIBRATED', time },
  ]
  return acceptedOf(snapshot, events)
}
