import { describe, expect, it } from 'vitest'
import type { MachineContext } from '../../twins/machine/machine.context.js'
import { floorOf, machineOf, sensor, start, stateSignal } from './floor.fixture.js'
import { isStopReason, stopReasonOf } from './stop-reasons.js'

const status = (name: string, rest: object = {}) =>
  sensor('m', name, { role: 'status', quantity: 'text', type: 'text', unit: '', period: 0, ...rest })

describe('the reason of a stop', () => {
  it.each([
    ['stop-reason', {}, true],
    ['StopReason', {}, true],
    ['FaultCode', { quantity: 'number', type: 'number' }, true],
    ['alarm_code', {}, true],
    ['program', {}, false],
    ['reason', {}, false],
    ['fault-codes', {}, false],
    ['stop-reason', { role: 'sensor' }, false],
  ])('is said by %s %j: %s', (name, rest, expected) => {
    expect(isStopReason(status(name, rest))).toBe(expected)
  })

  it.each([
    ['E17', 'E17'],
    [' jam ', 'jam'],
    ['0', undefined],
    ['None', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('%s means %s', (word, reason) => {
    expect(stopReasonOf(word)).toBe(reason)
  })

  it('is the first one told since the machine last ran, and its line hears of it', () => {
    const { floor, say } = floorOf([machineOf('m', [stateSignal('m'), status('stop-reason')])])
    const reason = () => (floor.inspect('machine:m')!.context as MachineContext).stopReason
    say('m.execution', 'ACTIVE', start)
    say('m.stop-reason', 'none', start)
    expect(reason()).toBe('')
    say('m.stop-reason', 'jam', start + 1_000)
    say('m.execution', 'DOWN', start + 1_005)
    say('m.stop-reason', 'door', start + 2_000)
    expect(reason()).toBe('jam')
    expect(floor.inspect('line:l1')!.context).toMatchObject({ constraint: { machine: 'm', reason: 'jam' } })
    say('m.execution', 'ACTIVE', start + 3_000)
    expect(reason()).toBe('')
    say('m.execution', 'DOWN', start + 4_000)
    const entry = say('m.stop-reason', 'E17', start + 4_010)
    expect(reason()).toBe('E17')
    expect(entry?.twinEvents).toContainEqual({
      address: 'machine:m',
      time: start + 4_010,
      type: 'stop.reason',
      payload: { stopReason: 'E17' },
    })
  })

  it('can be a number', () => {
    const code = status('FaultCode', { quantity: 'number', type: 'number' })
    const { floor, say } = floorOf([machineOf('m', [stateSignal('m'), code])])
    say('m.execution', 'DOWN', start)
    say('m.FaultCode', 0, start)
    say('m.FaultCode', 17, start + 1)
    expect((floor.inspect('machine:m')!.context as MachineContext).stopReason).toBe('17')
  })
})
