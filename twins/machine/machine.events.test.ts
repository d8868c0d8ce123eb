import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createActor } from 'xstate'
import { propertyRuns } from '../proof/runs.js'
import { anyEvents, configs } from './machine.arbitrary.js'
import { freshContext } from './machine.context.js'
import { checkMachineEvent } from './machine.events.js'
import { machineMachine } from './machine.machine.js'
import { movesByPriority } from './rules.js'

const fresh = freshContext()
const reached = {
  ...fresh,
  newest: 100,
  stateTime: 90,
  modeTime: 80,
  runSince: 70,
  processed: { count: 0, reading: 0, time: 60 },
}

describe('checkMachineEvent', () => {
  it.each([
    [undefined, 'unknown-event'],
    [null, 'unknown-event'],
    ['START', 'unknown-event'],
    [{ time: 1 }, 'unknown-event'],
    [{ type: 'DANCE', time: 1 }, 'unknown-event'],
    [{ type: 'constructor', time: 1 }, 'unknown-event'],
    [{ type: 'START' }, 'bad-payload'],
    [{ type: 'START', time: '1' }, 'bad-payload'],
    [{ type: 'START', time: Number.NaN }, 'not-a-number'],
    [{ type: 'START', time: Number.POSITIVE_INFINITY }, 'not-a-number'],
    [{ type: 'STOP', time: 1, stopReason: 3 }, 'bad-payload'],
    [{ type: 'SUSPEND', time: 1, reason: 'tired' }, 'bad-payload'],
    [{ type: 'SCAN', time: 1, commands: 'ABORT', stateComplete: true }, 'bad-payload'],
    [{ type: 'SCAN', time: 1, commands: ['JUMP'], stateComplete: true }, 'bad-payload'],
    [{ type: 'SCAN', time: 1, commands: ['ABORT'] }, 'bad-payload'],
    [{ type: 'SCAN', time: 1, commands: [], stateComplete: true, reason: 'tired' }, 'bad-payload'],
    [{ type: 'OBSERVED', time: 1, state: 'Running', reason: 'none', sourceState: '' }, 'bad-payload'],
    [{ type: 'OBSERVED', time: 1, state: 'Held', reason: '', sourceState: '' }, 'bad-payload'],
    [{ type: 'OBSERVED', time: 1, state: 'Held', reason: 'none' }, 'bad-payload'],
    [{ type: 'MODE_OBSERVED', time: 1, mode: 'Mode 32' }, 'bad-payload'],
    [{ type: 'SET_MODE', time: 1, mode: 'Mode 3' }, 'bad-payload'],
    [{ type: 'SET_MODE', time: 1, mode: 5 }, 'bad-payload'],
    [{ type: 'INTERLOCK', time: 1, reason: undefined }, 'bad-payload'],
    [{ type: 'STOP_REASON', time: 1, stopReason: '' }, 'bad-payload'],
    [{ type: 'STOP_REASON', time: 1, stopReason: 1 }, 'bad-payload'],
    [{ type: 'SOURCE_FOUND', time: 1, hasOwnClock: 'yes' }, 'bad-payload'],
    [{ type: 'COUNTED', time: 1, counter: 'good', reading: 1 }, 'bad-payload'],
    [{ type: 'COUNTED', time: 1, counter: 'processed', reading: '1' }, 'bad-payload'],
    [{ type: 'COUNTED', time: 1, counter: 'processed', reading: -1 }, 'bad-payload'],
    [{ type: 'COUNTED', time: 1, counter: 'processed', reading: 1000.5 }, 'bad-payload'],
    [{ type: 'COUNTED', time: 1, counter: 'processed', reading: Number.NaN }, 'not-a-number'],
  ])('refuses %j as %s', (event, code) => {
    const problem = checkMachineEvent(event, fresh)
    expect(problem?.code).toBe(code)
    expect(problem?.detail).not.toBe('')
  })

  it.each<[object, number]>([
    [{ type: 'OBSERVED', state: 'Held', reason: 'none', sourceState: '' }, 90],
    [{ type: 'MODE_OBSERVED', mode: 'Mode 4' }, 80],
    [{ type: 'STOP_REASON', stopReason: 'jam' }, 70],
    [{ type: 'COUNTED', counter: 'processed', reading: 1 }, 60],
    [{ type: 'SET_MODE', mode: 'Manual' }, 100],
    [{ type: 'INTERLOCK', reason: 'starved' }, 100],
    [{ type: 'SCAN', commands: ['ABORT'], stateComplete: false }, 100],
    ...movesByPriority.map(type => [{ type, reason: 'none', stopReason: 'jam' }, 100] as [object, number]),
  ])('takes %j from its time on, %d, and not before', (event, limit) => {
    expect(checkMachineEvent({ ...event, time: limit }, reached)).toBeUndefined()
    expect(checkMachineEvent({ ...event, time: limit - 1 }, reached)?.code).toBe('time-backwards')
  })

  it('takes a source’s new beginning at any time, and a first event too', () => {
    expect(checkMachineEvent({ type: 'SOURCE_FOUND', time: -5 }, reached)).toBeUndefined()
    expect(checkMachineEvent({ type: 'SOURCE_FOUND', time: 5, hasOwnClock: true }, reached)).toBeUndefined()
    expect(checkMachineEvent({ type: 'RESET', time: -5 }, fresh)).toBeUndefined()
  })

  it('refuses a value that cannot even be shown', () => {
    const hostile = { toString: false }
    for (const event of [
      { type: 'OBSERVED', time: hostile },
      { type: 'ABORT', time: hostile },
      { type: hostile, time: 1 },
    ]) {
      expect(checkMachineEvent(event, fresh)).toBeDefined()
    }
  })

  it('lets no garbage through that would change or break the twin', () => {
    const config = configs[0]!
    const anyField = fc.oneof(fc.anything(), fc.constantFrom(Number.NaN, -1, 'Held', 'none', 'processed', []))
    const anyThing = fc.record(
      {
        type: fc.constantFrom(
          'OBSERVED',
          'MODE_OBSERVED',
          'SCAN',
          'COUNTED',
          'SET_MODE',
          'INTERLOCK',
          'ABORT',
        ),
        time: fc.oneof(fc.integer(), fc.anything()),
        state: anyField,
        mode: anyField,
        reason: anyField,
        commands: anyField,
        counter: anyField,
        reading: anyField,
      },
      { requiredKeys: ['type'] },
    )
    fc.assert(
      fc.property(anyEvents(config, { maxLength: 8 }), anyThing, (events, garbage) => {
        const actor = createActor(machineMachine, { input: config }).start()
        for (const event of events) {
          if (checkMachineEvent(event, actor.getSnapshot().context) === undefined) actor.send(event)
        }
        const { context } = actor.getSnapshot()
        if (checkMachineEvent(garbage, context) !== undefined) return
        actor.send(garbage as never)
        expect(actor.getSnapshot().status).toBe('active')
        const { newest } = actor.getSnapshot().context
        expect((newest ?? 0) >= (context.newest ?? newest ?? 0)).toBe(true)
      }),
      { numRuns: propertyRuns },
    )
  })
})
