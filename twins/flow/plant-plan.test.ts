import { describe, expect, it } from 'vitest'
import { displayState } from '../../schema/display-state.js'
import { packmlStates, suspendReasons } from '../../schema/packml.js'
import type { Plant } from '../../schema/plant.js'
import { loadPlant } from '../../schema/plant-file/load-plant.js'
import { formatProblem } from '../../schema/plant-file/problem.js'
import { judgeLine } from '../line/constraint.js'
import { checkFlowModel } from './check-model.js'
import { healthyDuty } from './duty.js'
import { Flow } from './flow.js'
import type { FlowModel } from './model.js'
import { plantFlow } from './plant-flow.js'

const hour = 3_600_000
const minute = 60_000
/** Midnight of a Monday in Berlin. */
const monday = Date.UTC(2026, 5, 7, 22)

/** Three machines without failures or rejects, and what a file says besides. */
const fileOf = (rest: string, machines = ['', '', '']): string => `gemba: 1
name: Test
enterprise: Example
sources: { sim: { adapter: simulator, tags: "{machine}.{signal}" } }
types:
  calm: { extends: press, idealCycleTime: 30, flow: { cycle: 30, failures: [], scrap: 0, changeovers: [] } }
sites:
  - id: here
    timeZone: Europe/Berlin
    areas:
      - id: hall
        lines:
          - id: line-1
            machines:
${machines.map((more, m) => `              - { id: m${m}, type: calm${more} }`).join('\n')}
${rest}`

function load(text: string): Plant {
  const { plant, problems } = loadPlant(text, { file: 'plant.yaml' })
  if (plant === undefined) throw new Error(problems.map(formatProblem).join('\n'))
  return plant
}

function modelOf(text: string): FlowModel {
  const plant = load(text)
  const machines = plant.sites.flatMap(site =>
    site.areas.flatMap(area => area.lines.flatMap(line => line.machines)),
  )
  const places = new Map(machines.map(({ id }, place) => [id, place]))
  const placed = machines.map(({ id, idealCycleTime, feeds, buffer, flow }) => ({
    id,
    idealCycleTime,
    feeds: feeds.map(to => places.get(to)!),
    buffer,
    flow,
  }))
  const model = plantFlow(placed, 1, healthyDuty, plant)
  expect(checkFlowModel(model)).toEqual([])
  return model
}

interface Part {
  readonly machine: number
  /** Unix ms at which the work on it began and ended. */
  readonly from: number
  readonly to: number
  readonly product: string
}

/** Runs a plant file from Monday 0:00 in Berlin on; nothing has happened before. */
function run(text: string, hours: number) {
  const model = modelOf(text)
  const parts: Part[] = []
  const states: { machine: number; time: number; state: string }[] = []
  const flow: Flow = new Flow(model, {
    seed: 1,
    start: monday,
    listener: {
      onState: (machine, time) => states.push({ machine, time, state: packmlStates[flow.state[machine]!]! }),
      onPart: (machine, to) => {
        const product = model.machines[machine]!.products?.[flow.product[machine]!] ?? ''
        parts.push({ machine, from: flow.cycleStart[machine]!, to, product })
      },
    },
  })
  flow.advance(monday + hours * hour)
  return {
    model,
    flow,
    parts,
    states,
    of: (machine: number) => parts.filter(part => part.machine === machine),
  }
}

const week = 'days: [1, 2, 3, 4, 5]'
const shifts = `shifts:
  - { id: early, site: here, start: "06:00", end: "14:00", ${week}, breaks: [{ start: "09:00", end: "09:30" }] }
  - { id: late, site: here, start: "14:00", end: "22:00", days: [1, 2, 3, 4] }
calendarExceptions:
  - { site: here, date: "2026-06-10", name: Holiday, shifts: [] }
plannedStops:
  - { for: m1, from: "2026-06-09T10:00", to: "2026-06-09T12:00", name: Oil }
`

/** The stretches in which machines began parts, in hours of the week, joined where less than `gap` minutes lie between. */
function worked(parts: readonly Part[], gap = 10): string[] {
  const spans: [from: number, to: number][] = []
  for (const { from, to } of parts) {
    const last = spans.at(-1)
    if (last !== undefined && from - last[1] < gap * minute) last[1] = to
    else spans.push([from, to])
  }
  const show = (time: number): string => {
    const quarters = Math.round((time - monday) / (15 * minute))
    return `${'Mo Tu We Th Fr Sa Su'.split(' ')[Math.floor(quarters / 96)]} ${(quarters % 96) / 4}`
  }
  return spans.map(([from, to]) => `${show(from)} – ${show(to)}`)
}

describe('the shifts of a plant file', () => {
  it('are when its machines work: not in breaks, on holidays, in planned stops, at night or at the weekend', () => {
    const { of, parts, flow } = run(fileOf(shifts), 7 * 24)
    const usual = ['Mo 6 – Mo 9', 'Mo 9.5 – Mo 22', 'Tu 6 – Tu 9']
    const rest = ['Th 6 – Th 9', 'Th 9.5 – Th 22', 'Fr 6 – Fr 9', 'Fr 9.5 – Fr 14']
    expect(worked(of(1))).toEqual([...usual, 'Tu 9.5 – Tu 10', 'Tu 12 – Tu 22', ...rest])
    // A part that was begun is finished, and no more is begun.
    for (const { from, to, machine } of parts) {
      const place = (from - monday) % (24 * hour)
      expect(to - from, `a part of m${machine}`).toBe(30_000)
      expect(place >= 9 * hour && place < 9.5 * hour, `a part of m${machine} in the break`).toBe(false)
    }
    expect([...flow.state].map(state => packmlStates[state])).toEqual(['Idle', 'Idle', 'Idle'])
  })

  it('end runs as TR88.00.02 has it: Completing, Complete, and back over Resetting, Idle and Starting', () => {
    const { states } = run(fileOf(shifts), 10)
    const first = states.filter(({ machine }) => machine === 0).map(({ state }) => state)
    const begin = ['Starting', 'Execute']
    expect(first).toEqual([...begin, 'Completing', 'Complete', 'Resetting', 'Idle', ...begin])
  })

  it('stop machines that wait, for a part or for room, without letting them work first', () => {
    // The first is far quicker than the second, and so blocked, and the third starved, whenever the shift ends.
    const { states, flow, model } = run(
      fileOf(shifts, [
        ', flow: { cycle: 1, patience: 1 }, idealCycleTime: 1',
        ', buffer: { capacity: 4 }',
        ', flow: { cycle: 1, patience: 1 }',
      ]),
      23,
    )
    const atNight = states.filter(({ time }) => time > monday + 22 * hour)
    expect(atNight.map(({ state }) => state)).not.toContain('Execute')
    expect([...flow.state].map(state => packmlStates[state])).toEqual(['Idle', 'Idle', 'Idle'])
    expect(suspendReasons[flow.reason[0]!]).toBe('none')
    expect(flow.entered + initialParts(model)).toBe(flow.shipped + flow.workInProcess)
  })

  it('are worked through where the file says so', () => {
    const { of } = run(
      fileOf(shifts, [', flow: { worksThroughBreaks: true }', ', buffer: { capacity: 200 }', '']),
      24,
    )
    expect(worked(of(0))).toEqual(['Mo 6 – Mo 22'])
    expect(worked(of(1))).toEqual(['Mo 6 – Mo 9', 'Mo 9.5 – Mo 22'])
  })

  it('follow the clock of the site over a change to summer time', () => {
    const night = 'shifts: [{ id: night, site: here, start: "22:00", end: "06:00", days: [6] }]'
    const model = modelOf(fileOf(night))
    const saturday = Date.UTC(2026, 2, 28, 12)
    const flow = new Flow(model, { seed: 1, start: saturday })
    flow.advance(saturday + 24 * hour)
    // Seven hours of parts of 30 s, less a Starting of some seconds.
    expect(flow.produced[0]).toBeGreaterThan(7 * 120 - 3)
    expect(flow.produced[0]).toBeLessThanOrEqual(7 * 120)
  })

  it('are none in a file that has none: machines work round the clock', () => {
    expect(worked(run(fileOf(''), 48).of(1))).toEqual(['Mo 0 – We 0'])
  })
})

const products = `products:
  - { id: bolt, lines: [line-1] }
  - { id: nut, lines: [line-1], cycleTimes: { line-1: 45, m2: 15 } }
`

describe('the products of a plant file', () => {
  it.each([
    ['6', 6],
    ['{ kind: uniform, low: 2, high: 10 }', 6],
    ['{ kind: weibull, scale: 6.770276, shape: 2 }', 6],
  ])('take their own time on average also where the machine has a cycle of %s', (cycle, usual) => {
    const flow = `, flow: { cycle: ${cycle}, scrap: 0, failures: [], changeovers: [] }`
    const { of } = run(fileOf(products, [flow, flow, flow]), 12)
    const meanOf = (product: string): number => {
      const parts = of(2).filter(part => part.product === product)
      return parts.reduce((sum, { from, to }) => sum + to - from, 0) / parts.length / 1000
    }
    expect(meanOf('nut') / 15).toBeCloseTo(1, 1)
    expect(meanOf('bolt') / usual).toBeCloseTo(1, 1)
  })

  it('are made in turn, with their own cycle times and a changeover between', () => {
    const flow = ', flow: { changeovers: [{ from: bolt, to: nut, time: 900 }, { time: 60 }] }'
    const { of, flow: ran, states } = run(fileOf(products, [flow, flow, flow]), 72)
    const length = (machine: number, product: string): number[] => [
      ...new Set(of(machine).flatMap(part => (part.product === product ? [part.to - part.from] : []))),
    ]
    expect([length(0, 'bolt'), length(0, 'nut'), length(2, 'nut')]).toEqual([[30_000], [45_000], [15_000]])
    expect(ran.changeovers[0]).toBeGreaterThan(3)
    // Resetting is where a machine is set up.
    const first = states.filter(({ machine }) => machine === 0)
    const setups = first.flatMap(({ state, time }, i) =>
      state === 'Resetting' ? [(first[i + 1]?.time ?? time) - time] : [],
    )
    expect(new Set(setups)).toEqual(new Set([900_000, 60_000]))
  })

  it('of several lines that feed each other are the same on all of them', () => {
    const text = fileOf(products, [', feeds: m1', ', feeds: [m2, far]', '']).replace(
      'sites:',
      'sites:\n  # The line behind is listed first.',
    )
    const plant = load(
      text
        .replace(
          '            machines:',
          '            machines: [{ id: far, type: calm }]\n          - id: line-2\n            machines:',
        )
        .replaceAll('lines: [line-1]', 'lines: [line-2]')
        .replace('line-1: 45', 'line-2: 45'),
    )
    const machines = plant.sites[0]!.areas[0]!.lines.flatMap(line => line.machines)
    const places = new Map(machines.map(({ id }, place) => [id, place]))
    const { machines: models } = plantFlow(
      machines.map(machine => ({ ...machine, feeds: machine.feeds.map(to => places.get(to)!) })),
      1,
      healthyDuty,
      plant,
    )
    expect(models.map(each => each.products)).toEqual(models.map(() => ['bolt', 'nut']))
    expect(models.map(({ paces }) => paces)).toEqual([
      [1, 1],
      [1, 1.5],
      [1, 1.5],
      [1, 0.5],
    ])
  })
})

describe('the orders of a plant file', () => {
  const orders = `${products}orders:
  - { id: o-1, line: line-1, product: bolt, quantity: 100 }
  - { id: o-2, line: line-1, product: nut, quantity: 60, due: "2026-06-08T12:00" }
  - { id: o-3, line: line-1, product: bolt, quantity: 30, due: "2026-06-08T10:00", release: "2026-06-08T08:00" }
  - { id: o-4, line: line-1, product: nut, quantity: 40, release: "2026-06-09T07:00" }
`

  it('are worked off, of those released the one that is due first, in the hours of the plant', () => {
    const { of, flow, model } = run(fileOf(shifts + orders), 48)
    const runs: [product: string, count: number, from: string][] = []
    for (const { product, from } of of(0)) {
      const last = runs.at(-1)
      if (last?.[0] === product) last[1]++
      else runs.push([product, 1, worked([{ machine: 0, from, to: from, product }])[0]!.split(' –')[0]!])
    }
    // The third is due first, but released later; the first has no due date.
    expect(runs).toEqual([
      ['nut', 60, 'Mo 6'],
      ['bolt', 130, 'Mo 6.75'],
      ['nut', 40, 'Tu 7'],
    ])
    expect(flow.entered).toBe(230)
    expect(flow.shipped).toBe(230 + initialParts(model))
    expect(flow.workInProcess).toBe(0)
  })

  it('that are worked off leave the line without demand, which is nobody’s fault', () => {
    const { flow } = run(fileOf(orders), 48)
    const ids = ['m0', 'm1', 'm2']
    const line = ids.map((id, m) => ({ id, feeds: ids.slice(m + 1, m + 2), idealCycleTime: 30 }))
    const seen = Object.fromEntries(
      ids.map((id, m) => {
        const state = packmlStates[flow.state[m]!]!
        const reason = suspendReasons[flow.reason[m]!]!
        const display = displayState(state, 'Production', reason)
        return [id, { display, reason: '', cycleTime: 30, since: 0, toldAt: 0 }]
      }),
    )
    expect(packmlStates[flow.state[0]!]).toBe('Idle')
    expect(judgeLine(line, seen)).toMatchObject({
      state: 'no-demand',
      constraint: { machine: 'm0', cause: 'idle' },
    })
  })

  it('of one line leave another to make its products in turn', () => {
    const text = fileOf(orders)
      .replace(
        '            machines:',
        '            machines: [{ id: other, type: calm }]\n          - id: line-1\n            machines:',
      )
      .replace('- id: line-1', '- id: line-0')
      .replace('lines: [line-1] }', 'lines: [line-0, line-1] }')
    const { of, model } = run(text, 24)
    expect(model.demands?.map(({ id, kind }) => [id, kind])).toEqual([
      ['line-0', 'campaigns'],
      ['line-1', 'orders'],
    ])
    expect(of(0).length).toBeGreaterThan(24 * 120 - 3)
  })
})

describe('the crews of a plant file', () => {
  const crews = `crews:
  - { id: early, site: here, size: 1 }
  - { id: late, site: here, size: 2 }
  - { id: fitters, site: here, size: 1 }
shifts:
  - { id: morning, site: here, start: "06:00", end: "14:00", ${week}, crew: early }
  - { id: afternoon, site: here, start: "14:00", end: "22:00", ${week}, crew: late }
`
  const alone = ', feeds: [], flow: { operator: on-shift }'
  const within = (parts: readonly Part[], from: number, to: number): number =>
    parts.filter(part => part.from >= monday + from * hour && part.to <= monday + to * hour).length

  it('serve as many machines as there are people on shift', () => {
    const { parts } = run(fileOf(crews, [alone, alone, alone]), 24)
    // Of three machines one works in the morning and two in the afternoon, in turn.
    expect(within(parts, 6.1, 13.9)).toBeGreaterThan(0.99 * 7.8 * 120)
    expect(within(parts, 6.1, 13.9)).toBeLessThanOrEqual(7.8 * 120)
    expect(within(parts, 14.1, 21.9)).toBeGreaterThan(0.99 * 2 * 7.8 * 120)
    expect(within(parts, 14.1, 21.9)).toBeLessThanOrEqual(2 * 7.8 * 120)
  })

  it('that are named serve where they are named, in their shifts; one of no shift is always there', () => {
    const { of } = run(
      fileOf(crews, [
        ', feeds: [], flow: { operator: late }',
        ', feeds: [], flow: { operator: fitters }',
        ', feeds: []',
      ]),
      24,
    )
    expect(worked(of(0))).toEqual(['Mo 14 – Mo 22'])
    expect(worked(of(1))).toEqual(['Mo 6 – Mo 22'])
  })

  it('repair one machine each, and one that fails when nobody is there waits until somebody comes', () => {
    const failing = (crew: string): string =>
      `, feeds: [], flow: { failures: [{ every: 3600, repair: 1800, crew: ${crew} }] }`
    const { states } = run(fileOf(crews, [failing('fitters'), failing('fitters'), failing('late')]), 16)
    const downs = (machine: number): number[] => {
      const own = states.filter(each => each.machine === machine)
      return own.flatMap(({ state, time }, i) =>
        state === 'Aborted' ? [Math.round(((own[i + 1]?.time ?? Number.NaN) - time) / minute)] : [],
      )
    }
    // Both fail after an hour of work; the second waits for the fitter who is at the first.
    expect(downs(0)[0]).toBe(30)
    expect(downs(1)[0]).toBe(60)
    // The third fails at seven and is repaired from two o'clock on.
    expect(downs(2)[0]).toBeGreaterThan(7 * 60)
    expect(downs(2)[0]).toBeLessThanOrEqual(7.5 * 60)
  })
})

describe('what a plant file says of a machine’s flow', () => {
  it('is what its machine does: cycle, blocking, scrap, rework, failures', () => {
    const flow =
      'cycle: { kind: exponential, mean: 20 }, scrap: 0.1, rework: { share: 0.2, to: m0 }, blocking: before-service, patience: 5'
    const failure = '{ every: { kind: exponential, mean: 600 }, repair: 60, state: Held, clock: calendar }'
    const { model, flow: ran } = run(fileOf('', ['', `, flow: { ${flow}, failures: [${failure}] }`, '']), 200)
    expect(model.machines[1]).toMatchObject({
      cycle: { kind: 'exponential', mean: 20 },
      blocking: 'before-service',
      scrap: 0.1,
      rework: { share: 0.2, to: 0 },
      patience: { kind: 'constant', value: 5 },
      failures: [
        { state: 'Held', clock: 'calendar', down: { kind: 'constant', value: 60 }, scrapsPart: false },
      ],
    })
    const done = ran.produced[1]! + ran.reworked[1]!
    expect(ran.rejected[1]! / done).toBeCloseTo(0.1, 1)
    expect(ran.reworked[1]! / done).toBeCloseTo(0.2, 1)
    expect(ran.entered + initialParts(model)).toBe(ran.shipped + ran.workInProcess + ran.rejected[1]!)
  })

  it('of a machine goes before that of its type, key by key', () => {
    const model = modelOf(fileOf('', [', flow: { scrap: 0.5 }', '', '']))
    expect(model.machines.map(({ scrap, failures }) => [scrap, failures])).toEqual([
      [0.5, []],
      [0, []],
      [0, []],
    ])
  })

  it('is as machines usually are where the file says nothing', () => {
    const usual = plantFlow([{ id: 'm0', idealCycleTime: 30, feeds: [] }], 1)
    expect(usual.machines[0]).toMatchObject({
      blocking: 'after-service',
      failures: [{ state: 'Held' }, { state: 'Aborted' }],
    })
    expect(usual.calendars).toEqual([])
  })
})

const initialParts = ({ machines }: FlowModel): number => {
  const fed = new Set(machines.flatMap(({ feeds }) => feeds))
  return machines.reduce((sum, { buffer }, m) => sum + (fed.has(m) ? buffer.initial : 0), 0)
}
