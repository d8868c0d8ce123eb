import { expect } from 'vitest'
import { createActor } from 'xstate'
import type { Limits } from '../../schema/sensor-state.js'
import { walk } from '../proof/walk.js'
import { compileLimits } from './level.js'
import type { SensorEvent } from './sensor.events.js'
import { sensorMachine } from './sensor.machine.js'
import { SensorModel } from './sensor.model.js'

/** Leads the sensor's chart and its model through the same events; throws where they differ. */
export function walkSensor(limits: Limits, events: readonly SensorEvent[], chart = sensorMachine): void {
  const actor = createActor(chart, { input: { limits: compileLimits(limits) } })
  const model = new SensorModel(limits)
  const moves: { to: string; time: number }[] = []
  actor.on('level.changed', ({ to, time }) => moves.push({ to, time }))
  actor.start()
  walk(events, { model, real: actor }, (model, actor, event) => {
    actor.send(event)
    model.take(event)
    const { value, context } = actor.getSnapshot()
    const { connection, quality, level, health, score, calibratedAt } = model
    expect(value).toEqual({ connection, quality, level, health })
    expect([context.score, context.calibratedAt]).toEqual([score, calibratedAt])
  })
  expect(moves).toEqual(model.moves)
}
