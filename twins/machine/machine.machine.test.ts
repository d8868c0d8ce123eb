import { describe, expect, it } from 'vitest'
import { createActor } from 'xstate'
import { holdExtension, type MachineConfig, standardConfig } from '../../schema/machine-config.js'
import { type PackmlState, packmlStates } from '../../schema/packml.js'
import { acceptedBy } from './accepted.js'
import { cumulativeTimes } from './cumulative-time.js'
import type { MachineEvent } from './machine.events.js'
import { at, contextOf, listen, move, seen, start, stateOf } from './machine.fixture.js'
import { machineMachine } from './machine.machine.js'
import { standardTable } from './machine.model.js'
import { type Move, movesByPriority } from './rules.js'

const scan = (commands: readonly Move[], stateComplete: boolean, time: number): MachineEvent =>
  ({ type: 'SCAN', commands, stateComplete, time }) as MachineEvent
const withDisabled = (...disabled: PackmlState[]): MachineConfig => ({
  ...standardConfig,
  modes: [
    { mode: 'Production', disabled },
    { mode: 'Manual', disabled: ['Held'] },
    { mode: 'Mode 7', disabled: [] },
  ],
})

describe('an observed machine', () => {
  it('is Undefined until somebody has seen it', () => {
    expect(stateOf(start())).toBe('Undefined')
  })

  it('jumps from any of the PackML states to any other', () => {
    for (const from of packmlStates) {
      for (const to of packmlStates) {
        const actor = at(from)
        actor.send(seen(to, 2))
        expect(stateOf(actor), `${from} to ${to}`).toBe(to)
      }
    }
  })

  it('nests the states as OPC 30050 does: Aborted beside Cleared, Stopped beside Running', () => {
    expect(at('Execute').getSnapshot().value).toEqual({ Cleared: { Running: 'Execute' } })
    expect(at('Stopped').getSnapshot().value).toEqual({ Cleared: 'Stopped' })
    expect(at('Aborted').getSnapshot().value).toBe('Aborted')
  })

  it('is in its state since it entered it, however often it is seen there', () => {
    const actor = start()
    actor.send(seen('Execute', 100))
    const said = listen(actor)
    actor.send(seen('Execute', 200))
    expect(contextOf(actor)).toMatchObject({ since: 100, stateTime: 200, newest: 200 })
    expect(said).toEqual([])
  })

  it('counts another word or reason of the source for the same state as something new', () => {
    const actor = start()
    const said = listen(actor)
    actor.send(seen('Held', 100, 'INTERRUPTED'))
    actor.send(seen('Held', 200, 'FEED_HOLD'))
    expect(contextOf(actor)).toMatchObject({ since: 200, sourceState: 'FEED_HOLD' })
    expect(said.map(({ type }) => type)).toEqual(['state.changed', 'state.changed'])
  })

  it('takes no late observation for the present', () => {
    const actor = at('Execute')
    actor.send(seen('Execute', 200))
    actor.send(seen('Aborted', 100))
    actor.send(seen('Execute', 100))
    expect([stateOf(actor), contextOf(actor).stateTime]).toEqual(['Execute', 200])
  })

  it('takes whatever its source says first after the source began anew', () => {
    const actor = start()
    actor.send(seen('Execute', 200))
    actor.send({ type: 'MODE_OBSERVED', mode: 'Manual', time: 200 })
    actor.send({ type: 'COUNTED', counter: 'processed', reading: 5, time: 200 })
    actor.send({ type: 'COUNTED', counter: 'defective', reading: 5, time: 200 })
    actor.send({ type: 'SOURCE_FOUND', time: 201 })
    actor.send(seen('Idle', 100))
    actor.send({ type: 'MODE_OBSERVED', mode: 'Production', time: 100 })
    actor.send({ type: 'COUNTED', counter: 'processed', reading: 7, time: 100 })
    actor.send({ type: 'COUNTED', counter: 'defective', reading: 6, time: 100 })
    expect(stateOf(actor)).toBe('Idle')
    expect(contextOf(actor)).toMatchObject({
      mode: 'Production',
      processed: { count: 2 },
      defective: { count: 1 },
    })
  })

  it('makes up no part when a counter shows less after the source began anew, and counts on from there', () => {
    const actor = at('Execute')
    const count = (reading: number, time: number) =>
      actor.send({ type: 'COUNTED', counter: 'processed', reading, time })
    count(100, 200)
    count(107, 210)
    actor.send({ type: 'SOURCE_FOUND', time: 220 })
    const said = listen(actor)
    count(40, 230)
    expect(said).toEqual([])
    count(42, 240)
    count(1, 250)
    expect(contextOf(actor).processed).toEqual({ count: 10, reading: 1, time: 250 })
  })

  it('tells the states it must have passed between two observations, in their order, at the time of the second', () => {
    const actor = at('Aborted')
    const said = listen(actor)
    actor.send(seen('Execute', 50))
    expect(said).toEqual([
      ...['Clearing', 'Stopped', 'Resetting', 'Idle', 'Starting'].map(state => ({
        type: 'state.inferred',
        time: 50,
        state,
      })),
      { type: 'state.changed', time: 50, to: 'Execute', reason: 'none' },
    ])
    expect(cumulativeTimes(contextOf(actor))).toEqual({ Production: { Aborted: 49 } })
  })

  it.each<[PackmlState, PackmlState, PackmlState[]]>([
    ['Idle', 'Aborted', ['Aborting']],
    ['Execute', 'Idle', ['Completing', 'Complete', 'Resetting']],
    ['Held', 'Execute', ['Unholding']],
    ['Execute', 'Stopped', ['Stopping']],
    ['Suspending', 'Suspended', []],
    ['Undefined', 'Execute', []],
    ['Execute', 'Undefined', []],
  ])('that goes from %s to %s must have passed %j', (from, to, passed) => {
    const actor = at(from)
    const said = listen(actor)
    actor.send(seen(to, 9))
    expect(said.flatMap(emitted => (emitted.type === 'state.inferred' ? [emitted.state] : []))).toEqual(
      passed,
    )
  })

  it('changes its mode without leaving its state, and says so once', () => {
    const actor = at('Held')
    const said = listen(actor)
    actor.send({ type: 'MODE_OBSERVED', mode: 'Maintenance', time: 2 })
    actor.send({ type: 'MODE_OBSERVED', mode: 'Maintenance', time: 9 })
    actor.send({ type: 'MODE_OBSERVED', mode: 'Manual', time: 8 })
    actor.send({ type: 'MODE_OBSERVED', mode: 'Maintenance', time: 8 })
    expect(contextOf(actor)).toMatchObject({ state: 'Held', mode: 'Maintenance', modeTime: 9, newest: 9 })
    expect(said).toEqual([{ type: 'mode.changed', time: 2, to: 'Maintenance' }])
  })
})

describe('a machine led by commands', () => {
  const target = (from: PackmlState, by: Move) =>
    standardTable.find(([state, command]) => state === from && command === by)?.[2]

  it.each(packmlStates)('follows the table of TR88.00.02 from %s, and nothing else moves it', from => {
    for (const by of movesByPriority) {
      const actor = at(from)
      actor.send(move(by, 5))
      expect(stateOf(actor), by).toBe(target(from, by) ?? from)
      const scanned = at(from)
      scanned.send(by === 'STATE_COMPLETE' ? scan([], true, 5) : scan([by], false, 5))
      expect(stateOf(scanned), `scan of ${by}`).toBe(target(from, by) ?? from)
    }
  })

  it('has seventeen states and the eleven kinds of moves of the standard', () => {
    expect(new Set(standardTable.flatMap(([from, , to]) => [from, to])).size).toBe(17)
    expect(new Set(standardTable.map(([, by]) => by)).size).toBe(movesByPriority.length)
  })

  it.each<[PackmlState, Move[], boolean, PackmlState]>([
    ['Execute', ['HOLD', 'STOP', 'ABORT'], true, 'Aborting'],
    ['Execute', ['HOLD', 'STOP'], true, 'Stopping'],
    ['Suspended', ['UNSUSPEND', 'HOLD'], false, 'Holding'],
    ['Execute', ['SUSPEND', 'COMPLETE'], false, 'Suspending'],
    ['Held', ['UNHOLD', 'COMPLETE'], false, 'Completing'],
    ['Starting', ['STOP'], true, 'Stopping'],
    ['Starting', ['START', 'CLEAR'], true, 'Execute'],
    ['Aborting', ['ABORT', 'STOP', 'CLEAR'], true, 'Aborted'],
    ['Stopping', ['STOP', 'RESET'], true, 'Stopped'],
    ['Aborted', ['STOP', 'CLEAR'], true, 'Clearing'],
    ['Idle', [], true, 'Idle'],
  ])('in %s takes of %j (complete: %s) what goes first: %s', (from, asked, isComplete, to) => {
    const actor = at(from)
    actor.send(scan(asked, isComplete, 5))
    expect(stateOf(actor)).toBe(to)
  })

  it('takes Hold in more states where the Hold extension says so', () => {
    const config = { ...standardConfig, holdFrom: [...standardConfig.holdFrom, ...holdExtension] }
    for (const state of packmlStates) {
      const actor = at(state, config)
      actor.send(move('HOLD', 5))
      expect(stateOf(actor)).toBe(config.holdFrom.includes(state) ? 'Holding' : state)
    }
  })

  it('ends Execute by itself where it is configured so, as before 2022', () => {
    const actor = at('Execute', { ...standardConfig, executeCompletes: true })
    actor.send(move('STATE_COMPLETE', 5))
    expect(stateOf(actor)).toBe('Completing')
  })

  it.each<[PackmlState, PackmlState, Move, PackmlState]>([
    ['Aborting', 'Execute', 'ABORT', 'Aborted'],
    ['Clearing', 'Aborted', 'CLEAR', 'Stopped'],
    ['Stopping', 'Execute', 'STOP', 'Stopped'],
    ['Resetting', 'Stopped', 'RESET', 'Idle'],
    ['Resetting', 'Complete', 'RESET', 'Idle'],
    ['Starting', 'Idle', 'START', 'Execute'],
    ['Holding', 'Execute', 'HOLD', 'Held'],
    ['Unholding', 'Held', 'UNHOLD', 'Execute'],
    ['Suspending', 'Execute', 'SUSPEND', 'Suspended'],
    ['Unsuspending', 'Suspended', 'UNSUSPEND', 'Execute'],
    ['Completing', 'Execute', 'COMPLETE', 'Complete'],
    ['Completing', 'Held', 'COMPLETE', 'Complete'],
    ['Completing', 'Suspended', 'COMPLETE', 'Complete'],
    ['Held', 'Execute', 'HOLD', 'Execute'],
    ['Suspended', 'Execute', 'SUSPEND', 'Execute'],
    ['Complete', 'Execute', 'COMPLETE', 'Execute'],
    ['Complete', 'Held', 'COMPLETE', 'Held'],
    ['Complete', 'Suspended', 'COMPLETE', 'Suspended'],
    ['Held', 'Holding', 'STATE_COMPLETE', 'Holding'],
    ['Suspended', 'Suspending', 'STATE_COMPLETE', 'Suspending'],
    ['Complete', 'Completing', 'STATE_COMPLETE', 'Completing'],
  ])('without %s goes from %s by %s to %s', (disabled, from, by, to) => {
    const actor = at(from, withDisabled(disabled))
    actor.send(move(by, 5))
    expect(stateOf(actor)).toBe(to)
  })

  it('skips or closes the end of Execute like any other branch', () => {
    const ended = (...disabled: PackmlState[]) => {
      const actor = at('Execute', { ...withDisabled(...disabled), executeCompletes: true })
      actor.send(move('STATE_COMPLETE', 5))
      return stateOf(actor)
    }
    expect([ended('Completing'), ended('Complete')]).toEqual(['Complete', 'Execute'])
  })

  it('changes its mode in Stopped, Idle and Aborted only', () => {
    for (const state of packmlStates) {
      const actor = at(state)
      actor.send({ type: 'SET_MODE', mode: 'Manual', time: 5 })
      const isAllowed = ['Stopped', 'Idle', 'Aborted'].includes(state)
      expect(contextOf(actor).mode, state).toBe(isAllowed ? 'Manual' : 'Production')
      expect(contextOf(actor).modeTime, state).toBe(isAllowed ? 5 : 0)
    }
  })

  it('changes to a mode that it has, and only where both modes have the state', () => {
    const config: MachineConfig = { ...withDisabled(), modeChangeIn: ['Stopped', 'Held'] }
    const actor = at('Held', config)
    const said = listen(actor)
    const set = (mode: 'Manual' | 'Mode 7' | 'Maintenance', time: number) => {
      actor.send({ type: 'SET_MODE', mode, time })
      return contextOf(actor).mode
    }
    expect(set('Maintenance', 2)).toBe('Production')
    expect(set('Manual', 3)).toBe('Production')
    expect(set('Mode 7', 4)).toBe('Mode 7')
    expect(set('Mode 7', 5)).toBe('Mode 7')
    actor.send({ type: 'MODE_OBSERVED', mode: 'Manual', time: 6 })
    expect(set('Mode 7', 7)).toBe('Manual')
    expect(said.map(({ type, time }) => `${type} ${time}`)).toEqual(['mode.changed 4', 'mode.changed 6'])
  })

  it('knows why it is suspended until it is no longer', () => {
    const actor = at('Execute')
    const said = listen(actor)
    actor.send({ type: 'INTERLOCK', reason: 'starved', time: 2 })
    actor.send({ type: 'SUSPEND', reason: 'blocked', time: 3 })
    actor.send(move('STATE_COMPLETE', 4))
    expect(contextOf(actor)).toMatchObject({ state: 'Suspended', reason: 'blocked', since: 4 })
    actor.send({ type: 'INTERLOCK', reason: 'starved', time: 5 })
    actor.send({ type: 'INTERLOCK', reason: 'starved', time: 6 })
    expect(contextOf(actor)).toMatchObject({ reason: 'starved', since: 5, newest: 5 })
    actor.send(move('UNSUSPEND', 7))
    expect(contextOf(actor).reason).toBe('starved')
    actor.send(move('STATE_COMPLETE', 8))
    expect(contextOf(actor).reason).toBe('none')
    expect(said.filter(({ type }) => type === 'reason.changed')).toEqual([
      { type: 'reason.changed', time: 5, to: 'starved' },
    ])
  })

  it('keeps the first reason of a stop until it runs again', () => {
    const actor = at('Execute')
    const said = listen(actor)
    actor.send({ type: 'ABORT', stopReason: 'door open', time: 3 })
    actor.send({ type: 'STOP_REASON', stopReason: 'jam', time: 4 })
    expect(contextOf(actor).stopReason).toBe('door open')
    actor.send(seen('Execute', 10))
    expect(contextOf(actor).stopReason).toBe('')
    actor.send({ type: 'STOP_REASON', stopReason: 'late', time: 9 })
    actor.send({ type: 'STOP_REASON', stopReason: 'jam', time: 11 })
    actor.send({ type: 'HOLD', stopReason: 'second', time: 12 })
    expect(contextOf(actor).stopReason).toBe('jam')
    expect(contextOf(actor).newest).toBe(12)
    actor.send(seen('Execute', 13))
    actor.send({ type: 'SCAN', commands: ['STOP'], stateComplete: false, stopReason: 'shift end', time: 14 })
    expect(contextOf(actor).stopReason).toBe('shift end')
    expect(said.filter(({ type }) => type === 'stop.reason')).toEqual([
      { type: 'stop.reason', time: 11, stopReason: 'jam' },
    ])
  })

  it('says what it would accept now', () => {
    expect(acceptedBy(at('Idle').getSnapshot())).toEqual([
      'ABORT',
      'STOP',
      'START',
      'SET_MODE Maintenance',
      'SET_MODE Manual',
      'OBSERVED',
      'MODE_OBSERVED',
      'STOP_REASON',
      'COUNTED',
      'SCAN',
      'SOURCE_FOUND',
    ])
    expect(acceptedBy(at('Suspended').getSnapshot()).slice(0, 6)).toEqual([
      'ABORT',
      'STOP',
      'HOLD',
      'COMPLETE',
      'UNSUSPEND',
      'INTERLOCK',
    ])
    expect(acceptedBy(at('Aborting').getSnapshot())[0]).toBe('STATE_COMPLETE')
  })

  it('does not start with a configuration that the standard forbids', () => {
    const broken = createActor(machineMachine, { input: withDisabled('Idle') })
    expect(broken.getSnapshot()).toMatchObject({ status: 'error', error: { code: 'lasting-state-disabled' } })
  })
})
