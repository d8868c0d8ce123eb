import { describe, expect, it } from 'vitest'
import { createActor, type Snapshot } from 'xstate'
import type { Evidence, FaultEmitted, FaultEvent, FaultInput, FaultState } from './fault.events.js'
import { faultDefinition, faultMachine, publicView } from './fault.machine.js'

const simulated: FaultInput = { fault: 'mill-01.tool-wear', pattern: 'tool-wear', estimated: false }
const estimated: FaultInput = { ...simulated, estimated: true }
const work = { who: 'Ada', comment: 'new insert' }
const hour = 3_600_000

function startFault(input: FaultInput, snapshot?: Snapshot<unknown>) {
  const actor = createActor(faultMachine, { input, snapshot })
  const records: FaultEmitted[] = []
  actor.on('*', record => records.push(record))
  actor.start()
  let time = 0
  return {
    actor,
    records,
    /** The state in the chart; what its context says of it must be the same. */
    state: () => {
      const { value, context } = actor.getSnapshot()
      const place = value.fault
      expect(typeof place === 'string' ? place : place.inUse).toBe(context.state)
      return context.state
    },
    context: () => actor.getSnapshot().context,
    view: () => publicView(actor.getSnapshot()),
    /** Sends events an hour apart: a number is damage, a level is evidence, a kind ends a repair. */
    does(...steps: (number | string)[]) {
      for (const step of steps) {
        time += hour
        actor.send(eventOf(step, time))
      }
    },
  }
}

function eventOf(step: number | string, time: number): FaultEvent {
  if (typeof step === 'number') return { type: 'DAMAGE', time, damage: step }
  switch (step) {
    case 'none':
    case 'warning':
    case 'alert':
    case 'critical':
      return { type: 'EVIDENCE', time, ...evidence(step) }
    case 'start':
      return { type: 'REPAIR_STARTED', time, ...work }
    case 'perfect':
    case 'minimal':
      return { type: 'REPAIR_ENDED', time, kind: step, keeps: null, ...work }
    case 'imperfect':
      return { type: 'REPAIR_ENDED', time, kind: step, keeps: 0.2, ...work }
    case 'BREAKDOWN':
      return { type: 'BREAKDOWN', time }
    case 'run':
      return { type: 'RESTARTED', time }
    default:
      return { type: 'TICK', time }
  }
}

function evidence(level: Evidence['level']): Evidence {
  const severity = { none: 0, warning: 0.3, alert: 0.55, critical: 0.9 }[level]
  const rule = level === 'none' ? '' : 'vibration with current'
  return {
    pattern: 'tool-wear',
    level,
    severity,
    confidence: level === 'none' ? 0 : 0.5,
    rule,
    signals: level === 'none' ? [] : ['mill-01.vibration', 'mill-01.current'],
    growth: 'steady',
  }
}

const states: readonly FaultState[] = [
  'dormant',
  'incipient',
  'developing',
  'severe',
  'failed',
  'underRepair',
  'repaired',
]
const waysSimulated = [[], [0.2], [0.6], [0.85], [1], ['start'], ['start', 'perfect']]
const waysEstimated = [
  [],
  ['warning'],
  ['alert'],
  ['critical'],
  ['BREAKDOWN'],
  ['start'],
  ['start', 'perfect'],
]

/** For each state in order: what each step leads to. */
const simulatedTable: readonly (readonly [step: number | string, to: readonly FaultState[]])[] = [
  [0.9, ['severe', 'severe', 'severe', 'severe', 'failed', 'underRepair', 'severe']],
  [1, ['failed', 'failed', 'failed', 'failed', 'failed', 'underRepair', 'failed']],
  [0.05, states],
  ['critical', states],
  ['BREAKDOWN', states],
  ['start', states.map(() => 'underRepair')],
  ['minimal', states.with(5, 'repaired')],
  ['run', states.with(6, 'dormant')],
  ['TICK', states],
]
const estimatedTable: typeof simulatedTable = [
  ['none', ['dormant', 'dormant', 'dormant', 'dormant', 'failed', 'underRepair', 'repaired']],
  ['warning', ['incipient', 'incipient', 'incipient', 'incipient', 'failed', 'underRepair', 'repaired']],
  ['alert', ['developing', 'developing', 'developing', 'developing', 'failed', 'underRepair', 'repaired']],
  ['critical', ['severe', 'severe', 'severe', 'severe', 'failed', 'underRepair', 'repaired']],
  ['BREAKDOWN', ['failed', 'failed', 'failed', 'failed', 'failed', 'underRepair', 'repaired']],
  [1, states],
  ['start', states.map(() => 'underRepair')],
  ['imperfect', states.with(5, 'repaired')],
  ['run', states.with(4, 'dormant').with(6, 'dormant')],
  ['TICK', states],
]

describe.each([
  ['simulated', simulated, waysSimulated, simulatedTable],
  ['real', estimated, waysEstimated, estimatedTable],
] as const)('the fault statechart of a %s machine, state by state', (_, input, ways, table) => {
  for (const [place, from] of states.entries()) {
    it(`leaves ${from} as its table says and in no other way`, () => {
      for (const [step, to] of table) {
        const fault = startFault(input)
        fault.does(...(ways[place] ?? []))
        expect(fault.state()).toBe(from)
        fault.records.length = 0
        fault.does(step)
        expect(fault.state(), `${from}, ${step}`).toBe(to[place])
        expect(fault.records.map(record => [record.from, record.to])).toEqual(
          to[place] === from ? [] : [[from, to[place]]],
        )
      }
    })

    it(`keeps ${from} through JSON and back`, () => {
      const fault = startFault(input)
      fault.does(...(ways[place] ?? []))
      const json = JSON.stringify(fault.actor.getPersistedSnapshot())
      const again = startFault(input, JSON.parse(json))
      expect(again.state()).toBe(from)
      expect(again.records).toEqual([])
      expect(JSON.stringify(again.actor.getPersistedSnapshot())).toBe(json)
    })
  }
})

describe('a fault of a simulated machine', () => {
  it('runs on the chart its definition names', () => {
    expect(faultMachine.id).toBe(faultDefinition.id)
  })

  it('follows the damage through the stages of its pattern', () => {
    const fault = startFault(simulated)
    fault.does(0.05, 0.1, 0.3, 0.5, 0.8, 0.99, 1)
    expect(fault.records.map(({ to, severity, cause }) => [to, severity, cause])).toEqual([
      ['incipient', 0.25, 'damage'],
      ['developing', 0.5, 'damage'],
      ['severe', 0.75, 'damage'],
      ['failed', 1, 'damage'],
    ])
    expect(fault.context()).toMatchObject({ damage: 1, since: 7 * hour, occurrence: 1 })
  })

  it('refuses damage that has become less without a repair', () => {
    const fault = startFault(simulated)
    fault.does(0.6, 0.3)
    expect(fault.context()).toMatchObject({ damage: 0.6, state: 'developing' })
  })

  it('is as good as new after a perfect repair', () => {
    const fault = startFault(simulated)
    fault.does(1, 'start', 'perfect', 'run')
    expect(fault.context()).toMatchObject({
      state: 'dormant',
      damage: 0,
      severity: 0,
      progress: 0,
      repair: 'perfect',
    })
    fault.does(0.2)
    expect(fault.context().occurrence).toBe(2)
  })

  it('keeps some of its damage after an imperfect repair and all of it after a minimal one', () => {
    const imperfect = startFault(simulated)
    imperfect.does(0.9, 'start', 'imperfect', 'run')
    expect(imperfect.state()).toBe('incipient')
    expect(imperfect.context().damage).toBeCloseTo(0.18)
    const minimal = startFault(simulated)
    minimal.does(0.6, 'start', 'minimal', 'run')
    expect(minimal.context()).toMatchObject({ state: 'developing', damage: 0.6, occurrence: 1 })
    const { progress } = minimal.view()
    minimal.does('TICK')
    expect(minimal.view().progress).toBeGreaterThan(progress)
  })

  it('is dormant, with nothing to show, when an imperfect repair leaves less than the first stage', () => {
    const fault = startFault(simulated)
    fault.does(0.2, 'TICK', 'start', 'imperfect')
    expect(fault.view().progress).toBeGreaterThan(0)
    fault.does('run')
    expect(fault.view()).toMatchObject({ state: 'dormant', severity: 0, progress: 0 })
    expect(fault.context().damage).toBeCloseTo(0.04)
  })

  it('runs as severe after a minimal repair of a failure, and fails again at once', () => {
    const fault = startFault(simulated)
    fault.does(1, 'start', 'minimal', 'run')
    expect(fault.context()).toMatchObject({ state: 'severe', damage: 1, progress: 0.99 })
    fault.does(1)
    expect(fault.state()).toBe('failed')
  })

  it('fails again before its machine runs again', () => {
    const fault = startFault(simulated)
    fault.does(1, 'start', 'imperfect', 0.2, 1, 'start', 'perfect', 'run')
    expect(fault.records.map(({ from, to, cause, occurrence }) => [from, to, cause, occurrence])).toEqual([
      ['dormant', 'failed', 'damage', 1],
      ['failed', 'underRepair', 'repair-started', 1],
      ['underRepair', 'repaired', 'repair-ended', 1],
      // A fifth of the damage was left, which is incipient: so far nothing is new.
      ['repaired', 'failed', 'damage', 1],
      ['failed', 'underRepair', 'repair-started', 1],
      ['underRepair', 'repaired', 'repair-ended', 1],
      ['repaired', 'dormant', 'restarted', 1],
    ])
  })

  it('comes up anew, with all of its time before it, where a repair left nothing of it', () => {
    const fault = startFault(simulated)
    fault.does(0.9, 'TICK', 'start', 'perfect', 0.6)
    expect(fault.view()).toMatchObject({ state: 'developing', occurrence: 2, progress: 0 })
    fault.does('TICK', 'run')
    expect(fault.view()).toMatchObject({ state: 'developing', occurrence: 2 })
    expect(fault.view().progress).toBeCloseTo(2 / Math.sqrt(4 * 48))
  })

  it('progresses by the usual time of its pattern, stands still in repair, and goes on from there', () => {
    const fault = startFault(simulated)
    fault.does(0.2, 'TICK', 'TICK')
    // Tool wear takes 4 to 48 hours: its usual time is the geometric mean.
    const usual = Math.sqrt(4 * 48)
    expect(fault.view().progress).toBeCloseTo(2 / usual)
    fault.does('start', 'TICK', 'TICK', 'minimal', 'TICK')
    expect(fault.view().progress).toBeCloseTo(3 / usual)
    fault.does('run', 'TICK')
    expect(fault.view().progress).toBeCloseTo(4 / usual)
    fault.does(...Array.from({ length: 30 }, () => 'TICK'))
    expect(fault.view().progress).toBe(0.99)
  })

  it('says who repaired, and how', () => {
    const fault = startFault(simulated)
    fault.does(0.6, 'start', 'perfect')
    expect(fault.records.slice(1)).toMatchObject([
      { from: 'developing', to: 'underRepair', cause: 'repair-started', who: 'Ada', comment: 'new insert' },
      { from: 'underRepair', to: 'repaired', cause: 'repair-ended', who: 'Ada', repair: 'perfect' },
    ])
  })

  it('never shows its damage', () => {
    const fault = startFault(simulated)
    fault.does(0.61)
    expect(fault.view()).toEqual({
      fault: 'mill-01.tool-wear',
      pattern: 'tool-wear',
      state: 'developing',
      since: hour,
      occurrence: 1,
      severity: 0.5,
      progress: 0,
      estimated: false,
      rule: '',
      signals: [],
      confidence: 0,
      growth: 'steady',
      repair: null,
    })
    expect(Object.keys(fault.records[0] ?? {})).not.toContain('damage')
  })
})

describe('a fault of a real machine', () => {
  it('says what its sensors say, and that it is an estimate', () => {
    const fault = startFault(estimated)
    fault.does('warning', 'critical')
    expect(fault.records[1]).toEqual({
      type: 'fault.changed',
      time: 2 * hour,
      from: 'incipient',
      to: 'severe',
      cause: 'evidence',
      who: '',
      comment: '',
      fault: 'mill-01.tool-wear',
      pattern: 'tool-wear',
      occurrence: 1,
      severity: 0.9,
      progress: expect.closeTo(1 / Math.sqrt(4 * 48), 9),
      estimated: true,
      rule: 'vibration with current',
      signals: ['mill-01.vibration', 'mill-01.current'],
      confidence: 0.5,
      growth: 'steady',
      repair: null,
    })
  })

  it('follows newer evidence of the same level without a new record', () => {
    const fault = startFault(estimated)
    fault.does('warning')
    fault.actor.send({
      type: 'EVIDENCE',
      time: 3 * hour,
      ...evidence('warning'),
      severity: 0.4,
      growth: 'rapid',
    })
    expect(fault.records).toHaveLength(1)
    expect(fault.view()).toMatchObject({ severity: 0.4, growth: 'rapid', since: hour })
  })

  it('takes itself back when the evidence has gone', () => {
    const fault = startFault(estimated)
    fault.does('alert', 'none')
    expect(fault.view()).toMatchObject({ state: 'dormant', severity: 0, progress: 0, rule: '', signals: [] })
  })

  it('comes up anew from a repair as a fresh fault does, at whatever stage its damage says', () => {
    for (const damage of [0.1, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99, 1]) {
      const fresh = startFault(simulated)
      fresh.does('TICK', 'TICK', 'TICK', damage)
      const again = startFault(simulated)
      again.does(0.1, 'start', 'perfect', damage)
      const state = fresh.state()
      expect(again.state(), `${damage}`).toBe(state)
      const { damage: told, severity, progress } = fresh.context()
      expect(again.context(), `${damage}`).toMatchObject({
        ...{ state, damage: told, severity, progress, since: 4 * hour },
        occurrence: 2,
      })
      expect(again.records.at(-1), `${damage}`).toMatchObject({
        ...{ type: 'fault.changed', from: 'repaired', to: state, cause: 'damage' },
        ...{ severity, progress },
      })
      again.does('TICK', damage)
      expect(again.context(), `${damage}`).toMatchObject({ state, damage, occurrence: 2 })
    }
  })

  it('stays failed after a breakdown, whatever the sensors of the standing machine show, until it runs again', () => {
    const fault = startFault(estimated)
    fault.does('critical', 'BREAKDOWN', 'none', 'warning')
    expect(fault.view()).toMatchObject({ state: 'failed', severity: 1, progress: 1 })
    fault.does('run')
    expect(fault.view()).toMatchObject({ state: 'dormant', rule: '', signals: [], confidence: 0 })
  })

  it('believes a repair until its sensors say otherwise', () => {
    for (const [kind, state] of [
      ['perfect', 'dormant'],
      ['imperfect', 'incipient'],
      ['minimal', 'severe'],
    ] as const) {
      const fault = startFault(estimated)
      fault.does('critical', 'start', kind)
      expect(fault.view(), kind).toMatchObject({ rule: '', signals: [], confidence: 0, repair: kind })
      fault.does('run')
      expect(fault.state(), kind).toBe(state)
      expect(fault.records.at(-1), kind).toMatchObject({ from: 'repaired', to: state, cause: 'restarted' })
      fault.does('alert')
      expect(fault.state(), kind).toBe('developing')
    }
    const fault = startFault(estimated)
    fault.does('alert', 'start', 'minimal', 'run')
    expect(fault.state()).toBe('developing')
    expect(fault.records.at(-1)).toMatchObject({ from: 'repaired', to: 'developing', cause: 'restarted' })
  })
})
