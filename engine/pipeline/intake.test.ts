import { describe, expect, it } from 'vitest'
import type { SourceEvent } from '../../adapters/contract.js'
import type { Plant } from '../../schema/plant.js'
import type { Entry } from '../../schema/records.js'
import { SampleBatchBuilder } from '../../schema/sample-batch.js'
import { Dictionary } from '../floor/dictionary.js'
import { machineOf, plantOf, sensor, start } from '../floor/floor.fixture.js'
import { FloorClock } from '../floor/floor-clock.js'
import { LiveFloor } from '../floor/live-floor.js'
import { emptyIndexBook, makeRegistry } from '../floor/registry.js'
import { Intake } from './intake.js'

const bare: Plant = {
  name: '',
  enterprise: '',
  sites: [],
  sources: [{ id: 'plc', adapter: 'test', clock: 'wall', options: {} }],
  machineTypes: [],
  shifts: [],
  products: [],
  customers: [],
  crews: [],
  stateMaps: {},
}

function makeIntake() {
  const wall = { now: () => 1 }
  const { registry } = makeRegistry(bare, { ...emptyIndexBook, signals: { 'gone.x': 3 } })
  const floor = new LiveFloor({
    plant: bare,
    registry,
    dictionary: new Dictionary(),
    clock: new FloorClock(wall, 'wall'),
    wall,
  })
  const spool = { isFull: false, isDeaf: false, entries: [] as Entry[] }
  const kept: Entry[] = []
  const notes: string[] = []
  const warned: string[] = []
  const intake = new Intake({
    floor,
    append: entry => {
      if (spool.isFull) throw new Error('full')
      spool.entries.push(entry)
    },
    onKept: entry => {
      if (spool.isDeaf) throw new Error('deaf')
      kept.push(entry)
    },
    onDeaf: () => notes.push('deaf'),
    onNoted: (source, what) => warned.push(`${source}: ${what}`),
    onBlocked: () => notes.push('blocked'),
    onUnblocked: () => notes.push('unblocked'),
  })
  let accepted = 0
  const say = (value: number, time = 1) => {
    const batch = new SampleBatchBuilder()
    batch.push(0, 1, 1, 0, 0)
    batch.push(0, time, 1, value, 0)
    intake.take('plc', {
      kind: 'event',
      event: { kind: 'samples', batch: batch.take() },
      accept: count => {
        accepted += count
      },
    })
  }
  return { intake, spool, kept, say, notes, warned, accepted: () => accepted }
}

describe('the intake', () => {
  it('accepts a batch only when the spool has taken it', () => {
    const { spool, say, accepted } = makeIntake()
    say(1)
    expect([spool.entries.length, accepted()]).toEqual([1, 2])
  })

  it('tells whoever said it of a time that cannot be, before the rest is accepted', () => {
    const { intake } = makeIntake()
    const batch = new SampleBatchBuilder()
    batch.push(0, 1, 1, 0, 0)
    batch.push(0, Date.parse('9999-01-01'), 1, 0, 0)
    const told: unknown[] = []
    intake.take('plc', {
      kind: 'event',
      event: {
        kind: 'samples',
        batch: batch.take(),
        turnedAway: (place, { rule }) => told.push([place, rule]),
      },
      accept: () => told.push('accepted'),
    })
    expect(told).toEqual([[1, 'time.in-future'], 'accepted'])
    // Rejected is not accepted, and nothing of it is on its way any more.
    const { samples, accepted, rejects, waiting } = intake.health.get('plc')!
    expect({ samples, accepted, rejects, waiting }).toEqual({
      samples: 2,
      accepted: 1,
      rejects: 1,
      waiting: 0,
    })
  })

  it('warns once that samples are rejected for a time that cannot be', () => {
    const { intake, say, warned } = makeIntake()
    const batch = new SampleBatchBuilder()
    for (let day = 1; day <= 3; day++) batch.push(0, Date.parse(`2099-01-0${day}`), 1, 7, 0)
    intake.take('plc', {
      kind: 'event',
      event: { kind: 'samples', batch: batch.take() },
      accept: () => undefined,
    })
    for (let i = 0; i < 3; i++) say(7, Date.parse('2099-01-01'))
    expect(warned).toEqual([
      expect.stringMatching(/^plc: Samples are rejected \(time.in-future\); the first: .*set the clock/),
    ])
    expect(intake.health.get('plc')!.warnings).toHaveLength(1)
  })

  it('warns of what does not work for as long as it does not, and tells of one that comes and goes once', () => {
    const { intake, warned } = makeIntake()
    const tell = (what: string | undefined) =>
      intake.take('plc', {
        kind: 'event',
        event: { kind: 'trouble', of: 'unit 7', what },
        accept: () => undefined,
      })
    const warnings = () => intake.health.get('plc')!.warnings
    tell('It is away.')
    expect(warnings()).toEqual(['It is away.'])
    tell(undefined)
    expect(warnings()).toEqual([])
    tell('It is away.')
    expect(warnings()).toEqual(['It is away.'])
    tell('It is busy.')
    expect(warnings()).toEqual(['It is busy.'])
    expect(warned).toEqual(['plc: It is away.', 'plc: It is busy.'])
    intake.take('plc', { kind: 'lost', error: new Error('refused'), waitMs: 1000 })
    expect(warnings()).toEqual([])
  })

  it('a value from ahead holds up none that follow, and its source is warned of once', () => {
    let now = start
    const wall = { now: () => now }
    const plant = plantOf([machineOf('m1', [sensor('m1', 'temp')])])
    const { registry } = makeRegistry(plant, emptyIndexBook)
    const floor = new LiveFloor({
      ...{ plant, registry, wall },
      dictionary: new Dictionary(),
      clock: new FloorClock(wall, 'wall'),
    })
    const intake = new Intake({ floor, append: () => {} })
    const { index } = registry.signalById('m1.temp')!
    const say = (at: number, sourceTime: number, value: number) => {
      now = start + at
      const batch = new SampleBatchBuilder()
      batch.push(index, start + sourceTime, now, value, 0)
      const event = { kind: 'samples', batch: batch.take() } as const
      intake.take('plc', { kind: 'event', event, accept: () => {} })
      return { value: floor.signals.value[index], warnings: intake.health.get('plc')!.warnings }
    }
    expect(say(0, 900, 1)).toEqual({ value: 1, warnings: [] })
    const warnings = [
      expect.stringMatching(/^m1\.temp says it is of .*, 240\.0 s ahead of the clock of this floor/),
    ]
    expect(say(1_000, 241_000, 3)).toEqual({ value: 3, warnings })
    // The clock is set right.
    expect(say(1_001, 1_001, 9)).toEqual({ value: 9, warnings })
    expect(say(3_000, 3_000, 10)).toEqual({ value: 10, warnings })
    expect(intake.health.get('plc')!.late).toBe(0)
    expect(say(4_000, 2_500, 9.5)).toEqual({ value: 10, warnings })
    expect(intake.health.get('plc')!.late).toBe(1)
  })

  it('keeps what a full spool cannot take, in order and not accepted, until it can', () => {
    const { intake, spool, say, notes, accepted } = makeIntake()
    spool.isFull = true
    say(1)
    say(2)
    intake.retry()
    expect([spool.entries.length, accepted(), intake.isBlocked]).toEqual([0, 0, true])
    spool.isFull = false
    say(3)
    intake.retry()
    expect(spool.entries.map(({ samples }) => samples?.value[1])).toEqual([1, 2, 3])
    expect([accepted(), intake.isBlocked]).toEqual([6, false])
    expect(notes).toEqual(['blocked', 'unblocked'])
  })

  it('keeps a batch once, whatever becomes of those who hear of it afterwards', () => {
    const { intake, spool, kept, say, notes, accepted } = makeIntake()
    spool.isDeaf = true
    say(1)
    spool.isDeaf = false
    intake.retry()
    say(2)
    expect(spool.entries.map(({ samples }) => samples?.value[1])).toEqual([1, 2])
    expect(kept).toEqual(spool.entries.slice(1))
    expect([notes, accepted(), intake.isBlocked]).toEqual([['deaf'], 4, false])
  })

  it.each([
    [
      'far in the future',
      Date.parse('2099-01-01T00:00:00Z'),
      'time.in-future',
      '2099-01-01T00:00:00.000Z|0|7',
    ],
    ['before 1970', -1, 'time.too-old', '1969-12-31T23:59:59.999Z|0|7'],
    ['that is no time', Number.NaN, 'time.too-old', 'NaN|0|7'],
  ])('rejects a sample %s and takes the one beside it; both are answered for', (_, time, rule, raw) => {
    const { spool, say, accepted } = makeIntake()
    say(7, time)
    expect(
      spool.entries.map(({ rejects, samples }) => [rejects?.map(r => [r.rule, r.raw]), samples?.count]),
    ).toEqual([
      [[[rule, raw]], undefined],
      [undefined, 1],
    ])
    expect(accepted()).toBe(2)
  })

  it('says of a source whose link is interrupted that it connects again, until it does', () => {
    const { intake } = makeIntake()
    intake.take('plc', { kind: 'connecting' })
    const take = (event: SourceEvent) => intake.take('plc', { kind: 'event', event, accept: () => {} })
    take({ kind: 'connected' })
    take({ kind: 'interrupted', reason: 'the cable' })
    expect(intake.health.get('plc')).toMatchObject({ state: 'connecting', losses: 1, lastError: 'the cable' })
    take({ kind: 'connected' })
    expect(intake.health.get('plc')).toMatchObject({ state: 'connected', losses: 1 })
  })

  it('says of a source that it waits, and why', () => {
    const { intake } = makeIntake()
    intake.take('plc', { kind: 'connecting' })
    intake.take('plc', { kind: 'lost', error: new Error('refused'), waitMs: 500 })
    const health = intake.health.get('plc')!
    expect(health).toMatchObject({ state: 'waiting', losses: 0, lastError: 'refused' })
    expect(health.link).toMatchObject({ reason: 'refused', failures: 1, retryAt: 501 })
  })

  it('keeps the story of the link', () => {
    const { intake, spool } = makeIntake()
    intake.take('plc', { kind: 'connecting' })
    intake.take('plc', { kind: 'event', event: { kind: 'connected' }, accept: () => {} })
    intake.take('plc', { kind: 'lost', error: new Error('refused'), waitMs: 500 })
    const story = spool.entries.flatMap(({ twinEvents = [] }) => twinEvents)
    expect(story.map(({ address, type, payload }) => [address, type, payload.to, payload.reason])).toEqual([
      ['source:plc', 'link.changed', 'connecting', ''],
      ['source:plc', 'link.changed', 'connected', ''],
      ['source:plc', 'link.changed', 'waiting', 'refused'],
    ])
  })

  it('counts what is late and what is said twice, and keeps both', () => {
    const { intake, spool, say } = makeIntake()
    say(7, 5)
    say(7, 5)
    say(6, 4)
    // Each batch begins with the same sample of another value at time 1, which is late from the second on.
    const health = intake.health.get('plc')!
    expect([health.samples, health.late, health.duplicates]).toEqual([6, 3, 1])
    expect(spool.entries.map(({ samples }) => samples?.count)).toEqual([2, 2, 2])
  })

  it('rejects an unknown tag once, counts its values, and counts polls that were missed', () => {
    const { intake, spool } = makeIntake()
    const take = (event: SourceEvent) => intake.take('plc', { kind: 'event', event, accept: () => {} })
    const value = (tag: string, raw: string) => ({ tag, raw })
    take({ kind: 'unknown-tags', values: [value('a', 'a=1'), value('a', 'a=2'), value('b', 'b=1')] })
    take({ kind: 'unknown-tags', values: [value('b', 'b=2')] })
    take({ kind: 'missed', polls: 3 })
    const rejects = spool.entries.flatMap(entry => entry.rejects ?? [])
    expect(rejects.map(({ rule, raw }) => [rule, raw])).toEqual([
      ['tag.unknown', 'a=1'],
      ['tag.unknown', 'b=1'],
    ])
    const health = intake.health.get('plc')!
    expect(health.unknownTags.list()).toEqual([
      ['a', 2],
      ['b', 2],
    ])
    expect([...health.rejectsByRule, health.rejects, health.missedPolls]).toEqual([['tag.unknown', 2], 2, 3])
  })
})
