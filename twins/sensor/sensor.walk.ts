import { expect } from 'vitest'
import { createActor } from 'xstate'
import { connections, type Limits, levels } from '../../schema/sensor-state.js'
import { walk } from '../proof/walk.js'
import { SensorClassifier } from './classifier.js'
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

function startSensor(limits: Limits) {
  const actor = createActor(sensorMachine, { input: { limits: compileLimits(limits) } })
  const moves: { to: string; time: number }[] = []
  actor.on('level.changed', ({ to, time }) => moves.push({ to, time }))
  return { actor: actor.start(), moves }
}

/** Leads two sensors through the same events, one behind the classifier; throws where they differ. */
export function walkClassified(limits: Limits, events: readonly SensorEvent[]): void {
  const every = startSensor(limits)
  const filtered = startSensor(limits)
  const classifier = new SensorClassifier(2)
  classifier.setLimits(1, limits)
  for (const event of events) {
    every.actor.send(event)
    if (isMoved(classifier, event)) filtered.actor.send(event)
    const { value } = filtered.actor.getSnapshot()
    expect(value).toEqual(every.actor.getSnapshot().value)
    expect([connections[classifier.connection(1)], levels[classifier.level(1)]]).toEqual([
      value.connection,
      value.level,
    ])
  }
  expect(filtered.moves).toEqual(every.moves)
  expect(filtered.actor.getSnapshot().context.level).toEqual(every.actor.getSnapshot().context.level)
}

function isMoved(classifier: SensorClassifier, event: SensorEvent): boolean {
  switch (event.type) {
    case 'SAMPLE':
      return classifier.isMovedBySample(1, event.value, event.quality, event.time)
    case 'TICK':
      return classifier.isMovedByTick(1, event.time)
    case 'SILENT':
      return classifier.isMovedBySilence(1)
    case 'SOURCE_LOST':
      return classifier.isMovedByLoss(1)
    case 'SOURCE_FOUND':
      return classifier.isMovedByFind(1)
    case 'HEALTH':
    case 'CALIBRATED':
      return true
  }
}
