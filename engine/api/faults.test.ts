import pino from 'pino'
import { Registry } from 'prom-client'
import { VirtualTimeScheduler } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { simulator } from '../../adapters/simulator/adapter.js'
import { testContext } from '../../adapters/test-context.js'
import { type LinkFaultKind, linkFaultKinds } from '../../schema/link-fault.js'
import type { Plant } from '../../schema/plant.js'
import { Quality } from '../../schema/quality.js'
import type { Entry, Reject } from '../../schema/records.js'
import type { SampleBatch } from '../../schema/sample-batch.js'
import { lineOf, lineStart } from '../../twins/physics/faulty-line.js'
import { Dictionary } from '../floor/dictionary.js'
import { FloorClock } from '../floor/floor-clock.js'
import { LiveFloor } from '../floor/live-floor.js'
import { emptyIndexBook, makeRegistry } from '../floor/registry.js'
import { Intake } from '../pipeline/intake.js'
import { createSimulation } from '../simulation/simulation.js'
import { createApi } from './api.js'
import { manifestDocument } from './manifest.js'
import { emptyHistory } from './test-history.js'

/** Three simulated presses, and a real one. */
function plantWithRealPress(): Plant {
  const simulated = lineOf('press')
  const real = lineOf('press').sites[0]!.areas[0]!.lines[0]!.machines[0]!
  const machine = {
    ...real,
    id: 'real',
    source: 'plc',
    feeds: [],
    signals: real.signals.map(signal => ({ ...signal, id: `real.${signal.name}`, source: 'plc' })),
  }
  const [site] = simulated.sites
  const [area] = site!.areas
  const line = { id: 'real-line', name: 'Real line', kind: 'test', machines: [machine] }
  return {
    ...simulated,
    sites: [{ ...site!, areas: [{ ...area!, lines: [...area!.lines, line] }] }],
    sources: [
      ...simulated.sources,
      { id: 'plc', adapter: 'opcua', clock: 'wall', options: {} },
      { id: 'idle', adapter: 'simulator', clock: 'wall', options: {} },
    ],
  }
}

/** The simulator on a live floor behind REST; time passes when the test says so. */
function ground(options: { readonly isRunning?: boolean; readonly driven?: 'source' } = {}) {
  const driven: 'wall' | 'source' = options.driven ?? 'wall'
  const given = plantWithRealPress()
  const plant = { ...given, sources: given.sources.map(source => ({ ...source, clock: driven })) }
  const scheduler = new VirtualTimeScheduler()
  const wall = { now: () => lineStart + scheduler.frame }
  const { registry } = makeRegistry(plant, emptyIndexBook)
  const clock = new FloorClock(wall, driven)
  const simulated = new Set(['simulator', 'idle'])
  const floor = new LiveFloor({ plant, registry, dictionary: new Dictionary(), clock, wall, simulated })
  const entries: Entry[] = []
  const isBlocked = { now: false }
  const simulation = createSimulation({
    floor,
    simulated,
    isBlocked: () => isBlocked.now,
    record: entry => entries.push(entry),
  })
  const intake = new Intake({
    floor,
    append: entry => entries.push(entry),
    onDamage: reports => simulation.faults.hear(reports),
  })
  const context = {
    ...testContext({ signals: registry.signals.filter(({ signal }) => signal.source === 'simulator') }),
    source: 'simulator',
    plant,
    clock,
    wall,
    scheduler,
    intern: (text: string) => floor.intern(text),
    commands: simulation.channel.commands('simulator')!,
  }
  if (options.isRunning !== false) {
    simulator
      .create(simulator.options.parse({ randomFaults: 0 }), context)
      .subscribe(event => intake.take('simulator', { kind: 'event', event, accept: () => {} }))
  }
  const logger = pino({ level: 'silent' })
  const api = createApi(
    {
      floor,
      simulation,
      store: emptyHistory,
      sources: intake.health,
      metrics: new Registry(),
      logger,
      missing: () => [],
    },
    manifestDocument(floor),
  )
  const ask = async (method: string, path: string, body?: unknown) => {
    const answer = await api.request(`/api/v1${path}`, {
      method,
      ...(body !== undefined && {
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      }),
    })
    const text = await answer.text()
    return { status: answer.status, body: text === '' ? null : JSON.parse(text), headers: answer.headers }
  }
  return {
    ask,
    isBlocked,
    floor,
    simulation,
    pass: (seconds: number) => {
      scheduler.maxFrames = scheduler.frame + seconds * 1000
      scheduler.flush()
      scheduler.frame = scheduler.maxFrames
    },
    /** What has become durable: samples as they came in, and what was refused. */
    samples: () => entries.flatMap(({ samples }) => (samples === undefined ? [] : samplesOf(samples))),
    rejects: () => entries.flatMap(({ rejects = [] }) => rejects),
    commands: () => entries.flatMap(({ rows }) => rows?.simulation_commands ?? []),
    state: async (id: string) => (await ask('GET', `/machines/${id}`)).body.state as string,
    value: async (id: string) => (await ask('GET', `/signals/${id}`)).body.value as number,
    faults: async (id: string) => (await ask('GET', `/machines/${id}/faults`)).body.items,
  }
}

interface SeenSample {
  readonly signal: number
  readonly time: number
  readonly value: number
  readonly quality: number
}
const samplesOf = ({ count, signal, sourceTime, value, quality }: SampleBatch): SeenSample[] =>
  Array.from({ length: count }, (_, i) => ({
    signal: signal[i]!,
    time: sourceTime[i]!,
    value: value[i]!,
    quality: quality[i]!,
  }))

const leak = {
  pattern: 'hydraulic-leak',
  severity: 1,
  timeToFailure: '5min',
  who: 'Ada',
  reason: 'try the alarm',
}

describe('a fault injected into a simulated machine', () => {
  it('shows in its signals, goes through its stages, stops the machine, and is recorded with who and why', async () => {
    const { ask, pass, value, state, faults, commands } = ground()
    pass(120)
    const healthy = await value('two.hydraulic-pressure')
    const { status, body, headers } = await ask('POST', '/machines/two/faults', leak)
    expect(status).toBe(201)
    expect(headers.get('location')).toBe('/api/v1/machines/two/faults')
    expect(body).toMatchObject({
      machine: 'two',
      pattern: 'hydraulic-leak',
      origin: 'injected',
      stage: 'dormant',
      injection: {
        severity: 1,
        timeToFailure: 300_000,
        clearAfter: null,
        who: 'Ada',
        reason: 'try the alarm',
      },
    })
    expect(commands()).toEqual([
      expect.objectContaining({
        source: 'simulator',
        machine: 'two',
        pattern: 'hydraulic-leak',
        command: 'inject',
        severity: 1,
        time_to_failure: 300_000,
        who: 'Ada',
        reason: 'try the alarm',
        ts: lineStart + 120_000,
      }),
    ])
    const stages: string[] = []
    for (let i = 0; i < 31; i++) {
      pass(10)
      const [fault] = await faults('two')
      if (stages.at(-1) !== fault.stage) stages.push(fault.stage)
      expect(fault).not.toHaveProperty('damage')
    }
    expect(stages).toEqual(['incipient', 'developing', 'severe', 'failed'])
    expect(await state('two')).toBe('Aborted')
    expect(await value('two.hydraulic-pressure')).toBeLessThan(0.7 * healthy)

    const repaired = await ask('POST', '/machines/two/faults/hydraulic-leak/repair', {
      takes: 'PT2M',
      who: 'Bo',
      reason: 'new hose',
    })
    expect(repaired.status).toBe(202)
    pass(60)
    expect(await faults('two')).toMatchObject([{ stage: 'underRepair' }])
    expect(await state('two')).toBe('Aborted')
    pass(300)
    expect(await faults('two')).toEqual([])
    expect(await state('two')).toBe('Execute')
    expect(await value('two.hydraulic-pressure')).toBeGreaterThan(0.95 * healthy)
    expect(commands().at(-1)).toMatchObject({
      command: 'repair',
      repair: 'perfect',
      takes: 120_000,
      who: 'Bo',
    })
  })

  it('begins when it should, and not before', async () => {
    const { ask, pass, faults } = ground()
    const start = new Date(lineStart + 600_000).toISOString()
    expect((await ask('POST', '/machines/one/faults', { ...leak, start })).status).toBe(201)
    pass(590)
    expect(await faults('one')).toMatchObject([{ stage: 'dormant', injection: { start } }])
    pass(100)
    expect(await faults('one')).toMatchObject([{ stage: 'developing' }])
  })

  it('goes by itself after the time it was given, however fast it grew: the two times are two', async () => {
    const { ask, pass, faults, state } = ground()
    await ask('POST', '/machines/two/faults', { ...leak, timeToFailure: 60_000, clearAfter: 600_000 })
    await ask('POST', '/machines/three/faults', { ...leak, timeToFailure: '10h', clearAfter: 600_000 })
    pass(90)
    expect(await state('two')).toBe('Aborted')
    pass(500)
    expect(await state('two')).toBe('Aborted')
    expect(await faults('three')).toMatchObject([{ stage: 'incipient' }])
    pass(300)
    expect(await state('two')).toBe('Execute')
    expect([await faults('two'), await faults('three')]).toEqual([[], []])
  })

  it('of less than full severity stays where it is, and the machine goes on', async () => {
    const { ask, pass, faults, state } = ground()
    await ask('POST', '/machines/two/faults', { ...leak, severity: 0.4, timeToFailure: '1min' })
    pass(1800)
    expect(await faults('two')).toMatchObject([{ stage: 'developing' }])
    expect(await state('two')).not.toBe('Aborted')
  })

  it('can be halted and let go on', async () => {
    const { ask, pass, faults } = ground()
    await ask('POST', '/machines/two/faults', leak)
    pass(100)
    const who = { who: 'Ada', reason: 'lunch' }
    const paused = await ask('POST', '/machines/two/faults/hydraulic-leak/pause', who)
    expect(paused.body).toMatchObject({ stage: 'developing', injection: { isPaused: true } })
    pass(3600)
    expect(await faults('two')).toMatchObject([{ stage: 'developing' }])
    await ask('POST', '/machines/two/faults/hydraulic-leak/resume', who)
    pass(210)
    expect(await faults('two')).toMatchObject([{ stage: 'failed', injection: { isPaused: false } }])
  })

  it('that is paused before its onset waits for it', async () => {
    const { ask, pass, faults } = ground()
    const start = new Date(lineStart + 60_000).toISOString()
    await ask('POST', '/machines/two/faults', { ...leak, start })
    await ask('POST', '/machines/two/faults/hydraulic-leak/pause', { reason: 'not yet' })
    pass(600)
    expect(await faults('two')).toMatchObject([{ stage: 'dormant', injection: { isPaused: true } }])
    await ask('POST', '/machines/two/faults/hydraulic-leak/resume', { reason: 'now' })
    pass(100)
    expect(await faults('two')).toMatchObject([{ stage: 'developing' }])
  })

  it('that goes on before its onset begins no sooner than it was to', async () => {
    const { ask, pass, faults } = ground()
    const start = new Date(lineStart + 600_000).toISOString()
    await ask('POST', '/machines/two/faults', { ...leak, start })
    for (const step of ['pause', 'resume', 'pause', 'resume'])
      await ask('POST', `/machines/two/faults/hydraulic-leak/${step}`, { reason: 'x' })
    pass(599)
    expect(await faults('two')).toMatchObject([{ stage: 'dormant', injection: { start } }])
    pass(101)
    expect(await faults('two')).toMatchObject([{ stage: 'developing' }])
  })

  it('that was over before it could be told of is answered all the same: it was recorded and carried out', async () => {
    const { ask, pass, faults, commands } = ground()
    pass(60.03)
    const { status, body } = await ask('POST', '/machines/two/faults', { ...leak, clearAfter: 1 })
    expect([status, body]).toMatchObject([
      201,
      { machine: 'two', pattern: 'hydraulic-leak', stage: 'dormant', injection: { clearAfter: 1 } },
    ])
    expect(await faults('two')).toEqual([])
    expect(commands()).toHaveLength(1)
  })

  describe.each([
    ['minimal', undefined],
    ['imperfect', 0.5],
    ['imperfect', 0.02],
  ] as const)('that a repair leaves (%s, keeps %s)', (kind, keeps) => {
    const path = '/machines/two/faults/hydraulic-leak'
    const by = { who: 'Bo', reason: 'x' }
    /** A minute after the repair began the machine has not run again yet. */
    const left = async (isPaused = false) => {
      const on = ground()
      on.pass(60)
      await on.ask('POST', '/machines/two/faults', leak)
      on.pass(200)
      if (isPaused) await on.ask('POST', `${path}/pause`, by)
      expect((await on.ask('POST', `${path}/repair`, { kind, keeps, takes: '1s', ...by })).status).toBe(202)
      on.pass(2)
      expect(await on.state('two')).not.toBe('Execute')
      return on
    }
    const injection = { severity: 1, timeToFailure: 300_000, who: 'Ada', reason: 'try the alarm' }

    it('is still the one that was injected, before and after the machine runs again', async () => {
      const { pass, faults, state } = await left()
      const one = { machine: 'two', origin: 'injected', injection }
      expect(await faults('two')).toMatchObject([{ ...one, stage: 'repaired' }])
      for (let i = 0; i < 80; i++) {
        pass(5)
        expect(await faults('two')).toMatchObject([one])
      }
      expect(await faults('two')).toMatchObject([{ ...one, stage: 'failed' }])
      expect(await state('two')).toBe('Aborted')
    })

    it('can be cleared, and is gone for good', async () => {
      for (const all of ['/machines/two/faults', '/faults']) {
        const { ask, pass, faults, state } = await left()
        expect((await ask('DELETE', all)).body).toEqual({ cleared: 1 })
        expect(await faults('two')).toEqual([])
        pass(900)
        expect(await faults('two')).toEqual([])
        expect(await state('two')).not.toBe('Aborted')
      }
    })

    it('can be halted, and stays halted where it was before', async () => {
      const later = await left()
      expect((await later.ask('POST', `${path}/pause`, by)).body).toMatchObject({
        injection: { isPaused: true },
      })
      for (const { ask, pass, faults, state } of [later, await left(true)]) {
        expect(await faults('two')).toMatchObject([{ injection: { isPaused: true } }])
        pass(3600)
        expect(await faults('two')).toMatchObject([{ origin: 'injected', injection: { isPaused: true } }])
        expect(await state('two')).toBe('Execute')
        expect((await ask('POST', `${path}/resume`, by)).status).toBe(200)
        pass(400)
        expect(await faults('two')).toMatchObject([{ stage: 'failed', injection: { isPaused: false } }])
      }
    })
  })

  it('can be cleared: one, all of a machine, all', async () => {
    const { ask, pass, faults, commands, floor } = ground()
    const drift = { ...leak, pattern: 'sensor-drift' }
    for (const machine of ['one', 'two', 'three']) {
      await ask('POST', `/machines/${machine}/faults`, leak)
      await ask('POST', `/machines/${machine}/faults`, drift)
    }
    pass(200)
    expect((await ask('GET', '/faults')).body.items).toHaveLength(6)
    const query = '?who=Bo&reason=enough'
    expect((await ask('DELETE', `/machines/one/faults/sensor-drift${query}`)).status).toBe(204)
    expect(commands().at(-1)).toMatchObject({ command: 'clear', who: 'Bo', reason: 'enough' })
    expect((await faults('one')).map(({ pattern }: { pattern: string }) => pattern)).toEqual([
      'hydraulic-leak',
    ])
    expect((await ask('DELETE', '/machines/two/faults')).body).toEqual({ cleared: 2 })
    expect((await ask('DELETE', '/faults')).body).toEqual({ cleared: 3 })
    pass(300)
    expect((await ask('GET', '/faults')).body.items).toEqual([])
    for (const { index } of floor.registry.machines) {
      expect(floor.faults(index).filter(({ state }) => state !== 'repaired')).toEqual([])
    }
  })

  it('is gone when the simulated plant is met anew', async () => {
    const { ask, pass, floor, simulation } = ground()
    await ask('POST', '/machines/two/faults', leak)
    pass(200)
    const reports = simulation.faults.metAnew('simulator')
    expect(reports).toEqual([
      expect.objectContaining({ kind: 'cleared', machine: 'two', pattern: 'hydraulic-leak' }),
    ])
    floor.ingest('simulator', { kind: 'damage', reports })
    simulation.faults.hear(reports)
    expect((await ask('GET', '/faults')).body.items).toEqual([])
    expect(simulation.faults.metAnew('plc')).toEqual([])
  })
})

describe('what cannot be injected', () => {
  const { ask, commands } = ground()
  const refused: readonly (readonly [string, string, object, number, RegExp])[] = [
    ['a machine that is not there', 'four', {}, 404, /No machine 'four'/],
    [
      'a machine that is real',
      'real',
      {},
      409,
      /real is a real machine: source plc \(opcua\) is connected to a plant, and nothing is ever sent there/,
    ],
    [
      'a fault that the type cannot have',
      'two',
      { pattern: 'tool-wear' },
      422,
      /A press such as two cannot have the fault "tool-wear"; it can have hydraulic-leak, electrical-fault, sensor-drift/,
    ],
    ['a fault that there is not', 'two', { pattern: 'rust' }, 422, /pattern/],
    ['a severity of nothing', 'two', { severity: 0 }, 422, /severity.*is above 0 and at most 1/],
    [
      'an onset that is past',
      'two',
      { start: new Date(lineStart - 3_600_000).toISOString() },
      422,
      /is past: the floor's clock is at .* Leave it out to begin now/,
    ],
    [
      'an onset years ahead',
      'two',
      { start: new Date(lineStart + 400 * 86_400_000).toISOString() },
      422,
      /more than a year ahead/,
    ],
    ['a severity above 1', 'two', { severity: 1.2 }, 422, /severity/],
    ['a severity below 0', 'two', { severity: -0.1 }, 422, /severity.*is above 0 and at most 1/],
    [
      'a severity that shows nowhere',
      'two',
      { severity: 1e-9 },
      422,
      /from 0.01, below which it would show nowhere/,
    ],
    ['a severity that is a word', 'two', { severity: 'bad' }, 422, /severity/],
    [
      'a time to failure of zero',
      'two',
      { timeToFailure: 0 },
      422,
      /timeToFailure.*a duration of 0 cannot be/,
    ],
    ['a time to failure of zero in words', 'two', { timeToFailure: 'PT0S' }, 422, /timeToFailure/],
    [
      'a time to failure that is none',
      'two',
      { timeToFailure: 'soon' },
      422,
      /timeToFailure.*write milliseconds/,
    ],
    ['an end after no time', 'two', { clearAfter: 0 }, 422, /clearAfter/],
    ['an end before it begins', 'two', { clearAfter: -5 }, 422, /clearAfter/],
    ['an onset that is no time', 'two', { start: 'tomorrow' }, 422, /start/],
    ['no reason', 'two', { reason: ' ' }, 422, /reason/],
    ['an option that there is not', 'two', { colour: 'red' }, 422, /colour/],
  ]

  it.each(refused)('%s', async (_what, machine, changes, status, message) => {
    const answer = await ask('POST', `/machines/${machine}/faults`, { ...leak, ...changes })
    expect(answer.status).toBe(status)
    expect(answer.headers.get('content-type')).toContain('application/problem+json')
    expect(JSON.stringify(answer.body).replaceAll('\\"', '"')).toMatch(message)
    expect(commands()).toEqual([])
  })

  it('a second of the same, and what is not there cannot be changed', async () => {
    const { ask } = ground()
    expect((await ask('POST', '/machines/two/faults/hydraulic-leak/pause', { reason: 'x' })).status).toBe(404)
    await ask('POST', '/machines/two/faults', leak)
    const second = await ask('POST', '/machines/two/faults', leak)
    expect(second.status).toBe(409)
    expect(second.body.detail).toBe(
      'two carries the fault "hydraulic-leak" already. Repair or clear that one first.',
    )
    const kept = { kind: 'imperfect', reason: 'x' }
    const repair = '/machines/two/faults/hydraulic-leak/repair'
    expect((await ask('POST', repair, kept)).status).toBe(422)
    expect((await ask('POST', repair, { ...kept, keeps: 1 })).status).toBe(422)
    expect((await ask('POST', repair, { reason: 'x', keeps: 0.5 })).status).toBe(422)
    expect((await ask('DELETE', '/machines/real/faults')).status).toBe(409)
  })

  it('a repair before the onset', async () => {
    const { ask, pass } = ground()
    const start = new Date(lineStart + 600_000).toISOString()
    const wish = { pattern: 'hydraulic-leak', severity: 1, timeToFailure: '1h', start, reason: 'x' }
    expect((await ask('POST', '/machines/two/faults', wish)).status).toBe(201)
    const repair = () => ask('POST', '/machines/two/faults/hydraulic-leak/repair', { reason: 'x' })
    const early = await repair()
    expect(early.status).toBe(409)
    expect(early.body.detail).toContain(`begins at ${start}: there is nothing to repair yet. Clear it`)
    const pause = '/machines/two/faults/hydraulic-leak/pause'
    expect((await ask('POST', pause, { reason: 'x' })).status).toBe(200)
    pass(601)
    const held = await repair()
    expect(held.status).toBe(409)
    expect(held.body.detail).toContain('is paused before its onset: there is nothing to repair yet. Clear it')
    expect((await ask('POST', '/machines/two/faults/hydraulic-leak/resume', { reason: 'x' })).status).toBe(
      200,
    )
    expect((await repair()).status).toBe(202)
  })

  it('a pause of a fault that grows no more', async () => {
    const { ask, pass, faults } = ground()
    await ask('POST', '/machines/two/faults', { ...leak, timeToFailure: '10s' })
    pass(30)
    expect(await faults('two')).toMatchObject([{ stage: 'failed' }])
    const { status, body } = await ask('POST', '/machines/two/faults/hydraulic-leak/pause', { reason: 'x' })
    expect([status, body.detail]).toEqual([
      409,
      expect.stringContaining('has failed: it does not grow any more'),
    ])
    expect(await faults('two')).toMatchObject([{ injection: { isPaused: false } }])
  })

  it('a second repair, as long as the first goes on', async () => {
    const { ask, pass, faults } = ground()
    await ask('POST', '/machines/two/faults', { ...leak, timeToFailure: '1min' })
    pass(60)
    const repair = () =>
      ask('POST', '/machines/two/faults/hydraulic-leak/repair', { takes: '10min', reason: 'x' })
    expect((await repair()).status).toBe(202)
    const atOnce = await repair()
    expect(atOnce.status).toBe(409)
    pass(300)
    const meanwhile = await repair()
    expect(meanwhile.status).toBe(409)
    expect(meanwhile.body.detail).toContain('is being repaired already')
    pass(400)
    expect(await faults('two')).toEqual([])
    await ask('POST', '/machines/two/faults', { ...leak, timeToFailure: '1min' })
    pass(60)
    expect((await repair()).status).toBe(202)
  })

  it('anything, while it could not be recorded', async () => {
    const { ask, isBlocked, commands } = ground()
    isBlocked.now = true
    expect((await ask('POST', '/machines/two/faults', leak)).status).toBe(503)
    const link = { kind: 'frozen', reason: 'x' }
    expect((await ask('POST', '/links/simulator/faults', link)).status).toBe(503)
    expect(commands()).toEqual([])
  })

  it('anything, while the simulation does not run', async () => {
    const { ask } = ground({ isRunning: false })
    const { status, body } = await ask('POST', '/machines/two/faults', leak)
    expect(status).toBe(409)
    expect(body.detail).toContain('does not run now')
    expect((await ask('DELETE', '/faults')).body).toEqual({ cleared: 0 })
  })
})

describe('a fault of the link', () => {
  const late = { kind: 'bad-quality', clearAfter: '20s', who: 'Ada', reason: 'see the marks' }

  it('reaches the signals, is recorded, and is over when it should be', async () => {
    const { ask, pass, commands } = ground()
    pass(5)
    const { status, body } = await ask('POST', '/links/simulator/faults', late)
    expect(status).toBe(201)
    expect(body).toMatchObject({ source: 'simulator', kind: 'bad-quality', share: 1, clearAfter: 20_000 })
    expect(commands()).toEqual([
      expect.objectContaining({ command: 'disturb', pattern: 'bad-quality', machine: '', who: 'Ada' }),
    ])
    pass(5)
    const quality = async () => (await ask('GET', '/signals/two.oil-flow')).body.quality
    expect(await quality()).toBe('bad')
    expect((await ask('GET', '/links/simulator/faults')).body.items).toHaveLength(1)
    pass(20)
    expect(await quality()).toBe('good')
    expect((await ask('GET', '/links/simulator/faults')).body.items).toEqual([])
  })

  /** Of each kind: what is durable of its 20 s against what would be without it, and what is refused. */
  const marks: Readonly<Record<LinkFaultKind, (found: Found) => void>> = {
    'bad-quality': ({ seen, truth }) =>
      expect(seen).toEqual(truth.map(sample => ({ ...sample, quality: Quality.bad }))),
    frozen: ({ seen, truth }) => {
      expect(seen.map(({ time }) => time)).toEqual(truth.map(({ time }) => time))
      expect(new Set(seen.map(({ value }) => value)).size).toBe(1)
    },
    dropout: ({ seen, truth }) => expect([seen.length, truth.length > 15]).toEqual([0, true]),
    duplicate: ({ seen, truth }) => expect(seen).toEqual(truth.flatMap(sample => [sample, sample])),
    late: ({ seen, truth, all }) => {
      // They are all there, and came after younger ones.
      expect(inTime(seen)).toEqual(truth)
      expect(all.some(({ time }, i) => time < (all[i - 1]?.time ?? 0))).toBe(true)
    },
    'clock-jump': ({ all, truth }) => {
      const moved = truth.map(sample => ({ ...sample, time: sample.time - 600_000 }))
      expect(all).toEqual(expect.arrayContaining(moved))
    },
    'wrong-unit': ({ seen, truth }) => {
      // In °F or K under the name of °C.
      expect(seen.length).toBe(truth.length)
      for (const [i, { value }] of seen.entries()) expect(value).toBeGreaterThan(1.5 * truth[i]!.value)
    },
    'server-restart': ({ seen, truth }) => expect([seen.length, truth.length > 15]).toEqual([0, true]),
    missing: ({ seen, truth, rejects }) => {
      expect(seen).toEqual([])
      expect(rejects.length).toBe(truth.length)
    },
    text: ({ seen, rejects }) => {
      expect(seen.filter(({ quality }) => quality !== Quality.bad)).toEqual([])
      expect(rejects.length).toBeGreaterThan(15)
    },
    outlier: ({ seen, truth, rejects }) => {
      expect(seen.map(({ value }) => value)).toEqual(
        truth.map(({ value }) => expect.closeTo(10 * value, 6) as number),
      )
      // The thermometer cannot show it.
      expect(seen.every(({ quality }) => quality === Quality.bad)).toBe(true)
      expect(rejects.map(({ reason }) => reason).join()).toContain('range')
    },
    negative: ({ seen, truth }) =>
      expect(seen.map(({ value }) => value)).toEqual(truth.map(({ value }) => -value)),
  }
  interface Found {
    readonly seen: readonly SeenSample[]
    readonly truth: readonly SeenSample[]
    readonly all: readonly SeenSample[]
    readonly rejects: readonly Reject[]
  }
  const inTime = (samples: readonly SeenSample[]) => [...samples].sort((a, b) => a.time - b.time)

  it.each(linkFaultKinds)('of kind %s spoils what becomes durable in its own way', async kind => {
    const [one, other] = [ground(), ground()]
    const shift = { late: 7_000, 'clock-jump': -600_000 }[kind as string]
    one.pass(20)
    other.pass(20)
    const signals = kind === 'server-restart' ? {} : { signals: ['two.oil-temperature'] }
    const given = { kind, ...signals, share: 1, clearAfter: '20s', reason: 'x', ...(shift && { shift }) }
    const { status, body } = await one.ask('POST', '/links/simulator/faults', given)
    expect(status, JSON.stringify(body)).toBe(201)
    one.pass(60)
    other.pass(60)
    const { index } = one.floor.registry.signalById('two.oil-temperature')!
    const of = (samples: readonly SeenSample[]) => samples.filter(({ signal }) => signal === index)
    const during = ({ time }: SeenSample) => time > lineStart + 20_000 && time < lineStart + 39_900
    const all = of(one.samples())
    const truth = of(other.samples()).filter(during)
    marks[kind]({ seen: all.filter(during), truth, all, rejects: one.rejects() })
    // Afterwards all is as it was.
    const after = ({ time }: SeenSample) => time > lineStart + 48_000
    expect(inTime(all.filter(after))).toEqual(of(other.samples()).filter(after))
  })

  it('takes the source away for a while when its server restarts', async () => {
    const { ask, pass, state } = ground()
    pass(60)
    await ask('POST', '/links/simulator/faults', { kind: 'server-restart', reason: 'update' })
    pass(10)
    expect(await state('two')).toBe('Undefined')
    pass(120)
    expect(await state('two')).not.toBe('Undefined')
  })

  it('that sets the clock of one signal ahead delays nothing that is to begin now', async () => {
    const { ask, pass, faults, floor } = ground({ driven: 'source' })
    pass(5)
    const jump = { kind: 'clock-jump', shift: '1h', clearAfter: '3s', reason: 'x' }
    await ask('POST', '/links/simulator/faults', { ...jump, signals: ['two.oil-temperature'] })
    pass(6)
    expect(floor.clock.now()).toBeGreaterThan(lineStart + 3_600_000)
    const wish = { pattern: 'electrical-fault', severity: 1, timeToFailure: '5s', reason: 'x' }
    expect((await ask('POST', '/machines/two/faults', wish)).status).toBe(201)
    const bad = { kind: 'bad-quality', signals: ['one.oil-temperature'], reason: 'x' }
    expect((await ask('POST', '/links/simulator/faults', bad)).status).toBe(201)
    pass(8)
    expect(await faults('two')).toMatchObject([{ stage: 'failed' }])
    const { index } = floor.registry.signalById('one.oil-temperature')!
    expect(floor.signals.quality[index]).toBe(Quality.bad)
  })

  it('stays in the list while it works, though it has moved the clock of the floor beyond its end', async () => {
    const on = ground({ driven: 'source' })
    const disturb = async (given: object) =>
      (await on.ask('POST', '/links/simulator/faults', { reason: 'x', ...given })).body.id as string
    const listed = async () =>
      (await on.ask('GET', '/links/simulator/faults')).body.items.map(({ id }: { id: string }) => id)
    on.pass(5)
    const jump = { kind: 'clock-jump', shift: '1h', signals: ['two.oil-temperature'] }
    const first = await disturb({ ...jump, clearAfter: '10s' })
    const other = await disturb({ kind: 'bad-quality', clearAfter: '30s' })
    on.pass(6)
    expect(on.floor.clock.now()).toBeGreaterThan(lineStart + 3_600_000)
    expect(await listed()).toEqual([first, other])
    on.pass(6)
    expect(await listed()).toEqual([other])
    const second = await disturb({ ...jump, clearAfter: '10min' })
    on.pass(6)
    expect(await listed()).toEqual([other, second])
    expect((await on.ask('DELETE', `/links/simulator/faults/${second}`)).status).toBe(204)
    const before = on.samples().length
    on.pass(10)
    expect(on.samples().length).toBeGreaterThan(before)
    for (const { time } of on.samples().slice(before)) expect(time).toBeLessThan(lineStart + 60_000)
    on.pass(10)
    expect(await listed()).toEqual([])
  })

  it('is ended by hand: one, or all', async () => {
    const { ask, pass } = ground()
    const { body } = await ask('POST', '/links/simulator/faults', { kind: 'frozen', reason: 'x' })
    await ask('POST', '/links/simulator/faults', { kind: 'duplicate', reason: 'x' })
    await ask('POST', '/links/simulator/faults', { kind: 'outlier', reason: 'x' })
    pass(1)
    expect((await ask('DELETE', `/links/simulator/faults/${body.id}`)).status).toBe(204)
    expect((await ask('DELETE', `/links/simulator/faults/${body.id}`)).status).toBe(404)
    expect((await ask('DELETE', '/links/simulator/faults')).body).toEqual({ cleared: 2 })
  })

  it.each([
    ['late', '20s', 20_000],
    ['clock-jump', '-10min', -600_000],
    ['clock-jump', 5_000, 5_000],
  ])('%s takes a shift of %s', async (kind, shift, ms) => {
    const { ask } = ground()
    const { status, body } = await ask('POST', '/links/simulator/faults', { ...late, kind, shift })
    expect([status, body.shift]).toEqual([201, ms])
  })

  it.each([
    ['a source that is not there', 'nowhere', {}, 404, /No source 'nowhere'/],
    ['a real source', 'plc', {}, 409, /The link to plc is a real one/],
    ['a source that does not run', 'idle', {}, 409, /does not run now/],
    ['a kind that there is not', 'simulator', { kind: 'gremlins' }, 422, /kind/],
    ['a share of nothing', 'simulator', { share: 0 }, 422, /share/],
    ['a duration of zero', 'simulator', { clearAfter: 0 }, 422, /clearAfter/],
    [
      'a signal of another source',
      'simulator',
      { signals: ['real.state'] },
      422,
      /has no signal 'real.state'/,
    ],
    [
      'another unit of a text',
      'simulator',
      { kind: 'wrong-unit', signals: ['two.state'] },
      422,
      /two.state is a text/,
    ],
    [
      'another unit of what has no other',
      'simulator',
      { kind: 'wrong-unit', signals: ['two.produced'] },
      422,
      /two.produced is told in .*and there is no other/,
    ],
    ['a clock that is right', 'simulator', { kind: 'clock-jump', shift: 0 }, 422, /off by 0 ms is right/],
    [
      'the restart of some signals',
      'simulator',
      { kind: 'server-restart', signals: ['two.oil-flow'] },
      422,
      /signals.*restarts with all of its signals/,
    ],
    [
      'the restart of a share',
      'simulator',
      { kind: 'server-restart', share: 0.5 },
      422,
      /share.*restarts as a whole/,
    ],
    ['a shift where there is none', 'simulator', { shift: 5 }, 422, /shift/],
    ['a shift that is none', 'simulator', { kind: 'late', shift: 'a bit' }, 422, /shift.*write milliseconds/],
    ['a shift of years', 'simulator', { kind: 'clock-jump', shift: '-9000h' }, 422, /at most a year/],
    ['a late by less than nothing', 'simulator', { kind: 'late', shift: '-5s' }, 422, /late by more than 0/],
    ['a start long past', 'simulator', { start: '2001-01-01T00:00:00Z' }, 422, /is past/],
    ['a start years ahead', 'simulator', { start: '2999-01-01T00:00:00Z' }, 422, /more than a year ahead/],
    ['no reason', 'simulator', { reason: '' }, 422, /reason/],
  ])('is refused for %s', async (_what, source, changes, status, message) => {
    const { ask, commands } = ground()
    const answer = await ask('POST', `/links/${source}/faults`, { ...late, ...changes })
    expect(answer.status).toBe(status)
    expect(JSON.stringify(answer.body)).toMatch(message)
    expect(commands()).toEqual([])
  })
})
