import pino from 'pino'
import { Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { assign, setup } from 'xstate'
import { testFloor, testStart } from '../gateway/test-floor.js'
import { TwinSystem } from '../twin-system/twin-system.js'
import { createApi } from './api.js'
import { manifestDocument } from './manifest.js'
import { emptyHistory } from './test-history.js'

const press = setup({
  types: {
    context: {} as { readonly strokes: number },
    events: {} as { type: 'STROKE' | 'STOP' | 'START'; time: number },
  },
  actions: { count: assign(({ context }) => ({ strokes: context.strokes + 1 })) },
}).createMachine({
  context: { strokes: 0 },
  initial: 'running',
  states: {
    running: { on: { STROKE: { actions: 'count' }, STOP: 'stopped' } },
    stopped: { on: { START: 'running' } },
  },
})

function ground() {
  const twins = new TwinSystem(() => {})
  twins.add('machine:b-01', { id: 'press', version: 3, logic: press }, undefined)
  const floor = { ...testFloor(), inspect: (address: string) => twins.inspect(address) }
  const store = emptyHistory
  const logger = pino({ level: 'silent' })
  const context = { floor, store, sources: new Map(), metrics: new Registry(), logger, missing: () => [] }
  return { twins, api: createApi(context, manifestDocument(floor)) }
}

describe('GET /api/v1/twins/{address}', () => {
  it('shows state, context, last events with their outcome, and what it would accept now', async () => {
    const { api, twins } = ground()
    for (const type of ['STROKE', 'STOP', 'STOP', 'DANCE']) {
      twins.send('machine:b-01', { type, time: testStart })
    }
    const answer = await api.request('/api/v1/twins/machine:b-01')
    const time = new Date(testStart).toISOString()
    expect(answer.status).toBe(200)
    expect(await answer.json()).toEqual({
      address: 'machine:b-01',
      definition: 'press',
      version: 3,
      health: 'running',
      waiting: 0,
      state: 'stopped',
      context: { strokes: 1 },
      accepts: ['START'],
      lastEvents: [
        { type: 'STROKE', time, outcome: 'handled' },
        { type: 'STOP', time, outcome: 'handled' },
        { type: 'STOP', time, outcome: 'ignored' },
        { type: 'DANCE', time, outcome: 'refused' },
      ],
    })
  })

  it('reads an address whose colon is percent-encoded', async () => {
    const { api } = ground()
    expect((await api.request('/api/v1/twins/machine%3Ab-01')).status).toBe(200)
  })

  it('answers an unknown address with a 404 problem that says how addresses are made', async () => {
    const answer = await ground().api.request('/api/v1/twins/machine:b-02')
    expect(answer.status).toBe(404)
    expect(answer.headers.get('content-type')).toContain('application/problem+json')
    expect(await answer.json()).toMatchObject({
      status: 404,
      detail: expect.stringContaining("'machine:b-02'"),
    })
  })
})
