import { describe, expect, it } from 'vitest'
import type { SourceEvent } from '../../adapters/contract.js'
import type { Plant } from '../../schema/plant.js'
import type { Entry } from '../../schema/records.js'
import { SampleBatchBuilder } from '../../schema/sample-batch.js'
import { Dictionary } from '../floor/dictionary.js'
import { FloorClock } from '../floor/floor-clock.js'
import { LiveFloor } from '../floor/live-floor.js'
import { emptyIndexBook, makeRegistry } from '../floor/registry.js'
import { Intake } from './intake.js'

const noPlant: Plant = {
  name: '',
  enterprise: '',
  sites: [],
  sources: [],
  machineTypes: [],
  shifts: [],
  products: [],
  customers: [],
  crews: [],
  stateMaps: {},
}

function makeIntake() {
  const wall = { now: () => 1 }
  const { registry } = makeRegistry(noPlant, { ...emptyIndexBook, signals: { 'gone.x': 3 } })
  const floor = new LiveFloor({
    plant: noPlant,
    registry,
    dictionary: new Dictionary(),
    clock: new FloorClock(wall, 'wall'),
    wall,
  })
  const spool = { isFull: false, entries: [] as Entry[] }
  const notes: string[] = []
  const intake = new Intake(
    {
      floor,
      append: entry => {
        if (spool.isFull) throw new Error('full')
        spool.entries.push(entry)
      },
      onBlocked: () => notes.push('blocked'),
      onUnblocked: () => notes.push('unblocked'),
    },
    ['plc'],
  )
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
  return { intake, spool, say, notes, accepted: () => accepted }
}

describe('the intake', () => {
  it('accepts a batch only when the spool has taken it', () => {
    const { spool, say, accepted } = makeIntake()
    say(1)
    expect([spool.entries.length, accepted()]).toEqual([1, 2])
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

  it('says of a source whose link is interrupted that it waits, until it is connected again', () => {
    const { intake } = makeIntake()
    const take = (event: SourceEvent) => intake.take('plc', { kind: 'event', event, accept: () => {} })
    take({ kind: 'connected' })
    take({ kind: 'interrupted', reason: 'the cable' })
    expect(intake.health.get('plc')).toMatchObject({ state: 'waiting', losses: 1, lastError: 'the cable' })
    take({ kind: 'connected' })
    expect(intake.health.get('plc')).toMatchObject({ state: 'connected', losses: 1 })
  })

  it('says of a source that it waits, and why', () => {
    const { intake } = makeIntake()
    intake.take('plc', { kind: 'lost', error: new Error('refused') })
    expect(intake.health.get('plc')).toMatchObject({ state: 'waiting', losses: 1, lastError: 'refused' })
  })
})
