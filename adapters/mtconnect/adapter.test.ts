import { firstValueFrom, type Subscription, toArray } from 'rxjs'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { AdapterError, SourceEvent } from '../contract.js'
import { describeAdapterContract } from '../contract-suite.js'
import { ManualScheduler } from '../manual-scheduler.js'
import { type TestContextOptions, testContext, testSignal } from '../test-context.js'
import { mtconnect } from './adapter.js'
import { type MtconnectOptions, mtconnectOptions } from './config.js'
import { FakeShdrServer } from './fake-server.js'

const signals = [
  testSignal(3, 'Xabs', { quantity: 'position', unit: 'mm' }),
  testSignal(7, 'execution', { role: 'status', quantity: 'state', type: 'text' }),
]

const optionsFor = (port: number, given: Partial<MtconnectOptions> = {}): MtconnectOptions =>
  mtconnectOptions.parse({ host: '127.0.0.1', port, ...given })

describeAdapterContract<MtconnectOptions>({
  definition: mtconnect,
  hasLink: true,
  start: async () => {
    const server = await FakeShdrServer.start()
    let said = 0
    return {
      options: optionsFor(server.port),
      context: testContext({ signals }),
      async push(samples) {
        await server.reader()
        const rows = Array.from({ length: samples }, () => {
          const time = new Date(Date.UTC(2026, 0, 1) + said++).toISOString()
          return `${time}|Xabs|${said}\n`
        })
        server.send(rows.join(''))
      },
      said: () => said,
      drop: () => server.drop(),
      open: () => server.connections,
      writes: () => server.received.filter(line => line !== '* PING'),
      stop: () => server.stop(),
    }
  },
})

describe('the MTConnect adapter', () => {
  let server: FakeShdrServer
  let scheduler: ManualScheduler
  let events: SourceEvent[]
  let error: AdapterError | undefined
  let subscription: Subscription | undefined

  beforeEach(async () => {
    server = await FakeShdrServer.start()
    scheduler = new ManualScheduler()
    events = []
    error = undefined
  })

  afterEach(async () => {
    subscription?.unsubscribe()
    await server.stop()
  })

  const subscribe = (options: Partial<MtconnectOptions> = {}, context: Partial<TestContextOptions> = {}) => {
    const source = mtconnect.create(
      optionsFor(server.port, options),
      testContext({ signals, scheduler, ...context }),
    )
    subscription = source.subscribe({
      next: event => events.push(event),
      error: (lost: AdapterError) => {
        error = lost
      },
    })
  }

  const count = (kind: SourceEvent['kind']) => events.filter(event => event.kind === kind).length
  const pings = () => server.received.filter(line => line === '* PING').length
  const until = (condition: () => void) => vi.waitFor(condition, { timeout: 5_000, interval: 1 })

  it('pings at once and reports each answer as a sign of life', async () => {
    subscribe()
    await until(() => expect(count('alive')).toBe(1))
    scheduler.advance(10_000)
    await until(() => expect(count('alive')).toBe(2))
    expect(server.received).toEqual(['* PING', '* PING'])
  })

  it('pings as often as the source asks', async () => {
    server.pong = '* PONG 500'
    subscribe()
    await until(() => expect(count('alive')).toBe(1))
    scheduler.advance(500)
    await until(() => expect(count('alive')).toBe(2))
    scheduler.advance(500)
    await until(() => expect(count('alive')).toBe(3))
  })

  it('declares the link lost after twice the heartbeat without a word', async () => {
    subscribe()
    await until(() => expect(count('alive')).toBe(1))
    server.pong = undefined
    scheduler.advance(20_000)
    expect(error).toBeUndefined()
    scheduler.advance(1)
    expect(error?.code).toBe('not-connected')
    expect(error?.message).toContain(`127.0.0.1:${server.port} said nothing for 20000 ms`)
    await until(() => expect(server.connections).toBe(0))
  })

  it('takes rows for a sign of life, too', async () => {
    server.pong = undefined
    subscribe()
    await until(() => expect(pings()).toBe(1))
    scheduler.advance(19_999)
    server.send('2026-01-01T00:00:00Z|Xabs|1\n')
    await until(() => expect(count('samples')).toBe(1))
    scheduler.advance(19_999)
    expect(error).toBeUndefined()
    scheduler.advance(2)
    expect(error?.code).toBe('not-connected')
  })

  it('sends no ping to a source that answers none, and misses no answer', async () => {
    subscribe({ heartbeatMs: 0 })
    await until(() => expect(count('connected')).toBe(1))
    scheduler.advance(1_000_000)
    server.send('2026-01-01T00:00:00Z|Xabs|1\n')
    await until(() => expect(count('samples')).toBe(1))
    expect(server.received).toEqual([])
    expect(error).toBeUndefined()
  })

  it('does not declare a source lost that it does not listen to itself', async () => {
    subscribe({}, { window: 0 })
    await until(() => expect(count('alive')).toBe(1))
    server.send('2026-01-01T00:00:00Z|Xabs|1\n')
    await until(() => expect(count('samples')).toBe(1))
    scheduler.advance(1_000_000)
    expect(error).toBeUndefined()
  })

  it('says who refused the connection and what to do', async () => {
    const { port } = server
    await server.stop()
    subscribe({ port })
    await until(() => expect(error).toBeDefined())
    expect(error?.code).toBe('not-connected')
    expect(error?.message).toBe(
      `127.0.0.1:${port} refused the connection: nothing listens on that port. ` +
        'Check that the MTConnect adapter runs there and that the port is open.',
    )
  })

  it('gives up a connection that is not answered in time', () => {
    // Connecting takes at least a turn of the event loop; none passes here.
    subscribe({ connectTimeoutMs: 3_000 })
    scheduler.advance(3_000)
    expect(error?.message).toContain(`127.0.0.1:${server.port} did not answer within 3000 ms`)
  })

  it('fails when the source closes, and keeps a line that was cut off as a reject', async () => {
    subscribe()
    await until(() => expect(count('alive')).toBe(1))
    server.send('2026-01-01T00:00:00Z|Xabs|1\n2026-01-01T00:00:01Z|Xa')
    server.end()
    await until(() => expect(error).toBeDefined())
    expect(error?.message).toContain('closed the connection')
    expect(events.at(-1)).toMatchObject({
      kind: 'rejects',
      rejects: [{ rule: 'shdr.cut-line', raw: '2026-01-01T00:00:01Z|Xa' }],
    })
  })

  it('goes on behind a line it cannot take', async () => {
    subscribe()
    await until(() => expect(count('connected')).toBe(1))
    await server.reader()
    server.send('rubbish\n2026-01-01T00:00:00Z|Xabs|1\n')
    await until(() => expect(count('samples')).toBe(1))
    expect(events.find(event => event.kind === 'rejects')).toMatchObject({
      rejects: [{ source: 'test', rule: 'shdr.bad-time', raw: 'rubbish' }],
    })
  })

  it('completes for nobody: the engine decides when it is over', async () => {
    const source = mtconnect.create(optionsFor(server.port), testContext({ signals, scheduler }))
    const all = firstValueFrom(source.pipe(toArray()))
    await server.reader()
    server.end()
    await expect(all).rejects.toThrow('closed the connection')
  })
})
