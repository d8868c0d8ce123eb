import { describe, expect, it } from 'vitest'
import { packmlNumber, suspendReasons } from '../../schema/packml.js'
import { propertyRuns } from '../proof/runs.js'
import { constant, exponential } from './distribution.js'
import { Flow } from './flow.js'
import { quiet } from './listener.js'
import { measured } from './measure.js'
import type { FailureMode, FlowModel, MachineModel } from './model.js'
import { RandomStream } from './random.js'
import { testLine, testMachine } from './test-line.js'
import { repairShop } from './theory.js'

const second = 1000
const hour = 3600 * second
const { Idle, Execute, Suspending, Suspended, Unsuspending, Resetting, Held } = packmlNumber

const exponentialFailure = (up: number, down: number, rest: Partial<FailureMode> = {}): FailureMode => ({
  state: 'Aborted',
  clock: 'operating',
  up: exponential(up),
  down: exponential(down),
  scrapsPart: false,
  ...rest,
})

interface Watched {
  readonly flow: Flow
  /** What was told, in its order; times in seconds. */
  readonly states: { machine: number; time: number; state: number; reason: string }[]
  readonly parts: { machine: number; time: number; product: number }[]
}

/** Runs a model from rest, at the time 0. */
function watch(model: FlowModel, until: number): Watched {
  const states: Watched['states'] = []
  const parts: Watched['parts'] = []
  const flow: Flow = new Flow(model, {
    seed: 1,
    start: 0,
    listener: {
      onState: (machine, time) => {
        const reason = suspendReasons[flow.reason[machine]!]!
        states.push({ machine, time: time / second, state: flow.state[machine]!, reason })
      },
      onPart: (machine, time) => {
        parts.push({ machine, time: time / second, product: flow.product[machine]! })
      },
    },
  })
  flow.advance(until)
  return { flow, states, parts }
}

const run = (model: FlowModel, until: number): Flow => watch(model, until).flow

const good = (flow: Flow, machine: number): number => flow.produced[machine]! - flow.rejected[machine]!

describe('crews that repair', () => {
  it.each([
    [6, 1],
    [6, 2],
    [5, 5],
  ])('keep as many of %d machines up as the theory of %d crews says', (machines, crews) => {
    const rates = { p: 1 / 600, r: 1 / 200 }
    const model: FlowModel = {
      machines: Array.from({ length: machines }, (_, m) =>
        testMachine(`m${m}`, {
          cycle: constant(200),
          failures: [exponentialFailure(1 / rates.p, 1 / rates.r, { crew: 0 })],
        }),
      ),
      pools: [{ id: 'crew', size: crews }],
    }
    const shares = Array.from({ length: 16 }, (_, seed) => {
      const flow = new Flow(model, { seed, start: 0 })
      flow.advance(200 * hour)
      const worked = model.machines.map((_, m) => flow.operatingTime(m, 200 * hour))
      return worked.reduce((sum, time) => sum + time, 0) / (200 * hour)
    })
    const { mean, error } = measured(shares)
    expect(Math.abs(mean - repairShop(machines, crews, rates)) / error).toBeLessThan(4)
  })

  it('come in the order they were called, each to one machine at a time', () => {
    const failing = (up: number): MachineModel =>
      testMachine(`after-${up}`, {
        cycle: constant(1000),
        failures: [
          {
            state: 'Aborted',
            clock: 'operating',
            up: constant(up),
            down: constant(100),
            scrapsPart: false,
            crew: 0,
          },
        ],
      })
    const machines = [failing(70), failing(30), failing(50)]
    const { states } = watch({ machines, pools: [{ id: 'crew', size: 1 }] }, 335 * second)
    const back = states.filter(({ state, time }) => state === Execute && time > 0)
    // The second fails first, is repaired from 30 to 130 s and fails again at 160 s, behind the two that wait.
    expect(back.map(({ machine, time }) => [machine, time])).toEqual([
      [1, 130],
      [2, 230],
      [0, 330],
    ])
  })
})

describe('operators', () => {
  it('who are too few let the machines take turns, and none is used twice at once', () => {
    const machine = (m: number) => testMachine(`m${m}`, { cycle: exponential(10), operator: 0 })
    const flow = run({ machines: [0, 1, 2].map(machine), pools: [{ id: 'operators', size: 2 }] }, 10 * hour)
    const worked = [0, 1, 2].map(m => flow.operatingTime(m, 10 * hour))
    // Never more than two at once, and never fewer, since there is always a machine that waits.
    expect(worked.reduce((sum, time) => sum + time, 0)).toBe(20 * hour)
    expect(Math.min(...worked) / Math.max(...worked)).toBeGreaterThan(0.9)
  })

  it('are free while the machine they served is down', () => {
    const machine = (id: string, failures: readonly FailureMode[]) =>
      testMachine(id, { cycle: constant(10), operator: 0, failures })
    const broken: FailureMode = {
      state: 'Held',
      clock: 'operating',
      up: constant(5),
      down: constant(1e7),
      scrapsPart: false,
    }
    const model = {
      machines: [machine('breaks', [broken]), machine('works', [])],
      pools: [{ id: 'operator', size: 1 }],
    }
    const flow = run(model, hour)
    expect([...flow.produced]).toEqual([0, Math.floor((3600 - 5) / 10)])
  })
})

describe('hours', () => {
  const calendar = {
    kind: 'repeating',
    origin: 0,
    period: 86_400,
    open: [
      [6 * 3600, 10 * 3600],
      [10.5 * 3600, 14 * 3600],
    ],
  } as const
  const model = testLine(
    [
      { cycle: constant(60), calendar: 0 },
      { cycle: constant(60), calendar: 0 },
    ],
    5,
    {
      calendars: [calendar],
    },
  )

  it('are kept: machines finish their part, rest in Idle, and begin with the shift', () => {
    const { flow, states } = watch(model, 48 * hour)
    // 7.5 hours a day; the last machine begins a minute later, and takes its last part before the end.
    expect(flow.produced[0]).toBe(2 * (4 * 60 + 3.5 * 60))
    expect(flow.produced[1]).toBeGreaterThanOrEqual(2 * 7.5 * 60 - 4)
    const first = states.filter(({ machine }) => machine === 0)
    expect(first.map(({ time, state }) => [time / 3600, state])).toEqual([
      [6, Execute],
      [10, Idle],
      [10.5, Execute],
      [14, Idle],
      [30, Execute],
      [34, Idle],
      [34.5, Execute],
      [38, Idle],
    ])
    expect([...flow.state]).toEqual([Idle, Idle])
  })

  it('begin in the middle of a shift as well', () => {
    const flow = new Flow(model, { seed: 1, start: 8 * hour })
    flow.advance(9 * hour)
    expect(flow.produced[0]).toBe(60)
  })

  it('repeat for ever, before their origin too', () => {
    const flow = new Flow(
      { ...model, calendars: [{ ...calendar, origin: 30 * 24 * hour }] },
      { seed: 1, start: 0 },
    )
    flow.advance(24 * hour)
    expect(flow.produced[0]).toBe(450)
  })
})

describe('work orders', () => {
  it('are made in their order, from their release on, and then the line is idle', () => {
    const orders = [
      { product: 1, quantity: 20 },
      { product: 2, quantity: 10, release: 2 * hour },
    ]
    const setups = [
      { from: 1, to: 2, time: constant(600) },
      { to: 1, time: constant(60) },
    ]
    const { flow, parts } = watch(
      testLine(
        [
          { cycle: constant(30), demand: 0, setups },
          { cycle: constant(30), setups },
        ],
        3,
        {
          demands: [{ id: 'orders', kind: 'orders', orders }],
        },
      ),
      24 * hour,
    )
    expect(flow.entered).toBe(30)
    expect(flow.shipped).toBe(30)
    const made = (product: number) => parts.filter(part => part.machine === 1 && part.product === product)
    expect(made(1)).toHaveLength(20)
    expect(made(2)).toHaveLength(10)
    // Released at two hours, ten minutes to set up each machine, two cycles.
    expect(made(2)[0]?.time).toBe(2 * 3600 + 600 + 30 + 600 + 30)
    expect([...flow.changeovers]).toEqual([2, 2])
    expect(flow.state[0]).toBe(Idle)
  })

  it('say how long a machine takes for each product', () => {
    const orders = [
      { product: 0, quantity: 10 },
      { product: 1, quantity: 10 },
    ]
    const { parts } = watch(
      testLine([{ cycle: constant(20), paces: [1, 1.5], demand: 0 }], 0, {
        demands: [{ id: 'orders', kind: 'orders', orders }],
      }),
      hour,
    )
    expect(parts.at(9)?.time).toBe(200)
    expect(parts.at(19)?.time).toBe(200 + 300)
  })

  it('change over by resetting, which takes as long as the first rule that fits says', () => {
    const orders = [1, 2, 0].map(product => ({ product, quantity: 1 }))
    const setups = [{ to: 2, time: constant(33) }, { time: constant(44) }]
    const { flow, states, parts } = watch(
      testLine([{ cycle: constant(10), demand: 0, setups }], 0, {
        demands: [{ id: 'orders', kind: 'orders', orders }],
      }),
      hour,
    )
    expect(parts.map(({ time }) => time)).toEqual([54, 97, 151])
    expect(flow.changeovers[0]).toBe(3)
    expect(states.filter(({ state }) => state === Resetting)).toHaveLength(3)
  })

  /** Two products with a changeover between; let go ten seconds after each trip (s). Returns when the second is made first. */
  const changedOver = (...trips: readonly number[]) => {
    const orders = [
      { product: 0, quantity: 5 },
      { product: 1, quantity: 5 },
    ]
    const acting = {
      Completing: constant(2),
      Complete: constant(2),
      Aborting: constant(1),
      Clearing: constant(5),
    }
    const made: number[] = []
    const flow: Flow = new Flow(
      testLine([{ cycle: constant(10), demand: 0, setups: [{ time: constant(600) }], acting }], 0, {
        demands: [{ id: 'orders', kind: 'orders', orders }],
      }),
      { seed: 1, start: 0, listener: { ...quiet, onPart: (_, time) => made.push(time / second) } },
    )
    for (const time of trips) {
      flow.advance(time * second)
      flow.trip(0, time * second, 'fault')
      flow.advance((time + 10) * second)
      flow.repair(0, (time + 10) * second)
    }
    flow.advance(hour)
    expect([made.length, flow.changeovers[0]]).toEqual([10, 1])
    return made[5]
  }
  // Made until 50 s, set up from 54 to 654 s; a trip costs its ten seconds and five to clear.
  it.each([
    ['none', [], 664],
    ['one on the way there', [51], 676],
    ['one on the way there, later', [53], 678],
    ['one at its begin', [54], 679],
    ['one in the midst of it', [300], 679],
    ['one shortly before its end', [653], 679],
    ['several', [60, 300, 500], 709],
    ['another before it goes on', [300, 312], 691],
  ])('change over as long as they would without trips: %s', (_, trips, time) => {
    expect(changedOver(...trips)).toBe(time)
  })
})

describe('a machine that stands', () => {
  const seeds = Array.from({ length: propertyRuns > 1000 ? 200 : 10 }, (_, i) => i + 1)
  it.each(seeds)('blocks those before it and starves those behind it, the nearest first (seed %i)', seed => {
    const chance = new RandomStream(seed, 'line')
    const machines = Array.from({ length: 7 }, (_, m) => {
      const capacity = 2 * Math.floor(chance.between(1, 5))
      return {
        cycle: { kind: 'normal', mean: 30, deviation: 0.5 } as const,
        buffer: { capacity, initial: m === 0 ? 0 : capacity / 2, transport: 0 },
      }
    })
    const lastWork = new Float64Array(7)
    const listener = { ...quiet, onWork: (machine: number, time: number) => lastWork.set([time], machine) }
    const flow = new Flow(testLine(machines), { seed, start: 0, listener })
    flow.advance(300_000)
    flow.trip(3, 300_000, 'fault')
    flow.advance(6 * 3_600_000)
    const order = [...lastWork.keys()].sort((a, b) => lastWork[a]! - lastWork[b]!)
    expect(order[0]).toBe(3)
    expect(order.filter(machine => machine < 3)).toEqual([2, 1, 0])
    expect(order.filter(machine => machine > 3)).toEqual([4, 5, 6])
    // Those before are full, those behind empty, and nobody goes on.
    expect([...flow.buffers.level].slice(1, 4)).toEqual(
      machines.slice(1, 4).map(({ buffer }) => buffer.capacity),
    )
    expect([...flow.buffers.level].slice(4)).toEqual([0, 0, 0])
  })
})

describe('scrap and rework', () => {
  it('leaves the good parts of all machines, in proportion', () => {
    const shares = [0.05, 0.1, 0.02]
    const flow = run(
      testLine(
        shares.map(scrap => ({ cycle: constant(1), scrap })),
        5,
      ),
      200_000 * second,
    )
    const expected = shares.reduce((left, share) => left * (1 - share), 1)
    expect(flow.shipped / flow.entered).toBeCloseTo(expected, 2)
    for (const [m, share] of shares.entries()) {
      const error = Math.sqrt((share * (1 - share)) / flow.produced[m]!)
      expect(Math.abs(flow.rejected[m]! / flow.produced[m]! - share)).toBeLessThan(4 * error)
    }
  })

  it('sends parts round again without losing or jamming any, however small the buffers', () => {
    const machines = [{}, {}, { rework: { share: 0.3, to: 1 }, scrap: 0.05 }].map(each => ({
      cycle: exponential(1),
      ...each,
    }))
    const flow = run(testLine(machines, 1), 100_000 * second)
    expect(flow.shipped).toBeGreaterThan(10_000)
    expect(flow.entered).toBe(flow.shipped + flow.rejected[2]! + flow.workInProcess)
    // Every part that is neither scrap nor rework has been through; each goes 1 / (1 - 0.3) times on average.
    const passes = flow.produced[2]! + flow.reworked[2]!
    expect(Math.abs(flow.reworked[2]! / passes - 0.3)).toBeLessThan(4 * Math.sqrt(0.21 / passes))
    expect(good(flow, 2)).toBe(flow.shipped)
  })
})

describe('transport', () => {
  it('takes its time, and what is on its way takes up room', () => {
    const model = testLine([{ cycle: constant(10) }, { cycle: constant(10) }])
    const transported = (capacity: number): FlowModel => ({
      machines: model.machines.map((machine, m) =>
        m === 1 ? { ...machine, buffer: { capacity, initial: 0, transport: 60 } } : machine,
      ),
    })
    const { flow: wide, parts } = watch(transported(20), hour)
    const done = parts.filter(({ machine }) => machine === 1)
    expect(done.slice(0, 3).map(({ time }) => time)).toEqual([80, 90, 100])
    expect(wide.buffers.level[1]).toBe(6)
    // Two places on a way of a minute: two parts a minute.
    expect(run(transported(2), 10 * hour).shipped).toBeCloseTo(2 * 600, -2)
  })
})

describe('failures', () => {
  it('by the calendar come while a machine waits, those by work do not', () => {
    const failure = (clock: FailureMode['clock']): FailureMode => ({
      state: 'Held',
      clock,
      up: constant(1000),
      down: constant(1),
      scrapsPart: false,
    })
    const stops = (clock: FailureMode['clock']): number => {
      // Works a tenth of the time.
      const machines = [{ cycle: constant(10) }, { cycle: constant(1), failures: [failure(clock)] }]
      return watch(testLine(machines, 1), 100 * hour).states.filter(({ state }) => state === Held).length
    }
    expect(stops('calendar')).toBe(Math.floor(360_000 / 1001))
    expect(stops('operating')).toBe(Math.floor((36_000 - 1) / 1000))
  })

  it('lose the part or keep it, as the model says', () => {
    const failing = (scrapsPart: boolean) =>
      run(
        testLine([
          {
            cycle: constant(60),
            failures: [
              { state: 'Aborted', clock: 'operating', up: constant(90), down: constant(30), scrapsPart },
            ],
          },
        ]),
        10 * hour,
      )
    expect(failing(false).rejected[0]).toBe(0)
    // 90 s of work, 30 s of repair, and so on: 1.5 parts every two minutes.
    expect(failing(false).produced[0]).toBe(((10 * 60) / 2) * 1.5)
    // One part, half a part lost: the first counts as good, the other as rejected.
    expect(failing(true).produced[0]).toBe(600)
    expect(failing(true).rejected[0]).toBe(300)
  })

  it('of two kinds each keep their own clock', () => {
    const mode = (up: number): FailureMode => exponentialFailure(up, 1, { down: constant(1) })
    const flow = run(testLine([{ cycle: constant(1), failures: [mode(50), mode(200)] }]), 200 * hour)
    // Availability of independent failures by work: 1 / (1 + sum of down / up).
    expect(flow.shipped / 720_000).toBeCloseTo(1 / (1 + 1 / 50 + 1 / 200), 3)
  })
})

describe('waiting', () => {
  it('ends when the place that was kept for a lost part is free', () => {
    const kept = { cycle: constant(100), feeds: [2], blocking: 'before-service' } as const
    const machines = [
      testMachine('m0', kept),
      testMachine('m1', kept),
      testMachine('m2', { cycle: constant(1000), buffer: { capacity: 1, initial: 0, transport: 0 } }),
    ]
    const flow = new Flow({ machines }, { seed: 1, start: 0 })
    flow.advance(50 * second)
    expect([flow.isWorking(0), flow.isWorking(1)]).toEqual([true, false])
    flow.trip(0, 50 * second, 'fault')
    flow.advance(150 * second)
    expect([flow.rejected[0], flow.produced[1]]).toEqual([1, 1])
  })

  it('is told as Suspended with its reason after the patience, and ends when the neighbour moves', () => {
    const patience = constant(5)
    const acting = { Suspending: constant(1), Unsuspending: constant(1) }
    const { states } = watch(
      testLine(
        [
          { patience, acting },
          { cycle: constant(100), patience, acting },
          { patience, acting },
        ],
        1,
      ),
      204 * second,
    )
    const of = (machine: number) =>
      states.filter(each => each.machine === machine).map(({ time, state, reason }) => [time, state, reason])
    // Its second part waits from second 3 on, for the room that the machine behind it makes at second 101.
    expect(of(0)).toEqual([
      [0, Execute, 'none'],
      [8, Suspending, 'blocked'],
      [9, Suspended, 'blocked'],
      [101, Unsuspending, 'blocked'],
      [102, Execute, 'none'],
      [108, Suspending, 'blocked'],
      [109, Suspended, 'blocked'],
      [201, Unsuspending, 'blocked'],
      [202, Execute, 'none'],
    ])
    expect(of(2).slice(0, 5)).toEqual([
      [0, Execute, 'none'],
      [5, Suspending, 'starved'],
      [6, Suspended, 'starved'],
      [101, Unsuspending, 'starved'],
      [102, Execute, 'none'],
    ])
  })
})
