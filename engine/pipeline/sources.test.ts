import pino from 'pino'
import { Registry } from 'prom-client'
import { Observable, type Observer } from 'rxjs'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import {
  type AdapterContext,
  type AdapterDefinition,
  AdapterError,
  type SourceEvent,
} from '../../adapters/contract.js'
import type { SourceSpec } from '../../schema/plant.js'
import { SampleBatchBuilder } from '../../schema/sample-batch.js'
import { createApi } from '../api/api.js'
import { manifestDocument } from '../api/manifest.js'
import { emptyHistory } from '../api/test-history.js'
import { Dictionary } from '../floor/dictionary.js'
import { FloorClock } from '../floor/floor-clock.js'
import { LiveFloor } from '../floor/live-floor.js'
import { emptyIndexBook, makeRegistry } from '../floor/registry.js'
import { testPlant } from '../gateway/test-floor.js'
import { Intake } from './intake.js'
import { retryDelays } from './source-events.js'
import { addSourceMetrics } from './source-metrics.js'
import { Sources } from './sources.js'

const start = Date.UTC(2026, 0, 1)

/**
 * One source under a test's hand: its adapter says what the test says, and time passes when the test says so. There may
 * be others `beside` it, and a source that begins may hold the engine up for `busyMs`.
 */
function makeGround(given: Partial<SourceSpec> = {}, { beside = 0, busyMs = 0 } = {}) {
  const source: SourceSpec = { id: 'plc', adapter: 'test', clock: 'wall', options: {}, ...given }
  const others = Array.from({ length: beside }, (_, i) => ({ ...source, id: `other-${i + 1}` }))
  const plant = { ...testPlant(1, 1), sources: [source, ...others] }
  const wall = { now: () => Date.now() }
  const { registry } = makeRegistry(plant, emptyIndexBook)
  const clock = new FloorClock(wall, 'wall')
  const floor = new LiveFloor({ plant, registry, dictionary: new Dictionary(), clock, wall })
  const spool = { isFull: false }
  const append = () => {
    if (spool.isFull) throw new Error('full')
  }
  const intake = new Intake({ floor, append })
  let link: { observer: Observer<SourceEvent>; context: AdapterContext } | undefined
  let tries = 0
  const adapter: AdapterDefinition = {
    kind: 'test',
    summary: '',
    options: z.unknown(),
    examples: [],
    create: (_, context) =>
      new Observable(observer => {
        tries++
        vi.setSystemTime(Date.now() + busyMs)
        link = { observer, context }
        return () => {
          link = undefined
        }
      }),
  }
  const log: string[] = []
  const logger = pino({}, { write: line => log.push(JSON.parse(line).msg) })
  const retry = { ...retryDelays, random: () => 1 }
  const sources = new Sources({
    floor,
    intake,
    adapters: [adapter],
    wall,
    logger,
    retry,
    folder: kind => kind,
    installation: 'test',
  })
  const metrics = new Registry()
  addSourceMetrics(metrics, intake.health.values())
  const api = createApi(
    { floor, store: emptyHistory, sources: intake.health, metrics, logger, missing: () => [] },
    manifestDocument(floor),
  )
  return {
    floor,
    intake,
    sources,
    spool,
    log,
    metrics,
    tries: () => tries,
    isOpen: () => link !== undefined,
    say: (event: SourceEvent) => link?.observer.next(event),
    sample(value = 1, ageMs = 0) {
      link?.context.received(10)
      const batch = new SampleBatchBuilder()
      batch.push(0, Date.now() - ageMs, Date.now(), value, 0)
      link?.observer.next({ kind: 'samples', batch: batch.take() })
    },
    fail: (error: Error) => link?.observer.error(error),
    state: () => intake.health.get('plc')?.state,
    pass(ms: number) {
      for (let passed = 0; passed < ms; passed += 250) {
        vi.advanceTimersByTime(250)
        intake.record(floor.tick())
        sources.tick()
      }
    },
    async get(path: string) {
      return (await (await api.request(path)).json()) as Record<string, unknown>
    },
  }
}

beforeEach(() => {
  vi.useFakeTimers({ now: start })
})
afterEach(() => {
  vi.useRealTimers()
})

describe('the sources of a floor', () => {
  it('are connecting, connected, waiting, and connected again, as REST tells', async () => {
    const { sources, say, sample, fail, pass, get } = makeGround()
    sources.start()
    expect(await get('/api/v1/sources/plc')).toMatchObject({
      state: 'connecting',
      adapter: 'test',
      signals: 4,
    })
    say({ kind: 'connected' })
    sample(20, 40)
    expect(await get('/api/v1/sources/plc')).toMatchObject({
      state: 'connected',
      reason: '',
      received: 1,
      accepted: 1,
      bytes: 10,
      lagMs: 40,
      clockOffsetMs: null,
      heardAt: new Date(start).toISOString(),
    })
    fail(new AdapterError('not-connected', 'plc:502 broke off the connection.'))
    expect(await get('/api/v1/sources/plc')).toMatchObject({
      state: 'waiting',
      reason: 'plc:502 broke off the connection.',
      since: new Date(start).toISOString(),
      retryAt: new Date(start + 500).toISOString(),
      losses: 1,
    })
    pass(500)
    say({ kind: 'connected' })
    const { items, nextCursor } = await get('/api/v1/sources')
    expect(items).toMatchObject([{ id: 'plc', state: 'connected', reason: '', retryAt: null, losses: 1 }])
    expect(nextCursor).toBeNull()
    sources.stop()
    expect(await get('/api/v1/sources/plc')).toMatchObject({ state: 'stopped' })
  })

  it('begin in turn, and all are connecting from the start on', () => {
    const { sources, tries, intake } = makeGround({}, { beside: 3 })
    sources.start()
    expect([...intake.health.values()].map(({ state }) => state)).toEqual(Array(4).fill('connecting'))
    const begun = [tries()]
    for (let i = 0; i < 4; i++) {
      vi.advanceTimersByTime(10)
      begun.push(tries())
    }
    expect(begun).toEqual([1, 2, 3, 4, 4])
    sources.stop()
  })

  it('wait with their begin as long again as the engine was held up by those before', () => {
    const { sources, tries } = makeGround({}, { beside: 3, busyMs: 200 })
    sources.start()
    vi.advanceTimersByTime(209)
    expect(tries()).toBe(1)
    vi.advanceTimersByTime(1)
    expect(tries()).toBe(2)
    vi.advanceTimersByTime(420)
    expect(tries()).toBe(4)
    sources.stop()
  })

  it('begin no more once they are stopped', () => {
    const { sources, tries } = makeGround({}, { beside: 3, busyMs: 200 })
    sources.start()
    vi.advanceTimersByTime(10)
    sources.stop()
    vi.advanceTimersByTime(10_000)
    expect(tries()).toBe(1)
  })

  it('are degraded within three periods of silence, then connected anew', () => {
    const { sources, say, sample, pass, state, tries, intake, floor } = makeGround()
    sources.start()
    say({ kind: 'connected' })
    sample()
    pass(3_000)
    expect(state()).toBe('connected')
    pass(250)
    expect(state()).toBe('degraded')
    expect(floor.link('plc')?.reason).toBe('Nothing was heard for 3.3 s.')
    sample()
    expect(state()).toBe('connected')
    pass(10_250)
    expect([state(), intake.health.get('plc')?.lastError]).toEqual([
      'waiting',
      'Nothing was heard for 10.3 s. Connecting anew.',
    ])
    pass(500)
    expect([state(), tries()]).toEqual(['connecting', 2])
    sources.stop()
  })

  it('are not blamed for the silence that a full spool imposes on them', () => {
    const { sources, say, sample, pass, state, spool } = makeGround()
    sources.start()
    say({ kind: 'connected' })
    spool.isFull = true
    sample()
    pass(60_000)
    expect(state()).toBe('connected')
    sources.stop()
  })

  it('are left to their own patience while their session brings the link back', () => {
    const { sources, say, pass, state, tries, log } = makeGround()
    sources.start()
    say({ kind: 'connected' })
    say({ kind: 'interrupted', reason: 'The session is being repaired.' })
    pass(300_000)
    expect([state(), tries()]).toEqual(['connecting', 1])
    say({ kind: 'connected' })
    expect(state()).toBe('connected')
    expect(log).toEqual([
      'source plc: connected',
      'source plc: The session is being repaired. Trying again until it answers.',
      'source plc: connected',
    ])
    sources.stop()
  })

  it('tell the log each reason of an outage, once, whatever figures are in it', () => {
    const { sources, fail, say, pass, log } = makeGround()
    const told = (reason: string) => `source plc: ${reason} Trying again until it answers.`
    sources.start()
    say({ kind: 'connected' })
    for (const reason of [
      'broke off.',
      'no answer in 5 s.',
      'broke off.',
      'shows a certificate.',
      'no answer in 6 s.',
    ]) {
      fail(new AdapterError('not-connected', reason))
      pass(5_000)
    }
    say({ kind: 'connected' })
    fail(new AdapterError('not-connected', 'broke off.'))
    expect(log).toEqual([
      'source plc: connected',
      told('broke off.'),
      told('no answer in 5 s.'),
      told('shows a certificate.'),
      'source plc: connected',
      told('broke off.'),
    ])
    sources.stop()
  })

  it('are told to the log once an outage', () => {
    const { sources, fail, pass, log, tries } = makeGround()
    sources.start()
    for (let i = 0; i < 5; i++) {
      fail(new AdapterError('not-connected', 'refused.'))
      pass(5_000)
    }
    expect([tries(), log]).toEqual([6, ['source plc: refused. Trying again until it answers.']])
    sources.stop()
  })

  it('stay stopped where the plant file says so', async () => {
    const { sources, tries, get } = makeGround({ enabled: false })
    sources.start()
    expect(tries()).toBe(0)
    expect(await get('/api/v1/sources/plc')).toMatchObject({ state: 'stopped' })
    sources.stop()
  })

  it('have their tags that nobody knows listed, each once', async () => {
    const { sources, say, get } = makeGround()
    sources.start()
    say({ kind: 'connected' })
    for (let i = 0; i < 3; i++) say({ kind: 'unknown-tags', values: [{ tag: 'Spare', raw: `Spare=${i}` }] })
    expect(await get('/api/v1/sources/plc')).toMatchObject({
      unknownValues: 3,
      unknownTags: [{ tag: 'Spare', values: 3 }],
      rejected: 1,
      rejectedByRule: { 'tag.unknown': 1 },
    })
    sources.stop()
  })

  it('bear the time that their policy says, and show how far their clock is off', async () => {
    const hour = 3_600_000
    const { sources, say, sample, pass, get, floor } = makeGround({ time: 'corrected' })
    sources.start()
    say({ kind: 'connected' })
    for (let i = 0; i < 4; i++) {
      sample(20 + i, -hour)
      expect(floor.signals.sourceTime[0]).toBe(Date.now())
      pass(1_000)
    }
    expect(await get('/api/v1/sources/plc')).toMatchObject({ time: 'corrected', clockOffsetMs: hour })
    sources.stop()
  })

  it('are warned of where nobody checks who answers', async () => {
    const { sources, log, get } = makeGround({ options: { tls: { rejectUnauthorized: false } } })
    sources.start()
    expect(log).toEqual([expect.stringContaining('certificate is not checked')])
    expect((await get('/api/v1/sources/plc')).warnings).toHaveLength(1)
    sources.stop()
  })

  it('are warned of by what they note of themselves, once', async () => {
    const { sources, say, get } = makeGround()
    sources.start()
    for (let i = 0; i < 3; i++) say({ kind: 'noted', what: 'Its times have no zone.' })
    expect((await get('/api/v1/sources/plc')).warnings).toEqual(['Its times have no zone.'])
    sources.stop()
  })

  it('show the lag of the last time that can be, whatever came with it', async () => {
    const { sources, say, sample, get } = makeGround()
    sources.start()
    say({ kind: 'connected' })
    sample(20, 40)
    sample(21, -250_000_000_000_000)
    sample(22, -7_200_000)
    expect(await get('/api/v1/sources/plc')).toMatchObject({ lagMs: 40, rejected: 2 })
    sample(23, 60)
    expect(await get('/api/v1/sources/plc')).toMatchObject({ lagMs: 60 })
    sources.stop()
  })

  it('tell Prometheus what they tell REST', async () => {
    const { sources, say, sample, pass, metrics } = makeGround()
    sources.start()
    say({ kind: 'connected' })
    sample(20, 40)
    sample(20, 41)
    for (let i = 0; i < 4; i++) {
      pass(1_000)
      sample(20, 41)
    }
    say({ kind: 'missed', polls: 2 })
    say({ kind: 'unknown-tags', values: [{ tag: 'Spare', raw: '' }] })
    const lines = (await metrics.metrics()).split('\n').filter(line => line !== '' && !line.startsWith('#'))
    expect(lines.filter(line => !line.endsWith(' 0'))).toEqual([
      'gemba_source_up{source="plc"} 1',
      'gemba_source_state{source="plc",state="connected"} 1',
      'gemba_source_samples_total{source="plc",stage="received"} 6',
      'gemba_source_samples_total{source="plc",stage="accepted"} 6',
      'gemba_source_rejects_total{source="plc",rule="tag.unknown"} 1',
      'gemba_source_late_total{source="plc"} 1',
      'gemba_source_bytes_total{source="plc"} 60',
      'gemba_source_missed_polls_total{source="plc"} 2',
      'gemba_source_unknown_values_total{source="plc"} 1',
      'gemba_source_lag_seconds{source="plc"} 0.041',
      'gemba_source_clock_offset_seconds{source="plc"} -0.041',
    ])
    sources.stop()
  })

  it('answer 404 for one that there is not, and 422 for a cursor of another list', async () => {
    const { get } = makeGround()
    expect(await get('/api/v1/sources/nobody')).toMatchObject({ status: 404 })
    expect(await get('/api/v1/sources?cursor=nobody')).toMatchObject({ status: 422 })
  })
})
