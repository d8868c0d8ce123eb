import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createActor, type Snapshot } from 'xstate'
import { Quality } from '../../schema/quality.js'
import { connections, type Level, levels } from '../../schema/sensor-state.js'
import { SensorClassifier } from './classifier.js'
import { compileLimits, nextLevel } from './level.js'
import { type SensorEmitted, type SensorEvent, sensorMachine } from './sensor.machine.js'

const limits = { warningHigh: 80, criticalHigh: 100, warningLow: 20, criticalLow: 10, deadband: 2 }
const start = (snapshot?: Snapshot<unknown>) =>
  createActor(sensorMachine, { input: { limits: compileLimits(limits) }, snapshot }).start()
const sample = (value: number, quality: Quality = Quality.good, time = 1): SensorEvent => ({
  type: 'SAMPLE',
  value,
  quality,
  time,
})
const regions = (actor: ReturnType<typeof start>) => actor.getSnapshot().value

describe('the sensor statechart', () => {
  it('begins lost, bad and normal, because nobody has heard it yet', () => {
    expect(regions(start())).toEqual({ connection: 'lost', quality: 'bad', level: 'normal' })
  })

  it.each([
    ['lost', sample(50), 'live'],
    ['lost', { type: 'SOURCE_FOUND', time: 1 }, 'stale'],
    ['lost', { type: 'SILENT', time: 1 }, 'lost'],
    ['live', { type: 'SILENT', time: 1 }, 'stale'],
    ['live', { type: 'SOURCE_LOST', time: 1 }, 'lost'],
    ['live', { type: 'SOURCE_FOUND', time: 1 }, 'live'],
    ['stale', sample(50), 'live'],
    ['stale', { type: 'SOURCE_LOST', time: 1 }, 'lost'],
    ['stale', { type: 'SILENT', time: 1 }, 'stale'],
  ] as const)('goes from %s by %o to %s', (from, event, to) => {
    const actor = start()
    if (from !== 'lost') actor.send(sample(50))
    if (from === 'stale') actor.send({ type: 'SILENT', time: 1 })
    expect(regions(actor)).toMatchObject({ connection: from })
    actor.send(event)
    expect(regions(actor)).toMatchObject({ connection: to })
  })

  it.each([
    ['normal', 79.9, 'normal'],
    ['normal', 80, 'warning-high'],
    ['normal', 100, 'critical-high'],
    ['warning-high', 78.1, 'warning-high'],
    ['warning-high', 77.9, 'normal'],
    ['critical-high', 98.1, 'critical-high'],
    ['critical-high', 97.9, 'warning-high'],
    ['critical-high', 77.9, 'normal'],
    ['critical-high', 78.5, 'warning-high'],
    ['normal', 20, 'warning-low'],
    ['normal', 10, 'critical-low'],
    ['warning-low', 21.9, 'warning-low'],
    ['warning-low', 22.1, 'normal'],
    ['critical-low', 11.9, 'critical-low'],
    ['critical-low', 12.1, 'warning-low'],
    ['critical-low', 100, 'critical-high'],
  ] as const)('at level %s a value of %d leads to %s', (from, value, to) => {
    expect(nextLevel(from, value, compileLimits(limits))).toBe(to)
  })

  it('never moves its level on a bad or a missing value', () => {
    const actor = start()
    actor.send(sample(90))
    actor.send(sample(500, Quality.bad))
    actor.send(sample(Number.NaN, Quality.good))
    expect(regions(actor)).toMatchObject({ level: 'warning-high' })
  })

  it('says what changed, when, and to what', () => {
    const actor = start()
    const said: SensorEmitted[] = []
    actor.on('*', emitted => said.push(emitted))
    actor.send(sample(90, Quality.uncertain, 7))
    expect(said).toEqual([
      { type: 'connection.changed', time: 7, to: 'live' },
      { type: 'quality.changed', time: 7, to: 'uncertain' },
      { type: 'level.changed', time: 7, to: 'warning-high', value: 90 },
    ])
  })
})

const anyEvent: fc.Arbitrary<SensorEvent> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constant('SAMPLE' as const),
      value: fc.oneof(
        fc.double({ min: 0, max: 120, noNaN: true }),
        fc.constantFrom(Number.NaN, 10, 12, 20, 22, 78, 80, 98, 100),
      ),
      quality: fc.constantFrom(Quality.good, Quality.uncertain, Quality.bad),
      time: fc.nat(),
    }),
  },
  fc.record({
    type: fc.constantFrom('SILENT' as const, 'SOURCE_LOST' as const, 'SOURCE_FOUND' as const),
    time: fc.nat(),
  }),
)

describe('properties of the sensor twin', () => {
  it('with the classifier before it ends where it would have ended on every sample', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 60 }), events => {
        const every = start()
        const filtered = start()
        const classifier = new SensorClassifier(1)
        classifier.setLimits(0, limits)
        for (const event of events) {
          every.send(event)
          if (isMoved(classifier, event)) filtered.send(event)
          const value = regions(filtered) as { connection: string; level: Level }
          expect(value).toEqual(regions(every))
          expect([connections[classifier.connection(0)], levels[classifier.level(0)]]).toEqual([
            value.connection,
            value.level,
          ])
        }
      }),
    )
  })

  it('restored from JSON in the middle of anything goes on as if nothing had happened', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 30 }), fc.nat(30), (events, cut) => {
        const whole = start()
        let restored = start()
        events.forEach((event, i) => {
          whole.send(event)
          if (i === cut) {
            const persisted = JSON.parse(JSON.stringify(restored.getPersistedSnapshot()))
            restored = start({ ...persisted, context: { limits: compileLimits(limits) } })
            expect(JSON.stringify(restored.getPersistedSnapshot())).toBe(JSON.stringify(persisted))
          }
          restored.send(event)
        })
        expect(regions(restored)).toEqual(regions(whole))
      }),
    )
  })
})

function isMoved(classifier: SensorClassifier, event: SensorEvent): boolean {
  switch (event.type) {
    case 'SAMPLE':
      return classifier.isMovedBySample(0, event.value, event.quality)
    case 'SILENT':
      return classifier.isMovedBySilence(0)
    case 'SOURCE_LOST':
      return classifier.isMovedByLoss(0)
    case 'SOURCE_FOUND':
      return classifier.isMovedByFind(0)
  }
}
