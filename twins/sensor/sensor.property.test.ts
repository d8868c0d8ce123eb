import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createActor, type Snapshot } from 'xstate'
import { Quality } from '../../schema/quality.js'
import type { Limits } from '../../schema/sensor-state.js'
import { propertyRuns } from '../proof/runs.js'
import { compileLimits } from './level.js'
import { anyEvents, anyLimits } from './sensor.arbitrary.js'
import { checkSensorEvent } from './sensor.events.js'
import { sensorMachine } from './sensor.machine.js'
import { walkClassified, walkSensor } from './sensor.walk.js'

function start(limits: Limits, snapshot?: Snapshot<unknown>) {
  const actor = createActor(sensorMachine, { input: { limits: compileLimits(limits) }, snapshot })
  const moves: { to: string; time: number }[] = []
  actor.on('level.changed', ({ to, time }) => moves.push({ to, time }))
  return { actor: actor.start(), moves }
}
const runs = { numRuns: propertyRuns }

describe('properties of the sensor twin', () => {
  it('does what the model does, and moves its level at the same times', () => {
    fc.assert(
      fc.property(anyLimits, anyEvents, (limits, events) => {
        walkSensor(limits, events)
      }),
      runs,
    )
  })

  it('with the classifier before it ends where it would have ended on every sample', () => {
    fc.assert(
      fc.property(anyLimits, anyEvents, (limits, events) => {
        walkClassified(limits, events)
      }),
      runs,
    )
  })

  it('restored from JSON in the middle of anything goes on as if nothing had happened', () => {
    fc.assert(
      fc.property(anyLimits, anyEvents, fc.nat(59), (limits, events, cut) => {
        const whole = start(limits)
        const before = start(limits)
        for (const event of events.slice(0, cut)) before.actor.send(event)
        const persisted = JSON.parse(JSON.stringify(before.actor.getPersistedSnapshot()))
        const after = start(limits, persisted)
        expect(JSON.parse(JSON.stringify(after.actor.getPersistedSnapshot()))).toEqual(persisted)
        for (const event of events) whole.actor.send(event)
        for (const event of events.slice(cut)) after.actor.send(event)
        expect(after.actor.getPersistedSnapshot()).toEqual(whole.actor.getPersistedSnapshot())
        expect([...before.moves, ...after.moves]).toEqual(whole.moves)
      }),
      runs,
    )
  })

  it('never moves its level by a bad value or by the link', () => {
    fc.assert(
      fc.property(anyLimits, anyEvents, (limits, events) => {
        const chart = start(limits)
        for (const event of events) {
          const isBad =
            event.type === 'SAMPLE'
              ? event.quality === Quality.bad || !Number.isFinite(event.value)
              : event.type !== 'TICK'
          // What was due before belongs to the time before.
          if (isBad && event.type === 'SAMPLE') chart.actor.send({ type: 'TICK', time: event.time })
          const { level } = chart.actor.getSnapshot().value
          chart.actor.send(event)
          if (isBad) expect(chart.actor.getSnapshot().value.level).toBe(level)
        }
      }),
      runs,
    )
  })

  it('checks any input without throwing, and calls only what it cannot take a problem', () => {
    fc.assert(
      fc.property(fc.anything(), event => {
        expect(checkSensorEvent(event, start({}).actor.getSnapshot().context)).toBeDefined()
      }),
      runs,
    )
  })
})
