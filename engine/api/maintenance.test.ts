import fc from 'fast-check'
import pino from 'pino'
import { Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import type { Entry } from '../../schema/records.js'
import type { SimulationCommand } from '../../schema/simulation-command.js'
import { calibrationOf, standingWorks } from '../../schema/tables/maintenance.js'
import type { MachineContext } from '../../twins/machine/machine.context.js'
import { type FloorOptions, floorOf, machineOf, sensor, start, stateSignal } from '../floor/floor.fixture.js'
import { MaintenanceDesk } from '../maintenance/desk.js'
import { simulatedRepair } from '../maintenance/simulated-repair.js'
import { createSimulation } from '../simulation/simulation.js'
import { createApi } from './api.js'
import { manifestDocument } from './manifest.js'
import { emptyHistory } from './test-history.js'

const hour = 3_600_000
const iso = (hours: number): string => new Date(start + hours * hour).toISOString()

const limits = { warningLow: 20, criticalLow: 10, warningHigh: 80, criticalHigh: 90 }
const press = machineOf(
  'press',
  [
    sensor('press', 'oil'),
    sensor('press', 'pressure', { quantity: 'pressure', limits }),
    sensor('press', 'flow', { quantity: 'flow', limits }),
    stateSignal('press'),
    sensor('press', 'mode', {
      role: 'status',
      quantity: 'mode',
      unit: '',
      type: 'text',
      period: 0,
      resolution: 0,
      stateMap: 'words',
    }),
  ],
  { type: 'press' },
)
const mill = machineOf('mill', [sensor('mill', 'spindle')])

function ground(options: FloorOptions = {}) {
  const { floor, wall, say } = floorOf([press, mill], options)
  const entries: Entry[] = []
  const spool = { isBlocked: false, isTaking: true }
  const record = (entry: Entry | undefined): boolean => {
    if (entry !== undefined && spool.isTaking) entries.push(entry)
    return spool.isTaking
  }
  const desk = (told: Entry[] = []) =>
    new MaintenanceDesk({
      floor,
      works: standingWorks(told.flatMap(entry => entry.rows?.maintenance_events ?? [])),
      calibrations: told.flatMap(entry => entry.rows?.calibrations ?? []).map(calibrationOf),
      isBlocked: () => spool.isBlocked,
      record,
    })
  const apiOf = (maintenance: MaintenanceDesk) =>
    createApi(
      {
        floor,
        store: emptyHistory,
        sources: new Map(),
        maintenance,
        metrics: new Registry(),
        logger: pino({ level: 'silent' }),
        missing: () => [],
      },
      manifestDocument(floor),
    )
  const asker = (api = apiOf(desk())) => {
    const ask = async (path: string, body?: unknown, method = body === undefined ? 'GET' : 'POST') => {
      const request = { method, ...(body !== undefined && { body: JSON.stringify(body) }) }
      const headers = { 'content-type': 'application/json' }
      const answer = await api.request(`/api/v1${path}`, { ...request, headers })
      // biome-ignore lint/suspicious/noExplicitAny: an answer of any shape
      return { status: answer.status, body: (answer.status === 204 ? undefined : await answer.json()) as any }
    }
    return ask
  }
  const stages = () => floor.faults(0).map(({ pattern, state }) => [pattern, state])
  const modeOf = (machine: string) => (floor.inspect(`machine:${machine}`)!.context as MachineContext).mode
  return {
    floor,
    wall,
    say,
    entries,
    spool,
    modeOf,
    ask: asker(),
    again: () => asker(apiOf(desk(entries))),
    stages,
  }
}

const work = {
  machine: 'press',
  kind: 'corrective',
  start: iso(-2),
  end: iso(-1),
  fault: 'hydraulic-leak',
  parts: [{ part: 'seal', quantity: 2, cost: 30 }],
  labourHours: 1.5,
  labourCost: 90,
  who: 'Ines',
  note: 'pump side',
}

describe('POST /api/v1/maintenance', () => {
  it('takes work with its parts and costs, makes it durable, and lists it', async () => {
    const { ask, entries } = ground()
    const answer = await ask('/maintenance', work)
    const shown = { ...work, id: `press@${iso(-2)}`, repair: 'perfect', keeps: null, cost: 120 }
    const moved = { mode: false, reason: 'press is a real machine and says itself which mode it is in.' }
    expect(answer).toEqual({ status: 201, body: { ...shown, moved } })
    expect(entries[0]?.rows?.maintenance_events).toEqual([
      expect.objectContaining({ machine: 'press', start: start - 2 * hour, parts: ['seal'], cost: 120 }),
    ])
    expect((await ask('/maintenance?machine=press')).body).toEqual({ items: [shown], nextCursor: null })
    expect((await ask('/maintenance?machine=mill')).body).toEqual({ items: [], nextCursor: null })
  })

  it.each([
    ['an end before its start', { end: iso(-3) }, 'end', 'not after its start'],
    ['no length', { end: iso(-2) }, 'end', 'not after its start'],
    ['a length of centuries', { end: '2199-01-01T00:00:00Z' }, 'end', 'at most 90'],
    ['a length of just above 90 days', { end: iso(90 * 24 - 1) }, 'end', 'at most 90'],
    [
      'a start of eleven years ago',
      { start: '2015-01-01T00:00:00Z', end: '2015-01-02T00:00:00Z' },
      'start',
      'ten',
    ],
    ['a start of 1970', { start: '1970-01-01T00:00:00Z' }, 'start', '2000'],
    ['a cost that is no number', { labourCost: 'NaN' }, 'labourCost', 'number'],
    ['a cost below nothing', { parts: [{ part: 'seal', quantity: 1, cost: -1 }] }, 'parts.0.cost', '>=0'],
    ['a cost beyond all money', { labourCost: 1e308 }, 'labourCost', '<='],
    ['an unknown kind', { kind: 'repair' }, 'kind', 'preventive'],
    ['a fault that the machine cannot have', { fault: 'tool-wear' }, 'fault', 'hydraulic-leak'],
    ['a time without a zone', { start: '2026-01-05T04:00:00' }, 'start', 'ISO 8601'],
    ['nobody who did it', { who: ' ' }, 'who', '1'],
    ['a field that there is not', { cost: 3 }, 'cost', 'no such field'],
    ['an imperfect repair that keeps nothing', { repair: 'imperfect' }, 'keeps', 'share'],
    ['a perfect repair that keeps something', { keeps: 0.3 }, 'keeps', 'nothing'],
    ['a repair that keeps it all', { repair: 'imperfect', keeps: 1 }, 'keeps', '<1'],
  ])('refuses %s with 422 and says which field', async (_, change, path, message) => {
    const { ask, entries, floor } = ground()
    const { status, body } = await ask('/maintenance', { ...work, ...change })
    expect(status).toBe(422)
    expect(body.errors).toEqual([{ path: `json.${path}`, message: expect.stringContaining(message) }])
    expect(entries).toEqual([])
    expect(floor.faults(0)).toEqual([])
  })

  it('refuses a machine that is not in the plant with 404', async () => {
    expect((await ground().ask('/maintenance', { ...work, machine: 'lathe' })).status).toBe(404)
    expect((await ground().ask('/maintenance?machine=lathe')).status).toBe(404)
  })

  it('never takes two works of a machine that overlap, whatever is told', async () => {
    const hours = fc.tuple(fc.nat(20), fc.integer({ min: 1, max: 8 }))
    await fc.assert(
      fc.asyncProperty(fc.array(hours, { maxLength: 12 }), async spans => {
        const { ask } = ground()
        const taken: (readonly [number, number])[] = []
        for (const [from, length] of spans) {
          const told = { ...work, start: iso(from), end: iso(from + length) }
          const { status } = await ask('/maintenance', told)
          const isFree = taken.every(([a, b]) => from + length <= a || b <= from)
          expect(status).toBe(isFree ? 201 : 422)
          if (isFree) taken.push([from, from + length])
        }
        const { body } = await ask('/maintenance?machine=press')
        const starts = taken.map(([from]) => iso(from))
        expect(body.items.map((item: { start: string }) => item.start)).toEqual(starts.sort().reverse())
      }),
      { numRuns: 20 },
    )
  })

  it('walks the list page by page, each once', async () => {
    const { ask } = ground()
    for (let i = 0; i < 5; i++) {
      await ask('/maintenance', {
        ...work,
        machine: i % 2 ? 'press' : 'mill',
        fault: null,
        start: iso(i),
        end: iso(i + 1),
      })
    }
    const starts: string[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const { body } = await ask(`/maintenance?limit=2${cursor ? `&cursor=${cursor}` : ''}`)
      starts.push(...body.items.map((item: { start: string }) => item.start))
      cursor = body.nextCursor
    }
    expect(starts).toEqual([4, 3, 2, 1, 0].map(iso))
    expect((await ask('/maintenance?cursor=bm8')).status).toBe(422)
  })

  it('remembers over a restart what was told before', async () => {
    const { ask, again } = ground()
    const { moved: _, ...told } = (await ask('/maintenance', work)).body
    const askAgain = again()
    expect((await askAgain('/maintenance')).body.items).toEqual([told])
    expect((await askAgain('/maintenance', work)).status).toBe(422)
  })

  it('takes work of 90 days and of ten years ago', async () => {
    const { ask } = ground()
    expect((await ask('/maintenance', { ...work, end: iso(90 * 24 - 2) })).status).toBe(201)
    const longAgo = { start: '2016-01-06T00:00:00Z', end: '2016-01-07T00:00:00Z' }
    expect((await ask('/maintenance', { ...work, ...longAgo })).status).toBe(201)
  })

  it('withdraws what was told by mistake: for good, on record, and its time is free again', async () => {
    const { ask, again, entries } = ground()
    const { id } = (await ask('/maintenance', work)).body
    const path = `/maintenance/${encodeURIComponent(id)}`
    expect(await ask(path, undefined, 'DELETE')).toEqual({ status: 204, body: undefined })
    const rows = entries.flatMap(entry => entry.rows?.maintenance_events ?? [])
    expect(rows.map(row => [row.id, row.withdrawn])).toEqual([
      [id, false],
      [id, true],
    ])
    expect((await ask('/maintenance')).body.items).toEqual([])
    expect((await again()('/maintenance')).body.items).toEqual([])
    expect((await ask(path, undefined, 'DELETE')).status).toBe(404)
    expect((await ask('/maintenance/press', undefined, 'DELETE')).status).toBe(404)
    expect((await ask('/maintenance', work)).status).toBe(201)
    expect((await again()('/maintenance')).body.items).toEqual([expect.objectContaining({ id })])
  })

  it('refuses what cannot be kept with 503, and moves no twin', async () => {
    const { ask, spool, floor } = ground()
    spool.isBlocked = true
    expect((await ask('/maintenance', work)).status).toBe(503)
    expect(floor.faults(0)).toEqual([])
    spool.isBlocked = false
    spool.isTaking = false
    expect(await ask('/maintenance', work)).toMatchObject({
      status: 503,
      body: { detail: expect.stringContaining('written as soon as there is room') },
    })
  })
})

describe('work on a machine', () => {
  /** A press at work that shows a leak in its sensors. */
  const leaking = () => {
    const parts = ground()
    parts.say('press.execution', 'ACTIVE')
    parts.say('press.pressure', 5)
    parts.say('press.flow', 95)
    return parts
  }
  const pass = ({ wall, floor }: Pick<ReturnType<typeof ground>, 'wall' | 'floor'>, to: number) => {
    wall.time = start + to * hour
    return floor.tick()
  }

  it('mends the fault that it names, at its times', async () => {
    const parts = leaking()
    const { ask, say, stages } = parts
    await ask('/maintenance', { ...work, start: iso(1), end: iso(2) })
    expect(stages()).toEqual([['hydraulic-leak', 'severe']])
    say('press.execution', 'DOWN')
    pass(parts, 1)
    expect(stages()).toEqual([['hydraulic-leak', 'underRepair']])
    pass(parts, 2)
    expect(stages()).toEqual([['hydraulic-leak', 'repaired']])
    say('press.pressure', 50)
    say('press.flow', 50)
    say('press.execution', 'ACTIVE')
    expect(stages()).toEqual([])
  })

  it('that is told afterwards has mended it already', async () => {
    const { ask, stages } = leaking()
    await ask('/maintenance', { ...work, repair: 'imperfect', keeps: 0.5 })
    expect(stages()).toEqual([['hydraulic-leak', 'developing']])
  })

  it('goes on after a restart, whenever that was', async () => {
    const before = leaking()
    await before.ask('/maintenance', { ...work, start: iso(1), end: iso(2) })
    const snapshots = before.floor.snapshot()?.snapshots ?? []
    const works = standingWorks(before.entries.flatMap(({ rows }) => rows?.maintenance_events ?? []))
    const after = ground({ snapshots, at: start + 3 * hour })
    after.say('press.execution', 'DOWN')
    after.floor.resumeMaintenance(works, start)
    expect(after.stages()).toEqual([['hydraulic-leak', 'repaired']])
  })

  it('on a simulated machine is done by the simulation, when it is time', async () => {
    const { floor, wall, entries } = ground({ isSimulated: true })
    const simulation = createSimulation({
      floor,
      simulated: new Set(['plc']),
      isBlocked: () => false,
      record: entry => entries.push(entry),
    })
    const sent: SimulationCommand[] = []
    simulation.channel.commands('plc')?.subscribe(command => sent.push(command))
    simulation.faults.inject('press', { pattern: 'hydraulic-leak', severity: 1, who: 'Ada', reason: 'test' })
    sent.length = 0
    const desk = new MaintenanceDesk({
      floor,
      works: [],
      calibrations: [],
      isBlocked: () => false,
      record: () => true,
      mend: simulatedRepair(simulation.faults, pino({ level: 'silent' })),
    })
    const told = {
      ...work,
      kind: 'corrective',
      fault: 'hydraulic-leak',
      repair: 'perfect',
      keeps: null,
    } as const
    desk.maintain({ ...told, start: start + hour, end: start + 3 * hour })
    desk.tick()
    expect(sent).toEqual([])
    wall.time = start + hour
    desk.tick()
    desk.tick()
    expect(sent).toEqual([
      expect.objectContaining({
        kind: 'repair',
        machine: 'press',
        takes: 2 * hour,
        who: 'Ines',
        reason: 'pump side',
      }),
    ])
    // Of a machine without that fault there is nothing to mend.
    desk.maintain({ ...told, fault: 'electrical-fault', start: start - 2 * hour, end: start - hour })
    expect(sent).toHaveLength(1)
  })

  it('for a breakdown of a real machine is a failure, then a repair', async () => {
    const { ask, entries } = ground()
    await ask('/maintenance', { ...work, kind: 'breakdown' })
    const stages = entries.flatMap(({ rows }) => rows?.fault_events ?? []).map(({ stage }) => stage)
    expect(stages).toEqual(['failed', 'underRepair', 'repaired'])
  })

  it('puts a simulated machine that stands into Maintenance and back, by the standard', async () => {
    const { ask, floor, wall, say, modeOf } = ground({ isSimulated: true })
    const mode = () => modeOf('press')
    say('press.execution', 'READY')
    const before = mode()
    await ask('/maintenance', { ...work, start: iso(0), end: iso(1) })
    expect([before, mode()]).toEqual(['Production', 'Maintenance'])
    wall.time += hour
    const entry = floor.tick()
    expect(mode()).toBe('Production')
    expect(entry?.stateChanges).toEqual([
      expect.objectContaining({ machine: 'press', state: '', mode: 'Production', observed: false }),
    ])
  })

  it('holds it in Maintenance whatever the simulation repeats, then lets it be in the mode it said last', async () => {
    const { ask, floor, wall, say, modeOf } = ground({ isSimulated: true })
    say('press.execution', 'DOWN')
    say('press.mode', 'PRODUCE')
    const { status, body } = await ask('/maintenance', { ...work, start: iso(0), end: iso(1) })
    expect([status, body.moved]).toEqual([201, { mode: true, reason: '' }])
    for (const mode of ['PRODUCE', 'BY HAND', 'PRODUCE', 'BY HAND']) {
      wall.time += hour / 10
      const entry = say('press.mode', mode)
      expect([modeOf('press'), entry?.stateChanges]).toEqual(['Maintenance', undefined])
    }
    // Of before the work, told late: for the record only.
    const late = say('press.mode', 'PRODUCE', start - hour)
    expect(late?.stateChanges).toEqual([expect.objectContaining({ mode: 'Production', time: start - hour })])
    expect(modeOf('press')).toBe('Maintenance')
    say('press.execution', 'ACTIVE')
    wall.time = start + hour
    const changes = floor.tick()?.stateChanges
    expect(changes).toEqual([expect.objectContaining({ mode: 'Manual', time: start + hour })])
    expect(modeOf('press')).toBe('Manual')
    say('press.mode', 'PRODUCE')
    expect(modeOf('press')).toBe('Production')
  })

  it('waits for a machine that is about to stand, and not for one that runs', async () => {
    const { ask, floor, wall, say, modeOf } = ground({ isSimulated: true })
    const passes = () => {
      wall.time += 1_000
      floor.tick()
      return modeOf('press')
    }
    say('press.execution', 'FAILING')
    const { body } = await ask('/maintenance', { ...work, start: iso(0), end: iso(1) })
    expect(body.moved).toEqual({ mode: false, reason: expect.stringContaining('when it stands') })
    expect(passes()).toBe('Production')
    say('press.execution', 'DOWN')
    expect(passes()).toBe('Maintenance')
    wall.time = start + hour
    floor.tick()
    say('press.execution', 'ACTIVE')
    await ask('/maintenance', { ...work, start: iso(1), end: iso(2) })
    say('press.execution', 'READY')
    expect(passes()).toBe('Production')
  })

  it('gives back the mode of before, also between two works on end', async () => {
    const { ask, floor, wall, say, modeOf } = ground({ isSimulated: true })
    say('press.execution', 'READY')
    say('press.mode', 'BY HAND')
    await ask('/maintenance', { ...work, start: iso(1), end: iso(2) })
    await ask('/maintenance', { ...work, start: iso(0), end: iso(1) })
    const modes = [0, 1, 2].map(hours => {
      wall.time = start + hours * hour
      floor.tick()
      return modeOf('press')
    })
    expect(modes).toEqual(['Maintenance', 'Maintenance', 'Manual'])
  })

  it.each([
    ['that runs', 'ACTIVE', iso(0), iso(1), /^press is in Execute; .*Stopped, Idle, Aborted\.$/],
    ['when the work is over', 'READY', iso(-2), iso(-1), /was over/],
    ['before the work begins', 'READY', iso(1), iso(2), /begins at/],
  ])('says why it moves no mode of a machine %s', async (_, word, from, to, reason) => {
    const { ask, say, modeOf, entries } = ground({ isSimulated: true })
    say('press.execution', word)
    say('press.mode', 'BY HAND')
    const { body } = await ask('/maintenance', { ...work, start: from, end: to })
    expect(body.moved).toEqual({ mode: false, reason: expect.stringMatching(reason) })
    expect(entries.flatMap(({ stateChanges = [] }) => stateChanges)).toEqual([])
    expect(modeOf('press')).toBe('Manual')
  })

  it('is held on over a restart, and let go at the end of the work', async () => {
    const before = ground({ isSimulated: true })
    before.say('press.execution', 'READY')
    await before.ask('/maintenance', { ...work, start: iso(0), end: iso(2) })
    const snapshots = before.floor.snapshot()?.snapshots ?? []
    const works = standingWorks(before.entries.flatMap(({ rows }) => rows?.maintenance_events ?? []))
    const after = ground({ isSimulated: true, snapshots, at: start + hour })
    after.floor.wake(start)
    after.floor.resumeMaintenance(works, start)
    after.say('press.mode', 'PRODUCE')
    after.say('press.execution', 'READY')
    after.floor.tick()
    expect(after.modeOf('press')).toBe('Maintenance')
    after.wall.time = start + 2 * hour
    after.floor.tick()
    expect(after.modeOf('press')).toBe('Production')
    const late = ground({ isSimulated: true, snapshots, at: start + 3 * hour })
    late.floor.resumeMaintenance(works, start)
    expect(late.modeOf('press')).toBe('Production')
  })

  it('that is withdrawn lets the machine and its fault be as before', async () => {
    const simulated = ground({ isSimulated: true })
    simulated.say('press.execution', 'READY')
    const now = { ...work, start: iso(0), end: iso(2) }
    const path = `/maintenance/${encodeURIComponent(`press@${iso(0)}`)}`
    await simulated.ask('/maintenance', now)
    await simulated.ask(path, undefined, 'DELETE')
    expect(simulated.modeOf('press')).toBe('Production')

    const real = leaking()
    await real.ask('/maintenance', now)
    expect(real.stages()).toEqual([['hydraulic-leak', 'underRepair']])
    await real.ask(path, undefined, 'DELETE')
    expect(real.stages()).toEqual([['hydraulic-leak', 'severe']])

    const planned = leaking()
    await planned.ask('/maintenance', { ...now, start: iso(1) })
    await planned.ask(`/maintenance/${encodeURIComponent(`press@${iso(1)}`)}`, undefined, 'DELETE')
    pass(planned, 1)
    expect(planned.stages()).toEqual([['hydraulic-leak', 'severe']])
  })

  it('leaves the mode of a real machine to what the machine says', async () => {
    const { ask, modeOf, say } = ground()
    say('press.execution', 'READY')
    await ask('/maintenance', { ...work, start: iso(0), end: iso(1) })
    expect(modeOf('press')).toBe('Production')
  })
})

describe('/api/v1/signals/{id}/calibrations', () => {
  const done = { time: iso(-1), who: 'Ines', reference: 50, reading: 50.5, due: iso(24 * 90) }

  it('takes a calibration with its offset, tells the twin, and lists it newest first', async () => {
    const { ask, entries, floor } = ground()
    const answer = await ask('/signals/press.oil/calibrations', done)
    expect(answer).toEqual({ status: 201, body: { ...done, signal: 'press.oil', offset: 0.5, note: '' } })
    expect(entries[0]?.rows?.calibrations).toHaveLength(1)
    expect(entries[0]?.rows?.sensor_health).toEqual([
      expect.objectContaining({ calibrated_at: start - hour, calibration_due: start + 24 * 90 * hour }),
    ])
    expect(floor.inspect('sensor:press.oil')?.context).toMatchObject({ calibratedAt: start - hour })
    await ask('/signals/press.oil/calibrations', { ...done, time: iso(-3), due: null })
    const { items } = (await ask('/signals/press.oil/calibrations')).body
    expect(items.map((item: { time: string }) => item.time)).toEqual([iso(-1), iso(-3)])
    // The older one is in the record; what counts is the newest.
    expect((await ask('/signals/press.oil')).body.health).toMatchObject({
      calibratedAt: iso(-1),
      calibrationDue: iso(24 * 90),
    })
  })

  it('makes the next one due when its time has come', async () => {
    const { ask, floor, wall } = ground()
    await ask('/signals/press.oil/calibrations', done)
    wall.time = start + 24 * 91 * hour
    floor.tick()
    expect(floor.inspect('sensor:press.oil')?.state).toMatchObject({ health: 'calibration-due' })
    await ask('/signals/press.oil/calibrations', { ...done, time: iso(24 * 91), due: null })
    expect(floor.inspect('sensor:press.oil')?.state).toMatchObject({ health: 'ok' })
  })

  it.each([
    ['of the future', { time: iso(1) }, 'time', 'now is'],
    ['whose next is due before it', { due: iso(-2) }, 'due', 'not after'],
    ['of 1970', { time: '1970-01-01T00:00:00Z' }, 'time', '2000'],
    ['of the last century', { time: '1999-12-31T23:59:59Z' }, 'time', '2000'],
    ['whose offset is no number', { reference: 1e308, reading: -1e308 }, 'reading', 'difference'],
    ['without a reading', { reading: undefined }, 'reading', 'number'],
    ['whose reading is no number', { reading: 'NaN' }, 'reading', 'number'],
  ])('refuses one %s with 422', async (_, change, path, message) => {
    const { ask, entries } = ground()
    const { status, body } = await ask('/signals/press.oil/calibrations', { ...done, ...change })
    expect(status).toBe(422)
    expect(body.errors).toEqual([{ path: `json.${path}`, message: expect.stringContaining(message) }])
    expect(entries).toEqual([])
  })

  it('refuses what is told twice, what is no sensor, and what is not there', async () => {
    const { ask } = ground()
    expect((await ask('/signals/press.oil/calibrations', done)).status).toBe(201)
    expect((await ask('/signals/press.oil/calibrations', done)).status).toBe(422)
    expect((await ask('/signals/press.execution/calibrations', done)).status).toBe(422)
    expect((await ask('/signals/press.air/calibrations', done)).status).toBe(404)
    expect((await ask('/signals/press.air/calibrations')).status).toBe(404)
  })
})
