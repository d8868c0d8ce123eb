import { describe, expect, it } from 'vitest'
import type { Limits } from '../../schema/sensor-state.js'
import { floorOf, machineOf, sensor, stateSignal } from './floor.fixture.js'

const minute = 60_000
const limits: Limits = { warningLow: 20, criticalLow: 10, warningHigh: 80, criticalHigh: 90 }

const mill = machineOf('mill', [
  sensor('mill', 'vibration', { quantity: 'vibration', limits }),
  sensor('mill', 'temperature', { limits }),
  stateSignal('mill'),
])
const tester = machineOf('tester', [sensor('tester', 'air', { quantity: 'pressure', limits })], {
  type: 'tester',
})
const driven = machineOf('driven', [
  sensor('driven', 'air', { quantity: 'pressure', limits }),
  stateSignal('driven'),
])

function realFloor(...args: Parameters<typeof floorOf>) {
  const ground = floorOf(...args)
  const faults = (machine = 0) =>
    ground.floor
      .faults(machine)
      .map(({ pattern, state, severity, estimated }) => ({ pattern, state, severity, estimated }))
  return { ...ground, faults }
}

/** A mill at work whose bearing shows in both of its sensors. */
function worriedMill() {
  const ground = realFloor([mill])
  ground.say('mill.execution', 'ACTIVE')
  ground.say('mill.vibration', 85)
  const entry = ground.say('mill.temperature', 85)
  return { ...ground, entry }
}

describe('the faults of a real machine', () => {
  it('are concluded from several sensors together, and marked as estimated', () => {
    const { entry, faults } = worriedMill()
    expect(faults()).toEqual([
      { pattern: 'bearing-failure', state: 'incipient', severity: 0.5, estimated: true },
    ])
    expect(entry?.rows?.fault_events).toEqual([
      expect.objectContaining({
        machine: 'mill',
        cause: 'evidence',
        estimated: true,
        rule: 'vibration with temperature',
        signals: ['mill.vibration', 'mill.temperature'],
      }),
    ])
  })

  it('are not concluded from one sensor that could mean anything', () => {
    const { say, faults, floor } = realFloor([mill])
    const healthy = floor.twins.size
    say('mill.vibration', 95)
    expect(faults()).toEqual([])
    expect(floor.twins.size).toBe(healthy)
  })

  it('get worse when a warning lasts for 15 minutes, though no level changes', () => {
    const { floor, wall, say, faults } = worriedMill()
    wall.time += 15 * minute - 1
    say('mill.vibration', 84)
    floor.tick()
    expect(faults()[0]?.state).toBe('incipient')
    wall.time += 1
    floor.tick()
    expect(faults()[0]?.state).toBe('developing')
  })

  it('are severe beyond the critical limits, and gone when the sensors are back', () => {
    const { say, faults } = worriedMill()
    say('mill.vibration', 95)
    expect(faults()[0]?.state).toBe('severe')
    say('mill.vibration', 50)
    expect(faults()).toEqual([])
  })

  it('are not looked at for a sample that changes no level', () => {
    const { floor, say } = worriedMill()
    const handled = () => floor.inspect('fault:mill.bearing-failure')?.lastEvents.length
    const before = handled()
    for (let i = 0; i < 100; i++) say('mill.vibration', 85 + i / 100)
    expect(handled()).toBe(before)
  })

  it('do not recover because the machine stands still', () => {
    const { say, faults } = worriedMill()
    say('mill.execution', 'DOWN')
    say('mill.vibration', 50)
    expect(faults()[0]?.state).toBe('incipient')
    say('mill.execution', 'ACTIVE')
    expect(faults()).toEqual([])
  })

  it('are not seen in the low pressure of a machine that stands', () => {
    const pneumatic = { ...driven, type: 'tester' }
    const { say, faults } = realFloor([pneumatic])
    say('driven.execution', 'READY')
    say('driven.air', 15)
    expect(faults()).toEqual([])
    say('driven.execution', 'ACTIVE')
    expect(faults()).toEqual([expect.objectContaining({ pattern: 'pneumatic-failure', state: 'incipient' })])
  })

  it('are seen in the low pressure of a machine that does not say what it does', () => {
    const { say, faults } = realFloor([tester])
    say('tester.air', 5)
    expect(faults()).toEqual([expect.objectContaining({ pattern: 'pneumatic-failure', state: 'severe' })])
  })

  it('stay as they were while nobody hears the machine, over a restart too', () => {
    const before = worriedMill()
    before.floor.sourceLost('plc')
    expect(before.faults()).toHaveLength(1)
    const snapshots = before.floor.snapshot()?.snapshots ?? []
    const { floor, wall, faults, say } = realFloor([mill], { snapshots })
    wall.time += minute
    floor.tick()
    expect(faults()).toEqual(before.faults())
    say('mill.temperature', 50)
    expect(faults()).toEqual([])
  })

  it('grow rapidly or gradually, by what their sensors showed a day and a week ago', () => {
    const growth = (past: 'dayAgo' | 'weekAgo', value: number) => {
      const { floor, say } = realFloor([mill])
      floor.learnPast(past, new Map([[0, value]]))
      say('mill.vibration', 84)
      say('mill.temperature', 84)
      return floor.faults(0)[0]?.growth
    }
    expect(growth('dayAgo', 56)).toBe('rapid')
    expect(growth('dayAgo', 57)).toBe('steady')
    expect(growth('weekAgo', 70)).toBe('gradual')
    expect(growth('weekAgo', 71)).toBe('steady')
  })

  it('show in sensors that are within their limits but unusual for themselves, an alert after half an hour', () => {
    const parts = [
      sensor('mill', 'vibration', { quantity: 'vibration', limits, period: minute }),
      sensor('mill', 'temperature', { limits, period: minute }),
    ]
    const { floor, wall, say, faults } = realFloor([machineOf('mill', parts)])
    const show = (minutes: number, rise: number) => {
      for (let i = 0; i < minutes; i++) {
        wall.time += minute
        say('mill.vibration', 40 + 2 * Math.sin(i) + rise)
        say('mill.temperature', 40 + 2 * Math.sin(i) + rise)
      }
      floor.tick()
    }
    show(6 * 8 * 60, 0)
    expect(faults()).toEqual([])
    show(2 * 60, 20)
    expect(faults()).toEqual([expect.objectContaining({ pattern: 'bearing-failure', state: 'developing' })])
    expect(floor.faults(0)[0]?.severity).toBe(0.25)
    show(2 * 60, 0)
    expect(faults()).toEqual([])
  })

  it('move on in their progress as time passes', () => {
    const { floor, wall } = worriedMill()
    wall.time += 10 * minute
    floor.tick()
    expect(floor.faults(0)[0]?.progress).toBeGreaterThan(0)
  })

  it('are never concluded of a simulated machine, whose damage is known', () => {
    const { say, faults } = realFloor([mill], { isSimulated: true })
    say('mill.vibration', 95)
    say('mill.temperature', 95)
    expect(faults()).toEqual([])
  })
})
