import { setTimeout as wait } from 'node:timers/promises'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import type { Subscription } from 'rxjs'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { AdapterError, SourceEvent } from '../contract.js'
import { describeAdapterContract } from '../contract-suite.js'
import { ManualScheduler } from '../manual-scheduler.js'
import { testContext, testSignal } from '../test-context.js'
import { http } from './adapter.js'
import { type HttpOptions, httpOptions } from './config.js'
import { FakeRestServer } from './fake-server.js'
import { GetClient } from './request.js'

const list = { list: '$', name: '$.id', value: '$.v' }

describeAdapterContract<HttpOptions>({
  definition: http,
  // A request that finds the link cut makes another: there is no link to lose between two of them.
  hasLink: false,
  start: async () => {
    const server = await FakeRestServer.start()
    const signals = Array.from({ length: 250 }, (_, i) => testSignal(i, `t${i}`))
    server.documents.set(
      '/',
      signals.map(({ signal }) => ({ id: signal.tag, v: 1 })),
    )
    return {
      options: httpOptions.parse({ url: server.url, pollMs: 10, requests: [list] }),
      context: testContext({ signals }),
      // Who asks no more for a while has stopped.
      async push(samples) {
        const target = server.requests.length + Math.ceil(samples / 250)
        for (let seen = -1; server.requests.length < target && server.requests.length !== seen; ) {
          seen = server.requests.length
          await wait(60)
        }
      },
      said: () => undefined,
      open: () => server.connections,
      writes: () => server.requests.filter(({ method }) => method !== 'GET').map(({ method }) => method),
      stop: () => server.stop(),
    }
  },
})

describe('the HTTP adapter', () => {
  let server: FakeRestServer
  let base: string
  let scheduler: ManualScheduler
  let events: SourceEvent[]
  let error: AdapterError | undefined
  let subscription: Subscription | undefined

  beforeEach(async () => {
    server = await FakeRestServer.start()
    base = server.url
    server.documents.set('/status', { oil: 46.5 })
    scheduler = new ManualScheduler()
    events = []
    error = undefined
  })
  afterEach(async () => {
    subscription?.unsubscribe()
    await server.stop()
  })

  const until = (condition: () => void) => vi.waitFor(condition, { timeout: 5_000, interval: 1 })
  const count = (kind: SourceEvent['kind']) => events.filter(event => event.kind === kind).length
  const rejects = () => events.flatMap(event => (event.kind === 'rejects' ? event.rejects : []))
  const values = () => events.flatMap(event => (event.kind === 'samples' ? [event.batch.value[0]] : []))
  const troubles = () => events.flatMap(event => (event.kind === 'trouble' ? [event.what] : []))
  const listen = (given: object = {}) => {
    const options = httpOptions.parse({
      url: `${base}/status`,
      requests: [{ values: { oil: '$.oil' } }],
      ...given,
    })
    const readSecret = () => 'open sesame'
    const context = testContext({
      signals: [testSignal(0, 'oil', { period: 1000 }), testSignal(1, 'force')],
      scheduler,
      readSecret,
    })
    subscription = http.create(options, context).subscribe({
      next: event => events.push(event),
      error: (lost: AdapterError) => {
        error = lost
      },
    })
  }
  const poll = async (ms = 1000) => {
    const before = server.requests.length
    scheduler.advance(ms)
    await until(() => expect(server.requests.length).toBeGreaterThan(before))
  }

  /** However long the service takes. */
  const advanceUntil = (condition: () => void) =>
    until(() => {
      scheduler.advance(1000)
      condition()
    })

  it('asks at once and then once a period, and is connected with the first answer', async () => {
    listen()
    await until(() => expect(values()).toEqual([46.5]))
    expect(events[0]).toEqual({ kind: 'connected' })
    server.documents.set('/status', { oil: 47 })
    await poll()
    await until(() => expect(values()).toEqual([46.5, 47]))
    expect(count('connected')).toBe(1)
  })

  it('asks each path at its own rate', async () => {
    server.documents.set('/status/slow', { force: 1 })
    listen({
      requests: [{ values: { oil: '$.oil' } }, { path: '/slow', pollMs: 3000, values: { force: '$.force' } }],
    })
    const asked = (path: string) => server.requests.filter(request => request.path === path).length
    await until(() => expect(values()).toHaveLength(2))
    for (const times of [2, 3]) {
      await poll()
      await until(() => expect(asked('/status')).toBe(times))
      await until(() => expect(values()).toHaveLength(times + 1))
    }
    await poll()
    await until(() => expect([asked('/status'), asked('/status/slow')]).toEqual([4, 2]))
  })

  it.each([
    [{ bearer: { env: 'TOKEN' } }, 'authorization', 'Bearer open sesame'],
    [{ user: { name: 'gemba', password: { env: 'P' } } }, 'authorization', 'Basic Z2VtYmE6b3BlbiBzZXNhbWU='],
    [{ secretHeaders: { 'x-api-key': { env: 'KEY' } } }, 'x-api-key', 'open sesame'],
    [{ headers: { 'accept-language': 'de' } }, 'accept-language', 'de'],
  ])('says who it is: %j', async (given, name, value) => {
    listen(given)
    await until(() => expect(server.requests[0]?.headers[name]).toBe(value))
  })

  it.each([401, 403])('is lost where it is not let in (%i), and says what to check', async status => {
    server.answer = (_, response) => !!response.writeHead(status).end()
    listen({ bearer: { env: 'TOKEN' } })
    await until(() => expect(error?.message).toContain(`does not let us in (${status}). Check bearer`))
    expect(error?.message).not.toContain('sesame')
  })

  it('waits as long as the service asks for', async () => {
    server.answer = (_, response) => !!response.writeHead(429, { 'retry-after': '30' }).end()
    listen()
    await until(() => expect([error?.code, error?.waitMs]).toEqual(['back-off', 30_000]))
  })

  it.each([
    ['UTF-16, by its mark', 'application/json', Buffer.from('\uFEFF{ "word": "Öl" }', 'utf16le')],
    [
      'Latin-1, as it says',
      'application/json; charset=ISO-8859-1',
      Buffer.from('{ "word": "Öl" }', 'latin1'),
    ],
    ['UTF-8', 'text/plain', Buffer.from('{ "word": "Öl" }')],
  ])('reads an answer in %s', async (_, type, body) => {
    server.answer = (_, response) => !!response.writeHead(200, { 'content-type': type }).end(body)
    const client = new GetClient({ headers: {}, tls: undefined, maxLength: 1_024 }, () => undefined)
    const answer = await client.get(new URL(base))
    client.close()
    expect(JSON.parse(answer.body)).toEqual({ word: 'Öl' })
  })

  it('says of an answer in an encoding that it does not know', async () => {
    server.answer = (_, response) =>
      !!response.writeHead(200, { 'content-type': 'application/json; charset=klingon' }).end('{}')
    listen()
    await until(() => expect(error?.message).toContain('encoding that is not known (content-type'))
  })

  it('keeps a document that is not there as bad values, with one reject, and goes on', async () => {
    listen({ url: `${server.url}/nowhere` })
    await until(() => expect(values()).toEqual([Number.NaN]))
    await poll()
    await until(() => expect(values()).toHaveLength(2))
    expect(rejects().map(({ rule }) => rule)).toEqual(['http.refused'])
    expect(error).toBeUndefined()
  })

  it.each(['time', 'quality'])(
    'tells once of a %s that cannot be read, whatever it is at each poll',
    async part => {
      const say = (said: string) => server.documents.set('/status', { oil: 46.5, said })
      say('a')
      listen({ requests: [{ [part]: '$.said', values: { oil: '$.oil' } }] })
      await until(() => expect(values()).toEqual([Number.NaN]))
      say('b')
      await poll()
      await until(() => expect(values()).toEqual([Number.NaN, Number.NaN]))
      expect(rejects()).toMatchObject([
        { rule: `http.bad-${part}`, reason: `oil: its ${part} cannot be read.`, raw: 'a' },
      ])
      expect(events.at(-2)).toEqual({ kind: 'repeated', rule: `http.bad-${part}`, count: 1 })
    },
  )

  it('is lost where it answers with something else three times in a row, a login page perhaps', async () => {
    listen()
    await until(() => expect(values()).toEqual([46.5]))
    server.answer = (_, response) => !!response.writeHead(200).end('<html>Sign in</html>')
    await poll()
    await until(() => expect(values()).toEqual([46.5, Number.NaN]))
    await poll()
    await until(() => expect(events.at(-2)).toEqual({ kind: 'repeated', rule: 'http.malformed', count: 1 }))
    expect(error).toBeUndefined()
    await poll()
    await until(() => expect(error?.message).toContain('something else than what is asked for'))
    expect(rejects().map(({ rule }) => rule)).toEqual(['http.malformed'])
    subscription?.unsubscribe()
    events = []
    error = undefined
    listen()
    await until(() => expect(error?.message).toContain('the answer is no JSON. Check'))
    expect(events).toEqual([])
  })

  it.each([
    ['302 instead of a document', 302, ''],
    ['something else than what is asked for: the answer is no JSON', 200, '<html>'],
  ])('says of one of its requests that is answered with %s, until it is not', async (said, status, body) => {
    let isOdd = true
    server.documents.set('/status/press', { force: 5 })
    server.answer = (path, response) =>
      isOdd && path === '/status/press' && !!response.writeHead(status).end(body)
    listen({ requests: [{ values: { oil: '$.oil' } }, { path: '/press', values: { force: '$.force' } }] })
    await until(() => expect(values()).toEqual([46.5, Number.NaN]))
    expect(troubles()).toEqual([
      expect.stringContaining(`${base}/status/press answers with ${said}. Its signals have no values until`),
    ])
    isOdd = false
    await poll()
    await until(() => expect(values().slice(2)).toEqual([46.5, 5]))
    expect([troubles().slice(1), error]).toEqual([[undefined], undefined])
  })

  it('has no values of a list that is not there any more', async () => {
    server.documents.set('/status/all', [{ id: 'oil', v: 1 }])
    listen({ requests: [{ path: '/all', ...list }] })
    await until(() => expect(values()).toEqual([1]))
    server.answer = (_, response) => !!response.writeHead(404).end()
    await poll()
    await until(() => expect(values()).toEqual([1, Number.NaN]))
    expect(error).toBeUndefined()
  })

  it('takes what stands still, time and all, for no present, until it goes on', async () => {
    const notes = () => new Set(events.flatMap(event => (event.kind === 'noted' ? [event.what] : [])))
    const answered = (kind: SourceEvent['kind'], times: number) =>
      until(() => expect(count(kind)).toBe(times))
    server.documents.set('/status', { oil: 46.5, force: 5, at: 1000 })
    listen({ requests: [{ time: '$.at', values: { oil: '$.oil', force: '$.force' } }] })
    for (let polls = 1; polls <= 4; polls++) {
      await answered('samples', polls)
      if (polls < 4) await poll()
    }
    expect(count('stale')).toBe(0)
    for (const times of [1, 2]) {
      await poll()
      await answered('stale', times)
    }
    expect(events.at(-1)).toEqual({ kind: 'stale', signals: [0] })
    expect([...notes()]).toEqual([
      expect.stringContaining(
        `The document at ${base}/status stood still: the same values of the same times for more than 3 s`,
      ),
    ])
    server.documents.set('/status', { oil: 46.5, force: 5, at: 2000 })
    await poll()
    await answered('samples', 5)
    expect([count('stale'), count('connected'), error]).toEqual([2, 1, undefined])
  })

  it.each([
    ['reports on change', { time: '$.at', values: { force: '$.force' } }],
    ['says no time', { values: { oil: '$.oil' } }],
  ])('takes a document that %s for the present for as long as it answers', async (_, request) => {
    server.documents.set('/status', { oil: 46.5, force: 5, at: 1000 })
    listen({ requests: [request] })
    for (let polls = 1; polls <= 7; polls++) {
      await until(() => expect(count('samples')).toBe(polls))
      await poll()
    }
    expect([count('stale'), count('noted')]).toEqual([0, 0])
  })

  it('is lost after three failures in a row, and two are forgiven', async () => {
    const failing = [false, true, true, false, true, true, true]
    server.answer = (_, response) =>
      failing[server.requests.length - 1] === true && !!response.writeHead(500).end()
    listen({ timeoutMs: 600_000 })
    await until(() => {
      scheduler.advance(1000)
      expect(error?.message).toContain('has a trouble of its own (500)')
    })
    expect([server.requests.length, values().length]).toEqual([7, 2])
  })

  it('tells nothing more of a request that fails three times in a row while another is answered, until it is', async () => {
    server.documents.set('/status/press', { force: 5 })
    let isFailing = false
    server.answer = (path, response) =>
      isFailing && path === '/status/press' && !!response.writeHead(500).end()
    const requests = [{ values: { oil: '$.oil' } }, { path: '/press', values: { force: '$.force' } }]
    listen({ timeoutMs: 600_000, requests })
    await until(() => expect(values()).toEqual([46.5, 5]))
    const stale = () => events.flatMap(event => (event.kind === 'stale' ? event.signals : []))
    const asked = () => server.requests.filter(({ path }) => path === '/status/press').length
    isFailing = true
    await advanceUntil(() => expect(stale()).toEqual([1]))
    expect(asked()).toBeGreaterThanOrEqual(4)
    expect(asked()).toBeLessThanOrEqual(5)
    await advanceUntil(() => expect(asked()).toBe(8))
    expect([stale(), error, new Set(values().slice(2))]).toEqual([[1], undefined, new Set([46.5])])
    expect(troubles()).toEqual([
      `${base}/status/press has a trouble of its own (500), 3 times in a row, while others are answered. Its signals are stale until it is.`,
    ])
    isFailing = false
    await advanceUntil(() => expect(values().slice(2)).toContain(5))
    expect([troubles().slice(1), error]).toEqual([[undefined], undefined])
  })

  it('stays where one request fails from the first while another that is asked seldom is answered, until both fail', async () => {
    server.documents.set('/status/press', { force: 5 })
    const isFailing = { '/status': true, '/status/press': false }
    server.answer = (path, response) =>
      isFailing[path as keyof typeof isFailing] && !!response.writeHead(502).end()
    const slow = { path: '/press', pollMs: 10_000, values: { force: '$.force' } }
    listen({ timeoutMs: 600_000, requests: [{ values: { oil: '$.oil' } }, slow] })
    await until(() => expect(values()).toEqual([5]))
    const asked = () => server.requests.filter(({ path }) => path === '/status').length
    await advanceUntil(() => expect(asked()).toBe(8))
    expect([error, count('connected'), count('stale')]).toEqual([undefined, 1, 1])
    isFailing['/status/press'] = true
    await advanceUntil(() => expect(error?.message).toContain('has a trouble of its own (502)'))
    expect(new Set(values())).toEqual(new Set([5]))
  })

  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ])('reads an answer packed with %s, asked for or not', async (encoding, pack) => {
    const body = pack(Buffer.from('\uFEFF{ "oil": 47.5 }'))
    server.answer = (_, response) => !!response.writeHead(200, { 'content-encoding': encoding }).end(body)
    listen()
    await until(() => expect(values()).toEqual([47.5]))
  })

  it.each([
    ['zstd', Buffer.from('{}'), 'cannot be unpacked (content-encoding: zstd)'],
    ['gzip', Buffer.from('{}'), 'cannot be unpacked (content-encoding: gzip)'],
    ['gzip', gzipSync(Buffer.alloc(5_000)), 'answers with more than 1024 bytes'],
  ])('says of an answer packed with %s what is wrong with it', async (encoding, body, said) => {
    server.answer = (_, response) => !!response.writeHead(200, { 'content-encoding': encoding }).end(body)
    listen({ maxLength: 1_024 })
    await until(() => expect(error?.message).toContain(said))
  })

  it('gives up a request that is not answered in time', async () => {
    server.answer = () => true
    listen({ timeoutMs: 500 })
    await until(() => expect(server.requests).toHaveLength(1))
    scheduler.advance(500)
    await until(() => expect(error?.message).toContain(`${server.url} does not answer within 500 ms`))
    await until(() => expect(server.connections).toBe(0))
  })

  it('gives up an answer that is too long', async () => {
    server.documents.set('/status', 'x'.repeat(3_000))
    listen({ maxLength: 1_024 })
    await until(() => expect(error?.message).toContain('answers with more than 1024 bytes'))
  })

  it('says who refused the connection', async () => {
    await server.stop()
    listen()
    await until(() =>
      expect(error?.message).toContain('refused the connection: nothing listens on that port'),
    )
  })
})

describe('the options of a REST source', () => {
  it.each([
    [{ url: 'ftp://plc', requests: [{ values: {} }] }, 'write http://'],
    [{ url: 'http://plc', requests: [] }, 'at least one request'],
    [{ url: 'http://plc', requests: [{}] }, 'either values'],
    [{ url: 'http://plc', requests: [{ values: {}, list: '$' }] }, 'either values'],
    [{ url: 'http://plc', requests: [{ path: 'status', list: '$' }] }, 'begins with /'],
    [{ url: 'http://plc', requests: [{ values: { oil: 'a b.c[' } }] }, 'a path is written like'],
    [{ url: 'http://plc', requests: [{ values: { oil: { value: '$.a', uint: 'K' } } }] }, 'uint'],
    [{ url: 'http://plc', requests: [{ list: '$' }], bearer: 'hunter2' }, '{ env: NAME }'],
    [
      {
        url: 'http://plc',
        requests: [{ list: '$' }],
        bearer: { env: 'A' },
        user: { name: 'a', password: { env: 'B' } },
      },
      'exclude each other',
    ],
  ])('%j are refused', (options, why) => {
    expect(JSON.stringify(httpOptions.safeParse(options).error?.issues)).toContain(why)
  })
})
