import pino from 'pino'
import { Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { machinePlans } from '../../workers/kpi/machine-plan.js'
import type { MachineCell } from '../../workers/kpi/roll-up.js'
import type { StopKind } from '../../workers/kpi/stops.js'
import { emptyTally } from '../../workers/kpi/tally.js'
import { testFloor, testPlant, testStart } from '../gateway/test-floor.js'
import type { Stretch } from '../kpi/cell-reader.js'
import type { MachineStop } from '../kpi/stop-rows.js'
import { createApi } from './api.js'
import { manifestDocument } from './manifest.js'
import { emptyHistory } from './test-history.js'

const minute = 60_000
const hour = 60 * minute
const start = Math.floor(testStart / hour) * hour

/** An hour of a machine: so many minutes of production and breakdown, so many parts of a minute each. */
function cell(
  machine: string,
  place: number,
  ran: number,
  down: number,
  produced: number,
  scrapped = 0,
): MachineCell {
  const tally = emptyTally()
  tally.time.production = ran * minute
  tally.time.breakdown = down * minute
  tally.made.set(minute, { produced, scrapped, warmUp: 0, reworked: 0 })
  return { machine, hour: start + place * hour, shift: 'early@2025-11-13', product: '', order: '', tally }
}

const cells = [
  cell('b-01', 0, 60, 0, 60),
  cell('b-01', 1, 30, 30, 20, 5),
  cell('b-02', 0, 20, 40, 15),
  cell('p-01', 0, 0, 0, 0),
]

function stop(machine: string, at: number, minutes: number, kind: StopKind, reason = ''): MachineStop {
  const from = testStart - 4 * hour + at * minute
  const what = { state: 'Aborted', sourceState: 'E7', shift: '', product: '', order: '' }
  const reasonBy = reason === '' ? '' : 'operator'
  return {
    machine,
    from,
    to: from + minutes * minute,
    busyMs: minutes * minute,
    kind,
    reason,
    reasonBy,
    ...what,
  }
}

const stops = [
  stop('b-01', 60, 10, 'breakdown', 'mechanical/bearing'),
  stop('b-01', 80, 20, 'breakdown'),
  stop('b-01', 110, 30, 'breakdown', 'operator/training'),
  stop('b-02', 60, 3, 'minorStop'),
  stop('b-02', 70, 40, 'starved'),
  stop('p-01', 70, 1, 'unknown'),
]

function ground(all: readonly MachineStop[] = stops, booked: readonly MachineCell[] = cells) {
  const plant = testPlant(3, 1)
  const floor = testFloor(plant)
  const asked: unknown[] = []
  const cells = async (machines: readonly string[], from: number, to: number) => {
    asked.push({ machines, from, to })
    return booked.filter(({ machine }) => machines.includes(machine))
  }
  const kpis = {
    plans: machinePlans(plant),
    cells,
    cellsOfEach: (stretches: readonly Stretch[]) =>
      Promise.all(stretches.map(({ machines, from, to }) => cells(machines, from, to))),
    isRecomputing: () => false,
    unheard: () => ({ machines: 0, ms: 0 }),
    stops: async (machines: readonly string[]) => all.filter(({ machine }) => machines.includes(machine)),
  }
  const logger = pino({ level: 'silent' })
  const sources = new Map()
  const context = {
    floor,
    store: emptyHistory,
    kpis,
    sources,
    metrics: new Registry(),
    logger,
    missing: () => [],
  }
  const api = createApi(context, manifestDocument(floor))
  const get = async (path: string) => {
    const answer = await api.request(path)
    return { status: answer.status, body: JSON.parse(await answer.text()) }
  }
  return { api, get, asked }
}

describe('GET /api/v1/kpis/oee', () => {
  it('adds times and counts up, and divides last', async () => {
    const { get, asked } = ground()
    const { body } = await get('/api/v1/kpis/oee?scope=line:b')
    expect(asked).toEqual([{ machines: ['b-01', 'b-02', 'b-03'], from: testStart - 8 * hour, to: testStart }])
    expect(body.items).toMatchObject([
      {
        key: '',
        ratios: { availability: 110 / 180, effectiveness: 95 / 110, qualityRatio: 90 / 95, oee: 90 / 180 },
        times: { PBT: 180 * 60, APT: 110 * 60 },
        quantities: { PQ: 95, GQ: 90 },
        classes: { production: 110 * 60, breakdown: 70 * 60 },
      },
    ])
  })

  it('groups by time, place and what was made', async () => {
    const { get } = ground()
    const keys = async (query: string) =>
      (await get(`/api/v1/kpis/oee?${query}`)).body.items.map(({ key }: { key: string }) => key)
    expect(await keys('by=machine')).toEqual(['b-01', 'b-02', 'p-01'])
    expect(await keys('by=area&scope=site:north')).toEqual(['body', 'paint'])
    expect(await keys('by=shift')).toEqual(['early@2025-11-13'])
    expect(await keys('by=hour&scope=machine:b-01')).toEqual(
      [start, start + hour].map(at => new Date(at).toISOString()),
    )
    expect(await keys('by=day')).toEqual(['2025-11-13'])
  })

  it('says a null with its reason, and flags what cannot be true', async () => {
    const { body } = await ground().get('/api/v1/kpis/oee?scope=machine:p-01')
    expect(body.items[0]).toMatchObject({
      ratios: { oee: null },
      reasons: { oee: 'no planned busy time (PBT 0)' },
    })
  })

  it('gives the same as a table', async () => {
    const answer = await ground().api.request('/api/v1/kpis/oee?by=machine&format=csv')
    expect(answer.headers.get('content-type')).toContain('text/csv')
    const [head, ...rows] = (await answer.text()).trim().split('\r\n')
    expect(head).toMatch(/^key,availability,effectiveness,qualityRatio,oee,/)
    expect(rows.map(row => row.split(',').slice(0, 3))).toEqual([
      ['b-01', String(90 / 120), String(80 / 90)],
      ['b-02', String(20 / 60), String(15 / 20)],
      ['p-01', '', ''],
    ])
  })

  it.each([
    ['/api/v1/kpis/oee?scope=line:none', 'query.scope'],
    ['/api/v1/kpis/oee?scope=planet', 'query.scope'],
    ['/api/v1/kpis/oee?by=colour', 'query.by'],
    ['/api/v1/kpis/oee?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z', 'query.from'],
    ['/api/v1/kpis/oee?by=hour&from=2020-01-01T00:00:00Z', 'query.by'],
  ])('answers %s with 422 and names the part', async (path, part) => {
    const { status, body } = await ground().get(path)
    expect(status).toBe(422)
    expect(body).toMatchObject({ errors: [{ path: part }] })
  })
})

describe('GET /api/v1/kpis/losses', () => {
  it('takes calendar time apart, without a rest', async () => {
    const { body } = await ground().get('/api/v1/kpis/losses?scope=machine:b-01')
    const [{ losses, waterfall }] = body.items
    expect(losses).toMatchObject({ breakdowns: 1_800, reducedSpeed: 600, processDefects: 300 })
    const parts = Object.values<number>(losses).reduce((sum, part) => sum + part, 0)
    expect(waterfall.plannedBusy - parts).toBe(waterfall.fullyProductive)
    expect(body.items[0].flags).toEqual([])
  })

  it('flags what cannot be true, as a table as well', async () => {
    const { api, get } = ground(stops, [cell('b-01', 0, 60, 0, 10, 1e9)])
    const { body } = await get('/api/v1/kpis/losses?scope=machine:b-01')
    expect(body.items).toMatchObject([{ key: '', flags: ['rejectsExceedProduced'] }])
    const table = await (await api.request('/api/v1/kpis/losses?scope=machine:b-01&format=csv')).text()
    expect(table.split('\r\n')[0]).toMatch(/^key,flags,calendar,/)
    expect(table.split('\r\n')[1]).toMatch(/^,rejectsExceedProduced,/)
  })
})

describe('GET /api/v1/kpis/reliability', () => {
  it('counts failures as failures, leaves out what is not the machine’s, by either divisor', async () => {
    const { get } = ground()
    const { body } = await get('/api/v1/kpis/reliability?scope=line:b')
    expect(body.divisor).toBe('FE')
    expect(body.items).toMatchObject([
      {
        key: 'b-01',
        failures: 2,
        upHours: 1.5,
        repairHours: 0.5,
        mtbf: 1,
        mttr: 0.25,
        inherentAvailability: 0.75,
      },
      { key: 'b-02', failures: 0, mtbf: null, mttr: null, inherentAvailability: 1 },
    ])
    const other = await get('/api/v1/kpis/reliability?scope=line:b&divisor=FE%2B1')
    expect(other.body.items[1]).toMatchObject({ mtbf: 20 / 60, mttr: 0 })
    const modes = await get('/api/v1/kpis/reliability?scope=line:b&by=reason')
    expect(
      modes.body.items.map(({ key, failures }: { key: string; failures: number }) => [key, failures]),
    ).toEqual([
      ['mechanical/bearing', 1],
      ['unqualified', 1],
    ])
  })

  it('counts a stop that was split as the one failure it is', async () => {
    const whole = [stop('b-01', 60, 10, 'breakdown', 'mechanical')]
    const split = [
      stop('b-01', 60, 4, 'breakdown', 'mechanical'),
      stop('b-01', 64, 6, 'breakdown', 'electrical'),
    ]
    for (const by of ['machine', 'type', 'reason']) {
      const path = `/api/v1/kpis/reliability?scope=machine:b-01&by=${by}`
      const one = await ground(whole).get(path)
      expect(one.body.items).toMatchObject([{ failures: 1, mttr: 1 / 6 }])
      expect((await ground(split).get(path)).body).toEqual(one.body)
    }
  })
})

describe('GET /api/v1/kpis/pareto', () => {
  it('puts the largest first, with cumulated shares', async () => {
    const { get } = ground()
    const bars = async (query: string) =>
      (await get(`/api/v1/kpis/pareto?scope=line:b&${query}`)).body.items.map(
        ({ key, seconds, cumulated }: { key: string; seconds: number; cumulated: number }) => [
          key,
          seconds / 60,
          Math.round(cumulated * 63),
        ],
      )
    expect(await bars('by=category')).toEqual([
      ['operator', 30, 30],
      ['unqualified', 23, 53],
      ['mechanical', 10, 63],
    ])
    expect((await bars('by=kind&kind=all'))[0].slice(0, 2)).toEqual(['breakdown', 60])
    const silent = await get('/api/v1/kpis/pareto?scope=line:p')
    expect(silent.body.items).toMatchObject([{ key: 'no-signal', seconds: 60, cost: 0 }])
    const table = await ground().api.request('/api/v1/kpis/pareto?format=csv&by=machine')
    expect((await table.text()).split('\r\n').slice(0, 2)).toEqual([
      'key,seconds,count,share,cumulated,quantity,cost,recomputing',
      `b-01,3600,3,${3600 / 3840},${3600 / 3840},,,false`,
    ])
  })
})
