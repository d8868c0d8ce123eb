import { describe, expect, it } from 'vitest'
import { createActor, type Snapshot } from 'xstate'
import { Quality, qualityNames } from '../../schema/quality.js'
import { type Limits, levels, sensorHealths } from '../../schema/sensor-state.js'
import { compileLimits, nextLevelNumber } from './level.js'
import { migrations } from './migrations.js'
import { checkSensorEvent, type SensorEvent } from './sensor.events.js'
import { freshSensor, type SensorEmitted, sensorMachine } from './sensor.machine.js'

const limits = { warningHigh: 80, criticalHigh: 100, warningLow: 20, criticalLow: 10, deadband: 2 }
const start = (snapshot?: Snapshot<unknown>, of: Limits = limits) =>
  createActor(sensorMachine, { input: { limits: compileLimits(of) }, snapshot }).start()
const sample = (value: number, quality: Quality = Quality.good, time = 1): SensorEvent => ({
  type: 'SAMPLE',
  value,
  quality,
  time,
})
const regions = (actor: ReturnType<typeof start>) => actor.getSnapshot().value

describe('the sensor statechart', () => {
  it('begins lost, bad and normal, because nobody has heard it yet', () => {
    expect(regions(start())).toEqual({
      connection: 'lost',
      quality: 'bad',
      level: 'normal',
      health: 'ok',
    })
  })

  it.each([
    ['lost', sample(50), 'live'],
    ['lost', { type: 'SOURCE_FOUND', time: 1 }, 'stale'],
    ['lost', { type: 'SILENT', time: 1 }, 'lost'],
    ['live', sample(50), 'live'],
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
    const said: SensorEmitted[] = []
    actor.on('connection.changed', emitted => said.push(emitted))
    actor.send({ ...event, time: 5 })
    expect(regions(actor)).toMatchObject({ connection: to })
    expect(said).toEqual(from === to ? [] : [{ type: 'connection.changed', time: 5, to }])
    if (event.type === 'SAMPLE') expect(actor.getSnapshot().context.sampledAt).toBe(5)
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
    const next = nextLevelNumber(levels.indexOf(from), value, compileLimits(limits))
    expect(levels[next]).toBe(to)
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

/** An actor that notes down its level's moves as [time, level]. */
function watched(of: Limits) {
  const actor = start(undefined, of)
  const moves: [number, string][] = []
  actor.on('level.changed', ({ time, to }) => moves.push([time, to]))
  return { actor, moves, tick: (time: number) => actor.send({ type: 'TICK', time }) }
}

describe('delays of the level', () => {
  const delayed = { ...limits, onDelay: 10, offDelay: 20 }

  it('enters a level when the value has been beyond its limit for the on-delay, at the very time', () => {
    const { actor, moves, tick } = watched(delayed)
    actor.send(sample(85, Quality.good, 100))
    tick(109)
    expect(moves).toEqual([])
    tick(150)
    expect(moves).toEqual([[110, 'warning-high']])
  })

  it('enters at the due time also when the next sample tells of it', () => {
    const { actor, moves } = watched(delayed)
    actor.send(sample(85, Quality.good, 100))
    actor.send(sample(86, Quality.good, 117))
    expect(moves).toEqual([[110, 'warning-high']])
  })

  it('begins anew when the value was back below the limit in between', () => {
    const { actor, moves, tick } = watched(delayed)
    actor.send(sample(85, Quality.good, 100))
    actor.send(sample(79, Quality.good, 105))
    actor.send(sample(85, Quality.good, 106))
    tick(115)
    expect(moves).toEqual([])
    tick(116)
    expect(moves).toEqual([[116, 'warning-high']])
  })

  it('leaves a level when the value has been back by the deadband for the off-delay', () => {
    const { actor, moves, tick } = watched({ ...limits, offDelay: 20 })
    actor.send(sample(85, Quality.good, 100))
    actor.send(sample(79, Quality.good, 110))
    tick(500)
    expect(moves).toEqual([[100, 'warning-high']])
    actor.send(sample(77, Quality.good, 510))
    tick(529)
    actor.send(sample(77, Quality.good, 540))
    expect(moves).toEqual([
      [100, 'warning-high'],
      [530, 'normal'],
    ])
  })

  it('makes several moves of one late tick, each at its own time', () => {
    const { actor, moves, tick } = watched({
      ...limits,
      onDelay: 10,
      delays: { criticalHigh: { onDelay: 30 } },
    })
    actor.send(sample(120, Quality.good, 100))
    tick(1000)
    expect(moves).toEqual([
      [110, 'warning-high'],
      [130, 'critical-high'],
    ])
  })

  it('falls from critical to the warning that still holds, and on to normal', () => {
    const { actor, moves, tick } = watched({ ...limits, delays: { warningHigh: { offDelay: 50 } } })
    actor.send(sample(120, Quality.good, 100))
    actor.send(sample(50, Quality.good, 110))
    tick(160)
    expect(moves).toEqual([
      [100, 'critical-high'],
      [110, 'warning-high'],
      [160, 'normal'],
    ])
  })

  it('does not wait for the off-delay of one side when the other side is reached', () => {
    const { actor, moves } = watched({ ...limits, offDelay: 1000 })
    actor.send(sample(85, Quality.good, 100))
    actor.send(sample(5, Quality.good, 110))
    expect(moves).toEqual([
      [100, 'warning-high'],
      [110, 'critical-low'],
    ])
  })

  it.each([
    ['a bad value', sample(85, Quality.bad, 105)],
    ['a value that is no number', sample(Number.NaN, Quality.good, 105)],
    ['silence', { type: 'SILENT', time: 105 }],
    ['a lost source', { type: 'SOURCE_LOST', time: 105 }],
    ['a source that begins anew', { type: 'SOURCE_FOUND', time: 105 }],
  ] as const)('stops by %s, because what is not known does not count', (_, event) => {
    const { actor, moves, tick } = watched(delayed)
    actor.send(sample(85, Quality.good, 100))
    actor.send(event)
    tick(500)
    expect(moves).toEqual([])
  })

  it('counts a sample that a tick has overtaken from the last move on', () => {
    const { actor, moves, tick } = watched({ ...limits, onDelay: 10 })
    actor.send(sample(85, Quality.good, 100))
    tick(112)
    actor.send(sample(50, Quality.good, 105))
    expect(moves).toEqual([
      [110, 'warning-high'],
      [110, 'normal'],
    ])
  })
})

/** A value that lies in each level. */
const valueIn = { normal: 50, 'warning-high': 85, 'critical-high': 120, 'warning-low': 15, 'critical-low': 5 }

describe('every move of a region is said once', () => {
  it.each(levels.flatMap(from => levels.map(to => [from, to] as const)))(
    'from level %s to %s by a value, and by a delay that has passed',
    (from, to) => {
      const atOnce = watched(limits)
      atOnce.actor.send(sample(valueIn[from], Quality.good, 100))
      atOnce.moves.length = 0
      atOnce.actor.send(sample(valueIn[to], Quality.good, 200))
      expect(atOnce.moves).toEqual(from === to ? [] : [[200, to]])
      expect(regions(atOnce.actor)).toMatchObject({ level: to })

      const later = watched({ ...limits, onDelay: 10, offDelay: 10 })
      later.actor.send(sample(valueIn[from], Quality.good, 100))
      later.tick(150)
      expect(regions(later.actor)).toMatchObject({ level: from })
      later.moves.length = 0
      later.actor.send(sample(valueIn[to], Quality.good, 200))
      later.tick(250)
      expect(later.moves).toEqual(from === to ? [] : [[210, to]])
      expect(regions(later.actor)).toMatchObject({ level: to })
    },
  )

  it.each(qualityNames.flatMap(from => qualityNames.map(to => [from, to] as const)))(
    'from quality %s to %s',
    (from, to) => {
      const actor = start()
      actor.send(sample(50, Quality[from], 1))
      const said: unknown[] = []
      actor.on('*', emitted => said.push(emitted))
      actor.send(sample(50, Quality[to], 2))
      expect(said).toEqual(from === to ? [] : [{ type: 'quality.changed', time: 2, to }])
    },
  )
})

describe('the health of a sensor', () => {
  const verdict = (condition: (typeof sensorHealths)[number], time = 1, score = 40): SensorEvent => ({
    type: 'HEALTH',
    condition,
    score,
    time,
  })

  it.each(sensorHealths.flatMap(from => sensorHealths.map(to => [from, to] as const)))(
    'goes from %s to %s by the verdict of the estimator',
    (from, to) => {
      const actor = start()
      actor.send(verdict(from))
      const said: SensorEmitted[] = []
      actor.on('health.changed', emitted => said.push(emitted))
      actor.send(verdict(to, 2, 55))
      expect(regions(actor)).toMatchObject({ health: to })
      expect(actor.getSnapshot().context).toMatchObject({ score: 55, judgedAt: 2 })
      expect(said).toEqual(from === to ? [] : [{ type: 'health.changed', time: 2, to, score: 55 }])
    },
  )

  it.each([
    ['ok', 'ok'],
    ['drifting', 'ok'],
    ['calibration-due', 'ok'],
    ['stuck', 'stuck'],
    ['noisy', 'noisy'],
    ['out-of-range', 'out-of-range'],
  ] as const)('is, calibrated while %s, %s', (from, to) => {
    const actor = start()
    actor.send(verdict(from))
    const before = actor.getSnapshot().context.score
    const said: string[] = []
    actor.on('*', emitted => said.push(emitted.type))
    actor.send({ type: 'CALIBRATED', time: 7 })
    expect(regions(actor)).toMatchObject({ health: to })
    expect(actor.getSnapshot().context).toMatchObject({ calibratedAt: 7, score: from === to ? before : 100 })
    expect(said).toEqual(from === to ? ['calibrated'] : ['calibrated', 'health.changed'])
  })
})

describe('what a sensor twin refuses', () => {
  const context = { ...freshSensor, sampledAt: 100, judgedAt: 100, calibratedAt: 100 }

  it.each([
    ['unknown-event', { type: 'OPEN', time: 200 }],
    ['bad-payload', undefined],
    ['bad-payload', null],
    ['bad-payload', 'SAMPLE'],
    ['bad-payload', { type: 'SAMPLE', value: 1, quality: 3, time: 200 }],
    ['bad-payload', { type: 'SAMPLE', value: '1', quality: 0, time: 200 }],
    ['bad-payload', { type: 'SAMPLE', value: 1, quality: 0 }],
    ['not-a-number', { type: 'SAMPLE', value: Number.NaN, quality: 0, time: 200 }],
    ['not-a-number', { type: 'SAMPLE', value: Number.POSITIVE_INFINITY, quality: 1, time: 200 }],
    ['not-a-number', { type: 'SAMPLE', value: 1, quality: 0, time: Number.NaN }],
    ['time-backwards', { type: 'SAMPLE', value: 1, quality: 0, time: 99 }],
    ['time-backwards', { type: 'TICK', time: 99 }],
    ['not-a-number', { type: 'SILENT', time: Number.NaN }],
    ['bad-payload', { type: 'SOURCE_LOST' }],
    ['bad-payload', { type: 'HEALTH', condition: 'fine', score: 1, time: 200 }],
    ['bad-payload', { type: 'HEALTH', condition: 'ok', score: 101, time: 200 }],
    ['bad-payload', { type: 'HEALTH', condition: 'ok', time: 200 }],
    ['not-a-number', { type: 'HEALTH', condition: 'ok', score: Number.NaN, time: 200 }],
    ['time-backwards', { type: 'HEALTH', condition: 'ok', score: 1, time: 99 }],
    ['time-backwards', { type: 'CALIBRATED', time: 99 }],
  ])('%s: %o', (code, event) => {
    expect(checkSensorEvent(event, context)?.code).toBe(code)
  })

  it.each([
    [sample(1, Quality.good, 100)],
    [sample(Number.NaN, Quality.bad, 100)],
    [{ type: 'TICK', time: 100 }],
    [{ type: 'SOURCE_LOST', time: 1 }],
    [{ type: 'HEALTH', condition: 'stuck', score: 0, time: 100 }],
    [{ type: 'CALIBRATED', time: 100 }],
  ])('not %o', event => {
    expect(checkSensorEvent(event, context)).toBeUndefined()
  })
})

it('takes a snapshot of version 1 over into version 2', () => {
  const old = {
    status: 'active',
    value: { connection: 'live', quality: 'good', level: 'warning-high' },
    context: { limits: { warningHigh: 80, criticalHigh: null } },
    historyValue: {},
    children: {},
  }
  const migrated = migrations[1]?.(old) as unknown as Snapshot<unknown> & { context: object }
  const actor = start({
    ...migrated,
    context: { ...migrated.context, limits: compileLimits(limits) },
  } as never)
  actor.send(sample(85, Quality.good, 5))
  expect(regions(actor)).toEqual({ connection: 'live', quality: 'good', level: 'warning-high', health: 'ok' })
  expect(actor.getSnapshot().context).toMatchObject({ sampledAt: 5, score: 100 })
})
