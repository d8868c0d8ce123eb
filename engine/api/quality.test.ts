import pino from 'pino'
import { Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { testFloor, testStart } from '../gateway/test-floor.js'
import type { RejectQuery, RejectRecord } from '../store/reject-history.js'
import { createApi } from './api.js'
import { manifestDocument } from './manifest.js'
import { emptyHistory } from './test-history.js'

const record = (seq: number): RejectRecord => ({
  seq,
  source: 'plc',
  time: testStart,
  rule: 'value.out-of-range',
  reason: 'too much',
  raw: 'raw',
  signal: seq === 1 ? '' : 'b-01.t1',
  value: 999,
  sourceTime: testStart - 1,
})

function ground() {
  const asked: RejectQuery[] = []
  const floor = {
    ...testFloor(),
    counts: { samples: 500 },
    rejected: new Map([
      ['value.out-of-range', 3],
      ['shdr.malformed-line', 2],
    ]),
  }
  const store = {
    ...emptyHistory,
    rejects: async (query: RejectQuery) => {
      asked.push(query)
      return [5, 3, 1]
        .filter(seq => seq < (query.before ?? 9))
        .slice(0, query.limit)
        .map(record)
    },
  }
  const logger = pino({ level: 'silent' })
  const context = {
    floor,
    store,
    sources: new Map(),
    metrics: new Registry(),
    logger,
    missing: () => [],
  }
  const api = createApi(context, manifestDocument(floor))
  return { asked, get: async (path: string) => await api.request(path) }
}

describe('GET /api/v1/quality', () => {
  it('counts rejects by rule, rules that nobody broke and those of adapters included', async () => {
    const body = (await (await ground().get('/api/v1/quality')).json()) as { rules: object[] }
    expect(body).toMatchObject({ samples: 500, rejected: 5 })
    expect(body.rules).toContainEqual({
      rule: 'value.out-of-range',
      meaning: 'The value is outside of what the instrument can show (range of the signal).',
      rejected: 3,
    })
    expect(body.rules).toContainEqual({ rule: 'shdr.malformed-line', meaning: null, rejected: 2 })
    expect(body.rules).toContainEqual(expect.objectContaining({ rule: 'time.in-future', rejected: 0 }))
  })
})

describe('GET /api/v1/quality/rejects', () => {
  it('gives pages, the newest first', async () => {
    const { asked, get } = ground()
    const first = (await (await get('/api/v1/quality/rejects?limit=2&rule=r&source=s&signal=x')).json()) as {
      items: object[]
      nextCursor: string
    }
    expect(first.items).toHaveLength(2)
    expect(first.items[0]).toMatchObject({
      signal: 'b-01.t1',
      value: 999,
      time: new Date(testStart).toISOString(),
      sourceTime: new Date(testStart - 1).toISOString(),
    })
    const next = await get(`/api/v1/quality/rejects?limit=2&cursor=${first.nextCursor}`)
    expect(await next.json()).toMatchObject({ items: [{ signal: null }], nextCursor: null })
    expect(asked[0]).toEqual({
      from: testStart - 86_400_000,
      to: testStart,
      rule: 'r',
      source: 's',
      signal: 'x',
      limit: 3,
    })
  })

  it.each(['limit=0', 'cursor=x', 'from=yesterday', 'from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z'])(
    'says what is wrong with %s',
    async query => {
      const answer = await ground().get(`/api/v1/quality/rejects?${query}`)
      expect(answer.status).toBe(422)
    },
  )
})
