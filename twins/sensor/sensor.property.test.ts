import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createActor, type Snapshot } from 'xstate'
import { Quality } from '../../schema/quality.js'
import { connections, type Limits, levels, limitNames, sensorHealths } from '../../schema/sensor-state.js'
import { propertyRuns } from '../proof/runs.js'
import { walk } from '../proof/walk.js'
import { SensorClassifier } from './classifier.js'
import { compileLimits } from './level.js'
import { checkSensorEvent, type SensorEvent } from './sensor.events.js'
import { sensorMachine } from './sensor.machine.js'
import { SensorModel } from './sensor.model.js'

const delay = fc.constantFrom(undefined, 0, 5, 20, 60)
const anyLimits: fc.Arbitrary<Limits> = fc.record(
  {
    warningHigh: fc.constant(80),
    criticalHigh: fc.constant(100),
    warningLow: fc.constant(20),
    criticalLow: fc.constant(10),
    deadband: fc.constantFrom(0, 2, 15),
    onDelay: delay,
    offDelay: delay,
    delays: fc.record(
      Object.fromEntries(limitNames.map(name => [name, fc.record({ onDelay: delay, offDelay: delay })])),
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: [] },
)

const anyStep = fc.tuple(
  fc.oneof({ weight: 3, arbitrary: fc.nat(15) }, { weight: 1, arbitrary: fc.constantFrom(0, 5, 20, 60) }),
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        type: fc.constant('SAMPLE' as const),
        value: fc.oneof(
          fc.double({ min: 0, max: 120, noNaN: true }),
          fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, 5, 10, 12, 20, 22, 50, 78, 79, 80, 98, 100),
        ),
        quality: fc.constantFrom(Quality.good, Quality.good, Quality.good, Quality.uncertain, Quality.bad),
      }),
    },
    { weight: 3, arbitrary: fc.record({ type: fc.constant('TICK' as const), ahead: fc.nat(40) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        type: fc.constantFrom('SILENT' as const, 'SOURCE_LOST' as const, 'SOURCE_FOUND' as const),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        type: fc.constant('HEALTH' as const),
        condition: fc.constantFrom(...sensorHealths),
        score: fc.nat(100),
      }),
    },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('CALIBRATED' as const) }) },
  ),
)

/** Samples in order; a tick may run ahead of samples that are still on their way. */
const anyEvents: fc.Arbitrary<SensorEvent[]> = fc.array(anyStep, { maxLength: 60 }).map(steps => {
  let now = 1000
  return steps.map(([step, event]): SensorEvent => {
    now += step
    if (event.type !== 'TICK') return { ...event, time: now }
    return { type: 'TICK', time: now + event.ahead }
  })
})

function start(limits: Limits, snapshot?: Snapshot<unknown>) {
  const actor = createActor(sensorMachine, { input: { limits: compileLimits(limits) }, snapshot })
  const moves: { to: string; time: number }[] = []
  actor.on('level.changed', ({ to, time }) => moves.push({ to, time }))
  return { actor: actor.start(), moves }
}
const regions = ({ actor }: ReturnType<typeof start>) => actor.getSnapshot().value
const runs = { numRuns: propertyRuns }

describe('properties of the sensor twin', () => {
  it('does what the model does, and moves its level at the same times', () => {
    fc.assert(
      fc.property(anyLimits, anyEvents, (limits, events) => {
        const chart = start(limits)
        const model = new SensorModel(limits)
        walk(events, { model, real: chart }, (model, chart, event) => {
          chart.actor.send(event)
          model.take(event)
          const { connection, quality, level, health } = model
          expect(regions(chart)).toEqual({ connection, quality, level, health })
        })
        expect(chart.moves).toEqual(model.moves)
      }),
      runs,
    )
  })

  it('with the classifier before it ends where it would have ended on every sample', () => {
    fc.assert(
      fc.property(anyLimits, anyEvents, (limits, events) => {
        const every = start(limits)
        const filtered = start(limits)
        const classifier = new SensorClassifier(2)
        classifier.setLimits(1, limits)
        for (const event of events) {
          every.actor.send(event)
          if (isMoved(classifier, event)) filtered.actor.send(event)
          const value = filtered.actor.getSnapshot().value
          expect(value).toEqual(regions(every))
          expect([connections[classifier.connection(1)], levels[classifier.level(1)]]).toEqual([
            value.connection,
            value.level,
          ])
        }
        expect(filtered.moves).toEqual(every.moves)
        expect(filtered.actor.getSnapshot().context.level).toEqual(every.actor.getSnapshot().context.level)
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
