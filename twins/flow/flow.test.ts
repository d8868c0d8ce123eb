import { describe, expect, it } from 'vitest'
import { type PackmlState, packmlNumber, packmlStates, suspendReasons } from '../../schema/packml.js'
import { constant } from './distribution.js'
import { type Duty, healthyDuty } from './duty.js'
import { Flow } from './flow.js'
import { type FlowMachine, plantFlow } from './plant-flow.js'
import { testMachine } from './test-line.js'

const start = Date.UTC(2026, 0, 5, 6)
const hour = 3_600_000

/** From where to where a machine may go by itself or on a command (TR88.00.02-2022, transition table). */
const legal: Readonly<Partial<Record<PackmlState, readonly PackmlState[]>>> = {
  Aborted: ['Clearing'],
  Clearing: ['Stopped', 'Aborting'],
  Stopped: ['Resetting', 'Aborting'],
  Resetting: ['Idle', 'Stopping', 'Aborting'],
  Idle: ['Starting', 'Stopping', 'Aborting'],
  Starting: ['Execute', 'Stopping', 'Aborting'],
  Execute: ['Completing', 'Holding', 'Suspending', 'Stopping', 'Aborting'],
  Suspending: ['Suspended', 'Stopping', 'Aborting'],
  Suspended: ['Unsuspending', 'Holding', 'Completing', 'Stopping', 'Aborting'],
  Unsuspending: ['Execute', 'Stopping', 'Aborting'],
  Holding: ['Held', 'Stopping', 'Aborting'],
  Held: ['Unholding', 'Completing', 'Stopping', 'Aborting'],
  Unholding: ['Execute', 'Stopping', 'Aborting'],
  Completing: ['Complete', 'Stopping', 'Aborting'],
  Complete: ['Resetting', 'Stopping', 'Aborting'],
  Stopping: ['Stopped', 'Aborting'],
  Aborting: ['Aborted'],
}

interface Seen {
  readonly machine: number
  readonly time: number
  readonly state: PackmlState
  readonly reason: string
}

const line = (...cycles: number[]): FlowMachine[] =>
  cycles.map((idealCycleTime, i) => ({
    id: `m${i}`,
    idealCycleTime,
    feeds: i + 1 < cycles.length ? [i + 1] : [],
  }))

/** Runs machines for some hours, in full swing from the start; `look` sees the flow at every part. */
function run(
  machines: readonly FlowMachine[],
  hours: number,
  duty: Partial<Duty> = {},
  look = (_: Flow) => {},
) {
  const seen: Seen[] = []
  const flow: Flow = new Flow(plantFlow(machines, 1, { ...healthyDuty, ...duty }), {
    seed: 1,
    start,
    warmUp: 4 * hour,
    listener: {
      onState: (machine, time) =>
        seen.push({
          machine,
          time,
          state: packmlStates[flow.state[machine]!]!,
          reason: suspendReasons[flow.reason[machine]!]!,
        }),
      onPart: () => look(flow),
    },
  })
  const first = [...flow.state]
  const produced = [...flow.produced]
  const rejected = [...flow.rejected]
  flow.advance(start + hours * hour)
  const made = flow.produced.map((count, m) => count - produced[m]!)
  const bad = flow.rejected.map((count, m) => count - rejected[m]!)
  return { flow, seen, first, made, bad }
}

/** Share of the time that each machine spent in Execute. */
function executeShare(seen: readonly Seen[], first: readonly number[], hours: number): number[] {
  return first.map((number, machine) => {
    let state = packmlStates[number]!
    let since = start
    let total = 0
    for (const change of seen.filter(change => change.machine === machine)) {
      if (state === 'Execute') total += change.time - since
      state = change.state
      since = change.time
    }
    if (state === 'Execute') total += start + hours * hour - since
    return total / (hours * hour)
  })
}

describe('machines in a line', () => {
  const frequent: Partial<Duty> = { minorStopEvery: 300, breakdownEvery: 1500, changeoverEvery: 900 }

  it('move only along legal PackML transitions, through every state of their repertoire', () => {
    const { seen, first } = run(line(20, 25, 22, 24), 24, frequent)
    const current = first.map(number => packmlStates[number]!)
    const visited = new Set<string>()
    for (const { machine, state } of seen) {
      expect(legal[current[machine]!]).toContain(state)
      current[machine] = state
      visited.add(state)
    }
    expect(packmlStates.filter(state => !visited.has(state))).toEqual(['Undefined', 'Stopping'])
  })

  it('tell everything in the order of time, in whole milliseconds', () => {
    const { seen } = run(line(20, 25, 22), 8, frequent)
    for (const [i, { time }] of seen.entries()) {
      expect(Number.isInteger(time)).toBe(true)
      expect(time).toBeGreaterThanOrEqual(seen[i - 1]?.time ?? start)
    }
  })

  it('spend 70 to 95 % of eight hours in Execute, on average over the lines', () => {
    const shares = [0, 1, 2, 3, 4, 5].flatMap(shift => {
      const machines = line(...Array.from({ length: 12 }, (_, i) => 50 + ((i * 7 + shift) % 8)))
      const { seen, first } = run(
        machines.map((machine, i) => ({ ...machine, id: `l${shift}-m${i}` })),
        8,
      )
      return executeShare(seen, first, 8)
    })
    const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length
    expect(mean).toBeGreaterThan(0.7)
    expect(mean).toBeLessThan(0.95)
  })

  it('count parts that never become fewer, rejects among them', () => {
    let produced = Number.NaN
    let rejected = 0
    const { flow } = run(line(20, 25, 22), 8, frequent, flow => {
      const sum = (column: Float64Array) => column.reduce((total, count) => total + count, 0)
      if (Number.isNaN(produced)) {
        produced = sum(flow.produced) - 1
        rejected = sum(flow.rejected)
      }
      expect(sum(flow.produced)).toBe(produced + 1)
      expect(sum(flow.rejected) - rejected).toBeGreaterThanOrEqual(0)
      expect(sum(flow.rejected) - rejected).toBeLessThanOrEqual(1)
      produced = sum(flow.produced)
      rejected = sum(flow.rejected)
    })
    expect(Math.min(...flow.rejected)).toBeGreaterThan(0)
    expect(Math.max(...flow.rejected)).toBeLessThan(Math.min(...flow.produced))
  })

  it('neither lose parts nor make them out of nothing', () => {
    const { flow } = run(line(20, 25, 22, 24, 23), 24, frequent)
    const atFirst = plantFlow(line(20, 25, 22, 24, 23), 1).machines.slice(1)
    const before = atFirst.reduce((parts, { buffer }) => parts + buffer.initial, 0)
    const scrap = flow.rejected.reduce((parts, count) => parts + count, 0)
    expect(flow.entered + before).toBe(flow.shipped + scrap + flow.workInProcess)
    expect(flow.shipped).toBe(flow.produced[4]! - flow.rejected[4]!)
  })

  it('keep the cycle they were planned with, give or take their own pace', () => {
    const { made } = run(line(30), 8, { minorStopEvery: 1e9, breakdownEvery: 1e9, changeoverEvery: 1e9 })
    const cycle = (8 * 3600) / made[0]!
    expect(cycle).toBeGreaterThan(30)
    expect(cycle).toBeLessThan(30 * 1.07)
  })

  it('are blocked before a slow machine and starved behind it, and say so', () => {
    const { seen, made } = run(line(10, 60, 10), 4)
    const reasonsOf = (machine: number) =>
      new Set(
        seen
          .filter(change => change.machine === machine && change.state === 'Suspended')
          .map(change => change.reason),
      )
    expect([...reasonsOf(0)]).toEqual(['blocked'])
    expect([...reasonsOf(2)]).toEqual(['starved'])
    expect(made[0]! - made[2]!).toBeLessThan(2 * (healthyDuty.buffer[1] + 2))
  })

  it('go on with the part after a minor stop and lose it in a breakdown', () => {
    const onlyMinor = run(line(30), 24, {
      minorStopEvery: 200,
      breakdownEvery: 1e9,
      changeoverEvery: 1e9,
      rejectShare: [0, 0],
    })
    expect(onlyMinor.seen.filter(({ state }) => state === 'Held').length).toBeGreaterThan(100)
    expect(onlyMinor.flow.rejected[0]).toBe(0)
    const breakdowns = run(line(30), 24, {
      minorStopEvery: 1e9,
      breakdownEvery: 600,
      changeoverEvery: 1e9,
      rejectShare: [0, 0],
    })
    const started = breakdowns.seen.filter(({ state }) => state === 'Aborting').length
    expect(started).toBeGreaterThan(10)
    expect(breakdowns.bad[0]).toBe(started)
  })

  it('change over one after the other, as the first part of the next product reaches them', () => {
    const { seen, flow } = run(line(30, 30, 30), 48, { changeoverEvery: 2 * 3600 })
    // By number of the changeover, since some machines may have met one more before the first of these days.
    const setUp = [0, 1, 2].map(machine => {
      const changes = seen.filter(change => change.machine === machine && change.state === 'Complete')
      const before = flow.changeovers[machine]! - changes.length
      return new Map(changes.map(({ time }, turn) => [before + turn, time]))
    })
    for (const machine of [1, 2]) {
      const shared = [...setUp[machine]!].filter(([turn]) => setUp[machine - 1]!.has(turn))
      expect(shared.length).toBeGreaterThan(10)
      for (const [turn, time] of shared) expect(time).toBeGreaterThan(setUp[machine - 1]!.get(turn)!)
    }
  })

  it('stand behind the buffers that the plant gives them', () => {
    const machines = line(20, 25, 22).map((machine, m) =>
      m === 1 ? { ...machine, buffer: { capacity: 3, transport: 40 } } : machine,
    )
    const { flow, made } = run(machines, 8, frequent, ({ buffers }) => {
      expect(buffers.level[1]).toBeLessThanOrEqual(3)
    })
    expect(flow.buffers.capacity[1]).toBe(3)
    // Three parts on a way of 40 s: no more than that passes.
    expect(made[1]).toBeLessThanOrEqual((8 * 3600) / (40 / 3) + 3)
  })

  it('are met at work: most in Execute, the rest in the middle of a stop', () => {
    const machines = Array.from({ length: 400 }, (_, i) => ({
      id: `alone-${i}`,
      idealCycleTime: 40,
      feeds: [],
    }))
    const { first } = run(machines, 0)
    const share = first.filter(state => state === packmlNumber.Execute).length / machines.length
    expect(share).toBeGreaterThan(0.9)
    expect(share).toBeLessThan(0.99)
    expect(new Set(first).size).toBeGreaterThanOrEqual(3)
  })
})

describe('a machine whose physics interferes', () => {
  const calm: Partial<Duty> = {
    minorStopEvery: 1e9,
    breakdownEvery: 1e9,
    changeoverEvery: 1e9,
    rejectShare: [0, 0],
    cycleJitter: 0,
  }

  /** A line under way by hand. */
  function begin(...cycles: number[]) {
    const flow = new Flow(plantFlow(line(...cycles), 1, { ...healthyDuty, ...calm }), { seed: 1, start })
    return {
      flow,
      to: (time: number) => flow.advance(time),
      stateOf: (machine: number) => packmlStates[flow.state[machine]!],
    }
  }

  it('takes as much longer for a part, and rejects as much more, as it is told', () => {
    const healthy = begin(30)
    const slow = begin(30)
    slow.flow.cycleFactor[0] = 1.25
    slow.flow.extraReject[0] = 0.3
    for (const each of [healthy, slow]) each.to(start + 100 * hour)
    expect(healthy.flow.produced[0]! / slow.flow.produced[0]!).toBeCloseTo(1.25, 2)
    expect(healthy.flow.rejected[0]).toBe(0)
    expect(slow.flow.rejected[0]! / slow.flow.produced[0]!).toBeCloseTo(0.3, 1)
  })

  it('is aborted by a trip, loses its part, stays down until it is repaired, and then starts as it should', () => {
    const { flow, to, stateOf } = begin(30, 30)
    to(start + hour)
    const rejected = flow.rejected[1]!
    flow.trip(1, start + hour, 'bearing-failure')
    flow.trip(1, start + hour, 'a second reason')
    expect(stateOf(1)).toBe('Aborting')
    expect(flow.rejected[1]).toBe(rejected + 1)
    const worked = flow.operatingTime(1, start + hour)
    to(start + 9 * hour)
    expect(stateOf(1)).toBe('Aborted')
    expect(flow.tripReason(1)).toBe('bearing-failure')
    expect(flow.operatingTime(1, start + 9 * hour)).toBe(worked)
    // Who stands before it runs out of room.
    expect([stateOf(0), suspendReasons[flow.reason[0]!]]).toEqual(['Suspended', 'blocked'])

    flow.repair(1, start + 9 * hour)
    expect(stateOf(1)).toBe('Clearing')
    expect(flow.tripReason(1)).toBeUndefined()
    to(start + 10 * hour)
    expect([stateOf(0), stateOf(1)]).toEqual(['Execute', 'Execute'])
    expect(flow.operatingTime(1, start + 10 * hour)).toBeGreaterThan(worked + 0.9 * hour)
    expect(flow.rejected[1]).toBe(rejected + 1)
  })

  it('keeps the finished part that it could not hand over when it is tripped', () => {
    const { flow, to, stateOf } = begin(10, 3600)
    const initial = flow.buffers.level[1]!
    to(start + 2 * hour)
    expect(stateOf(0)).toBe('Suspended')
    flow.trip(0, start + 2 * hour, 'electrical-fault')
    to(start + 3 * hour)
    flow.repair(0, start + 3 * hour)
    to(start + 24 * hour)
    expect(flow.rejected[0]).toBe(0)
    expect(flow.entered + initial).toBe(flow.shipped + flow.workInProcess)
  })

  it('clears by itself when it is repaired before it has come to rest', () => {
    const { flow, to, stateOf } = begin(30)
    to(start + hour)
    flow.trip(0, start + hour, 'electrical-fault')
    flow.repair(0, start + hour)
    expect(stateOf(0)).toBe('Aborting')
    to(start + hour + 180_000)
    expect(stateOf(0)).toBe('Execute')
  })

  /** One machine that is down from the start for four hours, its crew busy for two of them or not. */
  const broken = (isWaiting: boolean, state: 'Held' | 'Aborted' = 'Aborted') => {
    const mode = (repair: number, up: number) => ({
      state,
      clock: 'operating' as const,
      up: constant(up),
      down: constant(repair),
      scrapsPart: false,
      crew: 0,
    })
    const machines = [
      testMachine('other', { failures: [mode(isWaiting ? 7200 : 0.001, 50)] }),
      testMachine('one', { failures: [mode(14_400, 60)], acting: { Aborting: constant(10) } }),
    ]
    const flow = new Flow({ machines, pools: [{ id: 'crew', size: 1 }] }, { seed: 1, start: 0 })
    const stateAt = (minutes: number): string => {
      flow.advance(minutes * 60_000)
      return packmlStates[flow.state[1]!]!
    }
    return { flow, stateAt }
  }

  it.each([
    ['Aborted', false, 241],
    ['Aborted', true, 361],
    ['Held', false, 241],
    ['Held', true, 361],
  ] as const)(
    'goes on with the repair of a machine that is %s when it is tripped (crew busy: %s)',
    (state, isWaiting, over) => {
      const { flow, stateAt } = broken(isWaiting, state)
      expect(stateAt(10)).toBe(state)
      flow.trip(1, 10 * 60_000, 'electrical-fault')
      expect(stateAt(12)).toBe('Aborted')
      flow.repair(1, 12 * 60_000)
      expect(stateAt(over - 2)).toBe('Aborted')
      expect(stateAt(over + 0.4)).toBe('Execute')
    },
  )

  it('comes to its stop though its crew arrives on the way', () => {
    const { flow, stateAt } = broken(true, 'Held')
    const arrival = (50 + 7200) / 60
    expect(stateAt(arrival - 0.1)).toBe('Held')
    flow.trip(1, (arrival - 0.1) * 60_000, 'electrical-fault')
    expect(stateAt(arrival + 0.05)).toBe('Aborting')
    expect(stateAt(arrival + 0.1)).toBe('Aborted')
    flow.repair(1, (arrival + 0.1) * 60_000)
    expect(stateAt(arrival + 239)).toBe('Aborted')
    expect(stateAt(arrival + 240.5)).toBe('Execute')
  })

  it('stays down after its own repair for as long as it is tripped, and its crew is free', () => {
    const { flow, stateAt } = broken(false)
    expect(stateAt(10)).toBe('Aborted')
    flow.trip(1, 10 * 60_000, 'electrical-fault')
    expect(stateAt(300)).toBe('Aborted')
    flow.repair(1, 300 * 60_000)
    expect(stateAt(300.4)).toBe('Execute')
  })

  it('says how long it has worked, to the millisecond', () => {
    const { flow, to } = begin(30, 30, 30)
    let last = 0
    for (let time = start; time <= start + 4 * hour; time += 777) {
      to(time)
      const worked = flow.operatingTime(1, time)
      expect(worked).toBeGreaterThanOrEqual(last)
      expect(worked - last).toBeLessThanOrEqual(777)
      last = worked
    }
    expect(last).toBeGreaterThan(3.5 * hour)
    expect(last).toBeLessThanOrEqual(4 * hour)
  })
})
