import { describe, expect, it } from 'vitest'
import type { Snapshot } from 'xstate'
import { standardConfig } from '../../schema/machine-config.js'
import { packmlStates } from '../../schema/packml.js'
import { cumulativeTimes, modeTime, totalTime } from './cumulative-time.js'
import { at, contextOf, listen, move, seen, start, stateOf } from './machine.fixture.js'
import { machineDefinition, machineMachine } from './machine.machine.js'
import { machineMigrations } from './migrations.js'

describe('the counters and times of a machine', () => {
  it('counts parts between readings, from the first on', () => {
    const actor = at('Execute')
    const said = listen(actor)
    const count = (reading: number, time: number) =>
      actor.send({ type: 'COUNTED', counter: 'processed', reading, time })
    for (const [reading, time] of [
      [40, 10],
      [45, 20],
      [45, 25],
      [99, 5],
      [3, 30],
    ] as const)
      count(reading, time)
    expect(contextOf(actor).processed).toEqual({ count: 8, reading: 3, time: 30 })
    expect(contextOf(actor).newest).toBe(30)
    expect(said).toEqual([
      { type: 'parts.counted', time: 20, counter: 'processed', by: 5, total: 5, cause: 'count' },
      { type: 'parts.counted', time: 30, counter: 'processed', by: 3, total: 8, cause: 'reset' },
    ])
  })

  it('tells a rollover where the counter has a width', () => {
    const actor = at('Execute', { ...standardConfig, counterWidth: 100 })
    const said = listen(actor)
    actor.send({ type: 'COUNTED', counter: 'defective', reading: 98, time: 10 })
    actor.send({ type: 'COUNTED', counter: 'defective', reading: 1, time: 11 })
    expect(said).toEqual([
      { type: 'parts.counted', time: 11, counter: 'defective', by: 3, total: 3, cause: 'rollover' },
    ])
  })

  it('adds up time per mode and state, from the first event on', () => {
    const actor = start()
    actor.send(seen('Stopped', 1_000))
    actor.send({ type: 'SET_MODE', mode: 'Manual', time: 1_100 })
    actor.send(move('RESET', 1_250))
    actor.send(move('STATE_COMPLETE', 1_260))
    actor.send({ type: 'COUNTED', counter: 'processed', reading: 1, time: 1_400 })
    const times = cumulativeTimes(contextOf(actor))
    expect(times).toEqual({
      Production: { Stopped: 100 },
      Manual: { Stopped: 150, Resetting: 10, Idle: 140 },
    })
    expect([modeTime(times, 'Manual'), modeTime(times, 'Invalid'), totalTime(times)]).toEqual([300, 0, 400])
    expect(totalTime(cumulativeTimes(contextOf(actor), 2_000))).toBe(1_000)
    expect(cumulativeTimes(contextOf(start()))).toEqual({})
  })

  it('books time once, also when an observation comes late', () => {
    const actor = at('Idle')
    actor.send({ type: 'MODE_OBSERVED', mode: 'Manual', time: 100 })
    actor.send(seen('Execute', 60))
    actor.send(seen('Idle', 110))
    expect(contextOf(actor).times).toEqual({ Production: { Idle: 99 }, Manual: { Execute: 10 } })
  })

  it('goes on counting time when a source with a clock of its own begins another day', () => {
    const actor = at('Idle')
    actor.send({ type: 'SOURCE_FOUND', time: 50, hasOwnClock: true })
    actor.send(seen('Execute', 20))
    actor.send(seen('Idle', 30))
    expect(contextOf(actor).times).toEqual({ Production: { Idle: 49, Execute: 10 } })
    actor.send({ type: 'SOURCE_FOUND', time: 40 })
    actor.send(seen('Execute', 35))
    expect(contextOf(actor).times).toEqual({ Production: { Idle: 59, Execute: 10 } })
  })
})

describe('the snapshot of a machine', () => {
  it.each([
    ['Cleared', { Cleared: 'Stopped' }],
    [{ Cleared: 'Running' }, { Cleared: { Running: 'Idle' } }],
  ])('that names only the outer state %j means the state in which it rests', (value, resting) => {
    const { context } = start().getSnapshot()
    expect(machineMachine.resolveState({ value, context }).value).toEqual(resting)
  })

  it.each(packmlStates)('comes back from JSON as it was in %s, and persists the same again', state => {
    const actor = at(state)
    actor.send({ type: 'MODE_OBSERVED', mode: 'Mode 7', time: 5 })
    actor.send({ type: 'COUNTED', counter: 'processed', reading: 3, time: 6 })
    const persisted = JSON.stringify(actor.getPersistedSnapshot())
    const restored = start(undefined, JSON.parse(persisted))
    expect(JSON.stringify(restored.getPersistedSnapshot())).toBe(persisted)
    expect(restored.getSnapshot().value).toEqual(actor.getSnapshot().value)
    expect(contextOf(restored)).toEqual(contextOf(actor))
  })

  it('of version 1 is brought to the present version with its state, mode and times', () => {
    const context = {
      since: 90,
      mode: 'Manual',
      reason: 'blocked',
      sourceState: 'FULL',
      stateTime: 95,
      modeTime: 20,
    }
    const value = { Cleared: { Running: 'Suspended' } }
    const old = { status: 'active', value, context, children: {}, historyValue: {} }
    const restored = start(undefined, machineMigrations[1]!(old as unknown as Snapshot<unknown>))
    expect(machineDefinition.version).toBe(2)
    expect(stateOf(restored)).toBe('Suspended')
    expect(contextOf(restored)).toMatchObject({ ...context, state: 'Suspended', newest: 95, bookedTo: 95 })
    restored.send(seen('Execute', 100))
    expect(contextOf(restored).times).toEqual({ Manual: { Suspended: 5 } })
  })

  it('of version 1 that was never told anything begins its clock with the first event', () => {
    const context = {
      since: 0,
      mode: 'Production',
      reason: 'none',
      sourceState: '',
      stateTime: 0,
      modeTime: 0,
    }
    const old = { status: 'active', value: 'Undefined', context } as unknown as Snapshot<unknown>
    expect(machineMigrations[1]!(old)).toMatchObject({ context: { newest: null, bookedTo: null } })
  })

  it('is not made up where there is none', () => {
    const nothing = { status: 'active' } as unknown as Snapshot<unknown>
    expect(() => machineMigrations[1]!(nothing)).toThrow(/Start the twin afresh/)
  })
})
