import fc from 'fast-check'
import pino from 'pino'
import { Counter, Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { displayNumber } from '../../schema/display-state.js'
import { packmlNumber, unitModeNumber } from '../../schema/packml.js'
import { packSensorStatus } from '../../schema/sensor-state.js'
import type { FaultView } from '../../twins/fault/fault.events.js'
import type { HealthReport } from '../../twins/sensor/health.js'
import { testFloor, testPlant, testStart } from '../gateway/test-floor.js'
import { createApi } from './api.js'
import type { ApiContext, HistoryReader } from './context.js'
import { manifestDocument } from './manifest.js'
import { emptyHistory } from './test-history.js'

const at = (ms: number): string => new Date(testStart + ms).toISOString()

function ground(parts: Partial<ApiContext> = {}) {
  const floor = testFloor(testPlant(3, 2))
  const metrics = new Registry()
  const store = emptyHistory
  const logger = pino({ level: 'silent' })
  const sources = new Map()
  const context: ApiContext = { floor, store, sources, metrics, logger, missing: () => [], ...parts }
  const api = createApi(context, manifestDocument(floor))
  const get = async (path: string): Promise<{ status: number; body: Record<string, unknown> }> => {
    const answer = await api.request(path)
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
  }
  return { floor, metrics, api, get }
}

describe('REST', () => {
  it('tells the plant with its counts, sensors only', async () => {
    const { get } = ground()
    const { body } = await get('/api/v1/plant')
    expect(body).toMatchObject({
      name: 'Test plant',
      counts: { sites: 1, areas: 2, lines: 2, machines: 6, signals: 12 },
      sites: [
        {
          id: 'north',
          areas: [{ id: 'body', lines: [{ id: 'b', machines: [{ id: 'b-01', type: 'mill' }, {}, {}] }] }, {}],
        },
      ],
    })
  })

  it('tells alive from ready, and what is missing', async () => {
    let missing = ['store', 'sources']
    const { get } = ground({ missing: () => missing })
    expect(await get('/healthz')).toEqual({ status: 200, body: { status: 'alive' } })
    const { status, body } = await get('/readyz')
    expect(status).toBe(503)
    expect(body).toMatchObject({ detail: 'Not ready yet; waiting for: store, sources.', instance: '/readyz' })
    missing = []
    expect(await get('/readyz')).toEqual({ status: 200, body: { status: 'ready' } })
  })

  it('passes the figures on to Prometheus', async () => {
    const { api, metrics } = ground()
    new Counter({ name: 'gemba_parts_total', help: 'Parts.', registers: [metrics] }).inc(3)
    const answer = await api.request('/metrics')
    expect(await answer.text()).toContain('gemba_parts_total 3')
    expect(answer.headers.get('content-type')).toContain('text/plain; version=0.0.4')
  })

  it('walks all machines page by page, each once, whatever the size of the page', async () => {
    const { get } = ground()
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 8 }), async limit => {
        const ids: string[] = []
        for (let cursor: unknown = ''; cursor !== null; ) {
          const { body } = await get(`/api/v1/machines?limit=${limit}${cursor ? `&cursor=${cursor}` : ''}`)
          const items = body.items as { id: string }[]
          expect(items.length).toBeLessThanOrEqual(limit)
          ids.push(...items.map(({ id }) => id))
          cursor = body.nextCursor
        }
        expect(ids).toEqual(['b-01', 'b-02', 'b-03', 'p-01', 'p-02', 'p-03'])
      }),
      { numRuns: 8 },
    )
  })

  it('finds machines by line and by state', async () => {
    const { get, floor } = ground()
    const machine = floor.registry.machineById('p-02')?.index ?? -1
    floor.machines.set(
      machine,
      packmlNumber.Execute,
      unitModeNumber.Production,
      displayNumber.running,
      testStart - 5_000,
    )
    const ids = async (query: string) =>
      ((await get(`/api/v1/machines?${query}`)).body.items as { id: string }[]).map(({ id }) => id)
    expect(await ids('line=p')).toEqual(['p-01', 'p-02', 'p-03'])
    expect(await ids('state=Execute')).toEqual(['p-02'])
    expect(await ids('state=Execute&line=b')).toEqual([])
    const { body } = await get('/api/v1/machines?state=Execute')
    expect(body).toEqual({
      items: [
        {
          id: 'p-02',
          name: 'Machine p-02',
          type: 'mill',
          line: 'p',
          area: 'paint',
          site: 'north',
          mode: 'Production',
          state: 'Execute',
          display: 'running',
          since: at(-5_000),
        },
      ],
      nextCursor: null,
    })
  })

  it('shows a machine with its signals, texts as texts and missing values as null', async () => {
    const { get, floor } = ground()
    const index = (id: string): number => floor.registry.signalById(id)?.index ?? -1
    floor.signals.set(index('b-01.t1'), 85.5, 0, testStart - 20, testStart)
    floor.signals.setStatus(index('b-01.t1'), packSensorStatus(0, 1))
    floor.signals.set(index('b-01.program'), floor.dictionary.intern('O1000'), 1, testStart, testStart)
    const { body } = await get('/api/v1/machines/b-01')
    expect(body).toMatchObject({
      id: 'b-01',
      state: 'Undefined',
      since: null,
      signals: [
        {
          id: 'b-01.t1',
          name: 't1',
          unit: '°C',
          value: 85.5,
          quality: 'good',
          sourceTime: at(-20),
          receiveTime: at(0),
          connection: 'live',
          level: 'warning-high',
          limits: { warningHigh: 80, criticalHigh: 90 },
        },
        { id: 'b-01.t2', value: null, quality: 'bad', sourceTime: null, connection: 'lost' },
        { id: 'b-01.program', role: 'status', value: 'O1000', quality: 'uncertain' },
      ],
    })
    expect((await get('/api/v1/signals/b-01.program')).body).toMatchObject({
      machine: 'b-01',
      value: 'O1000',
    })
  })

  it('asks the store for the last hour of the floor’s clock unless told otherwise', async () => {
    const asked: unknown[] = []
    const history: HistoryReader['history'] = async query => {
      asked.push(query)
      return []
    }
    const { get, floor } = ground({ store: { ...emptyHistory, history } })
    const signals = [floor.registry.signalById('b-01.t2')?.index ?? -1]
    await get('/api/v1/signals/b-01.t2/history')
    await get(`/api/v1/signals/b-01.t2/history?from=${at(-9_000)}&to=2025-11-13T03:13:20%2B01:00&points=7`)
    expect(asked).toEqual([
      {
        signals,
        from: testStart - 3_600_000,
        to: testStart,
        points: 500,
        silences: [3_000],
        until: testStart,
        others: [],
      },
      {
        signals,
        from: testStart - 9_000,
        to: testStart,
        points: 7,
        silences: [3_000],
        until: testStart,
        others: [],
      },
    ])
  })

  it('shows the history of a number in stretches, as the store has them', async () => {
    const bucket = { start: testStart, last: null, min: 1, max: 3, mean: 2, count: 4, badShare: 0.25 }
    const history: HistoryReader['history'] = async ({ signals }) =>
      signals.map(signal => ({
        signal,
        width: 7_200,
        table: 'telemetry',
        buckets: [bucket],
        gaps: [{ from: testStart - 60_000, to: testStart }],
        shorter: { count: 2, ms: 3_500 },
      }))
    const { get } = ground({ store: { ...emptyHistory, history } })
    const { body } = await get('/api/v1/signals/b-01.t1/history?fn=mean')
    expect(body).toEqual({
      type: 'number',
      id: 'b-01.t1',
      unit: '°C',
      from: at(-3_600_000),
      to: at(0),
      width: 7_200,
      table: 'telemetry',
      gaps: [{ from: at(-60_000), to: at(0) }],
      shorterGaps: { count: 2, seconds: 3.5 },
      points: [{ time: at(0), value: 2, last: null, min: 1, max: 3, mean: 2, count: 4, badShare: 0.25 }],
    })
  })

  it('shows the history of a text as its changes', async () => {
    const textHistory: HistoryReader['textHistory'] = async ({ signal, limit }) => {
      expect(limit).toBe(2)
      const changes = [
        { time: testStart - 10, text: 'O1000', quality: 0 },
        { time: testStart, text: null, quality: 2 },
      ]
      return { signal, changes, isCut: true }
    }
    const { get } = ground({ store: { ...emptyHistory, textHistory } })
    const { body } = await get('/api/v1/signals/b-01.program/history?points=2')
    expect(body).toMatchObject({
      type: 'text',
      points: [
        { time: at(-10), value: 'O1000', quality: 'good' },
        { time: at(0), value: null, quality: 'bad' },
      ],
      isCut: true,
    })
  })

  it.each([
    ['/api/v1/machines?limit=501', 'query.limit'],
    ['/api/v1/machines?limit=0', 'query.limit'],
    ['/api/v1/machines?limit=many', 'query.limit'],
    ['/api/v1/machines?state=Dancing', 'query.state'],
    ['/api/v1/machines?bogus=1', 'query.bogus'],
    ['/api/v1/signals/b-01.t1/history?point=5', 'query.point'],
    ['/api/v1/history?signals=', 'query.signals'],
    ['/api/v1/history?signals=b-01.t1&sort=', 'query.sort'],
    ['/api/v1/state?att=2026-01-01T00:00:00Z', 'query.att'],
    ['/api/v1/machines?cursor=bm9uZQ', 'query.cursor'],
    ['/api/v1/signals/b-01.t1/history?points=5001', 'query.points'],
    ['/api/v1/signals/b-01.t1/history?from=yesterday', 'query.from'],
    ['/api/v1/signals/b-01.t1/history?from=0001-01-01T00:00:00Z', 'query.from'],
    ['/api/v1/signals/b-01.t1/history?to=9999-01-01T00:00:00Z', 'query.to'],
    ['/api/v1/signals/b-01.t1/history?to=1763000000', 'query.to'],
    ['/api/v1/signals/b-01.t1/history?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z', 'query.from'],
  ])('answers %s with 422 and names the part', async (path, part) => {
    const { status, body } = await ground().get(path)
    expect(status).toBe(422)
    expect(body).toMatchObject({ title: 'Unprocessable Entity', errors: [{ path: part }] })
  })

  it.each([
    '/api/v1/machines/none',
    '/api/v1/signals/none',
    '/api/v1/signals/none/history',
    '/api/v1/manifest/none',
    '/api/v1/twins/machine:none',
  ])('answers %s with 404', async path => {
    const { status, body } = await ground().get(path)
    expect(status).toBe(404)
    expect(body).toMatchObject({ status: 404, instance: path })
  })

  it('describes every route it has', async () => {
    const { get, api } = ground()
    const { body } = await get('/api/v1/openapi.json')
    expect(body.openapi).toBe('3.1.0')
    expect(Object.keys(body.paths as object).sort()).toEqual([
      '/api/v1/history',
      '/api/v1/machines',
      '/api/v1/machines/{id}',
      '/api/v1/manifest/{hash}',
      '/api/v1/plant',
      '/api/v1/quality',
      '/api/v1/quality/rejects',
      '/api/v1/signals/{id}',
      '/api/v1/signals/{id}/history',
      '/api/v1/sources',
      '/api/v1/sources/{id}',
      '/api/v1/state',
      '/api/v1/twins/{address}',
      '/healthz',
      '/metrics',
      '/readyz',
    ])
    const docs = await (await api.request('/docs')).text()
    expect(docs).toContain('GET /api/v1/signals/{id}/history')
    expect(docs).not.toContain('<script')
  })
})

describe('the faults of a machine', () => {
  it('are shown with their stage, and whether they are an estimate', async () => {
    const fault: FaultView = {
      fault: 'b-01.bearing-failure',
      pattern: 'bearing-failure',
      state: 'developing',
      since: testStart,
      occurrence: 1,
      severity: 0.5,
      progress: 0.2,
      estimated: true,
      rule: 'vibration with temperature',
      signals: ['b-01.t1'],
      confidence: 1,
      growth: 'steady',
      repair: null,
    }
    const floor = {
      ...testFloor(testPlant(3, 2)),
      faults: (machine: number) => (machine === 0 ? [fault] : []),
    }
    const { get } = ground({ floor })
    const { body } = await get('/api/v1/machines/b-01')
    expect(body.faults).toEqual([
      {
        pattern: 'bearing-failure',
        stage: 'developing',
        since: at(0),
        severity: 0.5,
        progress: 0.2,
        estimated: true,
        confidence: 1,
        growth: 'steady',
        signals: ['b-01.t1'],
      },
    ])
    expect((await get('/api/v1/machines/b-02')).body.faults).toEqual([])
  })
})

describe('the health of a sensor', () => {
  it('is part of its signal, and null where the signal is no sensor', async () => {
    const report: HealthReport = {
      condition: 'drifting',
      score: 64,
      drift: 0.06,
      noiseRatio: 1.1,
      packetLoss: 0,
      sigma: 4.2,
      unusualSince: testStart,
      windows: 100,
      outOfRange: 0,
      calibratedAt: testStart,
      calibrationDue: undefined,
    }
    const floor = {
      ...testFloor(testPlant(3, 2)),
      health: (signal: number) => (signal === 0 ? report : undefined),
    }
    const { get } = ground({ floor })
    const { body } = await get('/api/v1/signals/b-01.t1')
    expect(body.health).toEqual({
      ...report,
      unusualSince: at(0),
      calibratedAt: at(0),
      calibrationDue: null,
    })
    expect((await get('/api/v1/signals/b-01.program')).body.health).toBeNull()
  })
})
