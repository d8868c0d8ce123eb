import { describe, expect, it } from 'vitest'
import type { Signal } from '../../schema/plant.js'
import { Quality } from '../../schema/quality.js'
import type { Entry } from '../../schema/records.js'
import { SampleBatchBuilder } from '../../schema/sample-batch.js'
import type { MachineContext } from '../../twins/machine/machine.context.js'
import { floorOf, machineOf, sensor, start, stateSignal } from './floor.fixture.js'

const interlock = (quantity: 'blocked' | 'starved'): Signal =>
  sensor('m', quantity, { role: 'status', quantity, unit: '', period: 0, range: [0, 1], resolution: 0 })

function machine() {
  const ground = floorOf([machineOf('m', [stateSignal('m'), interlock('blocked'), interlock('starved')])])
  const { floor, wall, registry } = ground
  const changes: unknown[] = []
  const note = (entry: Entry | undefined) => {
    for (const { state, reason, time, observed } of entry?.stateChanges ?? []) {
      if (observed) changes.push([time - start, state, reason])
    }
  }
  /** Each a second after the one before, unless it says when. */
  const say = (name: string, value: number | string, time?: number) => {
    if (time === undefined) wall.time += 1000
    note(ground.say(`m.${name}`, value, time ?? wall.time))
  }
  const bad = (name: string, value: number) => {
    const batch = new SampleBatchBuilder()
    wall.time += 1000
    batch.push(registry.signalById(`m.${name}`)!.index, wall.time, wall.time, value, Quality.bad)
    note(floor.ingest('plc', { kind: 'samples', batch: batch.take() }))
  }
  const reason = () => (floor.inspect('machine:m')!.context as MachineContext).reason
  return { ...ground, say, bad, reason, changes }
}

describe('the interlock tags of a machine', () => {
  it('say why it is suspended, whichever comes first', () => {
    const { say, reason, changes } = machine()
    say('execution', 'WAITING')
    expect(reason()).toBe('none')
    say('blocked', 1)
    expect(reason()).toBe('blocked')
    say('execution', 'ACTIVE')
    say('blocked', 0)
    say('starved', 1)
    expect(reason()).toBe('none')
    say('execution', 'WAITING')
    expect(reason()).toBe('starved')
    expect(changes).toEqual([
      [1000, 'Suspended', 'none'],
      [2000, 'Suspended', 'blocked'],
      [3000, 'Execute', 'none'],
      [6000, 'Suspended', 'starved'],
    ])
  })

  it('change the reason while it waits, and blocked goes before starved', () => {
    const { say, reason, changes } = machine()
    say('starved', 1)
    say('execution', 'WAITING')
    say('blocked', 1)
    expect(reason()).toBe('blocked')
    say('blocked', 0)
    say('starved', 0)
    expect(changes).toEqual([
      [2000, 'Suspended', 'starved'],
      [3000, 'Suspended', 'blocked'],
      [4000, 'Suspended', 'starved'],
      [5000, 'Suspended', 'none'],
    ])
  })

  it('count from the state on where they are older than it, and are told once', () => {
    const { say, changes, wall } = machine()
    say('execution', 'WAITING')
    say('blocked', 1, wall.time - 500)
    say('blocked', 1)
    expect(changes).toEqual([
      [1000, 'Suspended', 'none'],
      [1000, 'Suspended', 'blocked'],
    ])
  })

  it('of hours before the floor came are of then, and leave no wait behind', () => {
    const { floor, say, changes, wall, reason } = machine()
    wall.time += 5 * 3_600_000
    floor.sourceLost('plc')
    wall.time += 1000
    floor.ingest('plc', { kind: 'connected' })
    const told = [
      ['execution', 'ACTIVE'],
      ['execution', 'WAITING'],
      ['blocked', 1],
      ['blocked', 0],
      ['execution', 'ACTIVE'],
    ] as const
    const reasons = told.map(([name, value], i) => {
      say(name, value, start + 60_000 * i)
      return reason()
    })
    expect(reasons).toEqual(['none', 'none', 'blocked', 'none', 'none'])
    expect(changes.filter(change => (change as number[])[0]! < 3_600_000)).toEqual([
      [0, 'Execute', 'none'],
      [60_000, 'Suspended', 'none'],
      [120_000, 'Suspended', 'blocked'],
      [180_000, 'Suspended', 'none'],
      [240_000, 'Execute', 'none'],
    ])
    // Since the loss it stands as it was told last, whatever it was told first.
    expect(changes.at(-1)).toEqual([wall.time - start, 'Execute', 'none'])
  })

  it('say nothing where the word for the state says it itself', () => {
    const { say, reason } = machine()
    say('starved', 1)
    say('execution', 'FULL')
    say('starved', 0)
    say('starved', 1)
    expect(reason()).toBe('blocked')
  })

  it('of before a lost link are no reason after it, whichever of them speaks first', () => {
    const { floor, say, reason } = machine()
    say('execution', 'WAITING')
    say('blocked', 1)
    expect(reason()).toBe('blocked')
    floor.sourceLost('plc')
    floor.ingest('plc', { kind: 'connected' })
    say('starved', 1)
    say('execution', 'ACTIVE')
    say('execution', 'WAITING')
    expect(reason()).toBe('starved')
  })

  it('are true or false: any other number is turned away and is no reason', () => {
    const { floor, say, reason } = machine()
    say('execution', 'WAITING')
    say('blocked', 2)
    expect(reason()).toBe('none')
    expect([...floor.rejected]).toEqual([['value.out-of-range', 1]])
  })

  it('are no reason while their quality is bad, and one again when they say the same as before', () => {
    const { say, bad, reason, changes } = machine()
    say('execution', 'WAITING')
    say('blocked', 1)
    bad('blocked', 1)
    expect(reason()).toBe('none')
    say('blocked', 1)
    expect(reason()).toBe('blocked')
    expect(changes.map(change => (change as unknown[])[2])).toEqual(['none', 'blocked', 'none', 'blocked'])
  })

  it('say nothing by a bad value, nor of before the link was lost, nor to a state of before', () => {
    const { floor, say, bad, reason, changes, wall } = machine()
    say('execution', 'WAITING')
    bad('blocked', 1)
    expect(reason()).toBe('none')
    say('blocked', 1)
    floor.sourceLost('plc')
    changes.length = 0
    say('execution', 'WAITING')
    expect(reason()).toBe('none')
    say('starved', 1)
    say('execution', 'WAITING', wall.time - 10_000)
    expect(changes.at(-1)).toEqual([expect.any(Number), 'Suspended', 'none'])
    expect(reason()).toBe('starved')
  })
})
