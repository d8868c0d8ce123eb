import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BehaviorSubject, filter, firstValueFrom, type Subscription } from 'rxjs'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { IndexedSignal, SourceEvent } from '../contract.js'
import { describeAdapterContract } from '../contract-suite.js'
import { type TestContextOptions, testContext, testSignal } from '../test-context.js'
import { opcua } from './adapter.js'
import { type OpcuaOptions, opcuaOptions } from './config.js'
import { Cable, FakeOpcuaServer } from './fake-server.js'
import { askServer } from './pki.js'
import { listens } from './session.js'

const names = Array.from({ length: 250 }, (_, i) => `value-${i}`)
const signals = names.map((name, i) => testSignal(i + 3, `ns=1;s=${name}`))

let server: FakeOpcuaServer
let folder: string
/** Every value of the server is a number of its own, and its time as many ms later. */
let said = 0
const timeOf = (number: number) => new Date(Date.UTC(2026, 0, 1) + number)

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gemba-opcua-'))
  server = await FakeOpcuaServer.start()
  // Our key and certificate, which take a while, are made beforehand.
  await askServer(server.endpoint, folder, 20_000)
  for (const name of names) {
    server.add(name)
    server.set(name, 0, timeOf(0))
  }
})

afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

describeAdapterContract<OpcuaOptions>({
  definition: opcua,
  hasLink: true,
  start: async () => {
    const cable = await Cable.to(server.port)
    server.requests.length = 0
    const saidBefore = said
    return {
      options: opcuaOptions.parse({
        endpoint: `opc.tcp://127.0.0.1:${cable.port}`,
        publishingMs: 20,
        samplingMs: 0,
        queueSize: 1_000,
      }),
      context: testContext({ signals, folder }),
      push(samples) {
        for (let i = 0; i < samples; i++) {
          said++
          server.set(names[said % names.length]!, said, timeOf(said))
        }
      },
      // Each item begins with the value it has.
      said: () => names.length + said - saidBefore,
      drop: () => cable.cut(),
      open: () => cable.connections,
      writes: () => server.requests.filter(name => !reading.has(name)),
      stop: () => cable.stop(),
    }
  },
})

/** The services of a reader (OPC 10000-4); all others would change something at the server. */
const reading: ReadonlySet<string> = new Set([
  ...['GetEndpoints', 'CreateSession', 'ActivateSession', 'CloseSession'],
  ...['Browse', 'BrowseNext', 'Read', 'HistoryRead', 'TranslateBrowsePathsToNodeIds'],
  ...['CreateSubscription', 'DeleteSubscriptions', 'TransferSubscriptions', 'SetPublishingMode'],
  ...['CreateMonitoredItems', 'DeleteMonitoredItems', 'Publish', 'Republish'],
])

describe('the OPC UA adapter', () => {
  let subscription: Subscription | undefined
  afterEach(() => subscription?.unsubscribe())

  const read = (
    signals: readonly IndexedSignal[],
    options: Record<string, unknown> = {},
    pace: Pick<TestContextOptions, 'accepted' | 'window'> = {},
  ) => {
    const context = testContext({ signals, folder, ...pace })
    const events: SourceEvent[] = []
    const parsed = opcuaOptions.parse({ endpoint: server.endpoint, publishingMs: 50, ...options })
    subscription = opcua.create(parsed, context).subscribe(event => events.push(event))
    const samples = () =>
      events.flatMap(event =>
        event.kind === 'samples'
          ? Array.from({ length: event.batch.count }, (_, i) => [
              event.batch.signal[i]!,
              event.batch.value[i]!,
            ])
          : [],
      )
    return { context, events, samples }
  }
  const until = (check: () => void) => vi.waitFor(check, { timeout: 10_000, interval: 10 })

  it('reads 2,000 items of one server, every change of each in its order', async () => {
    const [items, changes] = [2_000, 10]
    const names = Array.from({ length: items }, (_, i) => `item-${i}`)
    for (const name of names) server.add(name)
    const { samples } = read(
      names.map((name, i) => testSignal(i, `ns=1;s=${name}`)),
      { samplingMs: 0 },
    )
    await until(() => expect(new Set(samples().map(([index]) => index)).size).toBe(items))
    for (let value = 1; value <= changes; value++)
      for (const name of names) server.set(name, value, timeOf(value))
    await until(() => expect(samples().filter(([, value]) => value! > 0)).toHaveLength(items * changes))
    for (let index = 0; index < items; index += 97) {
      const values = samples().flatMap(([of, value]) => (of === index && value! > 0 ? [value] : []))
      expect(values).toEqual(Array.from({ length: changes }, (_, i) => i + 1))
    }
  })

  it('tells what the server samples more slowly than asked', async () => {
    for (const name of ['lazy-1', 'lazy-2', 'quick']) server.add(name)
    for (const name of ['lazy-1', 'lazy-2']) server.sampleSlowly(name, 1_500)
    const signals = ['quick', 'lazy-1', 'lazy-2'].map((name, i) => testSignal(i, `ns=1;s=${name}`))
    const { events } = read(signals, { samplingMs: 100 })
    await until(() => expect(events).toContainEqual(expect.objectContaining({ of: 'queue' })))
    expect(events).toContainEqual({
      kind: 'trouble',
      of: 'sampling',
      what: expect.stringContaining(
        `2 signals more slowly than asked, ${signals[1]!.signal.id} every 1500 ms instead of 100`,
      ),
    })
    expect(events).toContainEqual({ kind: 'trouble', of: 'queue', what: undefined })
  })

  it('reads values of every kind from a real server', async () => {
    const { DataType, VariantArrayType } = server.opcua
    const { Array: list } = VariantArrayType
    server.addValue('on', { dataType: DataType.Boolean, value: true })
    server.addValue('total', {
      dataType: DataType.Int64,
      arrayType: VariantArrayType.Scalar,
      value: [0xffffffff, 0xfffffff6],
    })
    server.addValue('huge', {
      dataType: DataType.UInt64,
      arrayType: VariantArrayType.Scalar,
      value: [0xffffffff, 0],
    })
    server.addValue('zones', {
      dataType: DataType.Float,
      arrayType: list,
      value: Float32Array.of(1.5, 2.5, 3.5),
    })
    server.addValue('label', { dataType: DataType.LocalizedText, value: { locale: 'en', text: 'Oil pump' } })
    server.addValue('when', { dataType: DataType.DateTime, value: timeOf(0) })
    server.addValue('alarms', { dataType: DataType.String, arrayType: list, value: ['low', 'hot'] })
    server.addValue('grid', {
      dataType: DataType.Double,
      arrayType: VariantArrayType.Matrix,
      dimensions: [2, 2],
      value: Float64Array.of(1, 2, 3, 4),
    })
    const text = { type: 'text', quantity: 'text' } as const
    const { context, events, samples } = read([
      testSignal(0, 'ns=1;s=on'),
      testSignal(1, 'ns=1;s=total'),
      testSignal(2, 'index=1;ns=1;s=zones'),
      testSignal(3, 'ns=1;s=label', text),
      testSignal(4, 'ns=1;s=when', text),
      testSignal(5, 'ns=1;s=alarms', text),
      testSignal(6, 'ns=1;s=huge', text),
      testSignal(7, 'ns=1;s=huge', { id: 'machine.huge' }),
      testSignal(8, 'ns=1;s=zones', { id: 'machine.zones' }),
      testSignal(9, 'nsu=urn:none;s=x'),
      testSignal(10, 'ns=1;s=grid', text),
      testSignal(11, 'index=1,0;ns=1;s=grid'),
    ])
    await until(() => expect(samples()).toHaveLength(11))
    const texts = new Set([3, 4, 5, 6, 10])
    const told = new Map(
      samples().map(([index, value]) => [index, texts.has(index!) ? context.text(value!) : value]),
    )
    expect(Object.fromEntries(told)).toEqual({
      0: 1,
      1: -10,
      2: 2.5,
      3: 'Oil pump',
      4: '2026-01-01T00:00:00.000Z',
      5: '["low","hot"]',
      6: '18446744069414584320',
      // What cannot be told without being wrong is no value.
      7: Number.NaN,
      8: Number.NaN,
      10: '[[1,2],[3,4]]',
      11: 3,
    })
    const rejects = events.flatMap(event => (event.kind === 'rejects' ? event.rejects : []))
    expect(rejects.map(({ rule, raw }) => [rule, raw]).sort()).toEqual([
      ['opcua.array', '[1.5,2.5,3.5]'],
      ['opcua.bad-tag', 'nsu=urn:none;s=x'],
      ['opcua.not-exact', '18446744069414584320'],
    ])
  })

  it('leaves out changes within the deadband, and takes every change where the server knows none', async () => {
    server.addFolder('analog')
    server.add('analog.a', server.opcua.DataType.Double, 'analog', { unit: 'bar', range: [0, 100] })
    server.add('plain')
    const time = () => timeOf(++said)
    for (const name of ['analog.a', 'plain']) server.set(name, 0, time())
    const { samples } = read([testSignal(0, 'ns=1;s=analog.a'), testSignal(1, 'ns=1;s=plain')], {
      deadband: { percent: 10 },
      samplingMs: 0,
    })
    await until(() => expect(samples()).toHaveLength(2))
    for (const value of [5, 20, 25, 40])
      for (const name of ['analog.a', 'plain']) server.set(name, value, time())
    await until(() => expect(samples().filter(([index]) => index === 1)).toHaveLength(5))
    expect(samples().flatMap(([index, value]) => (index === 0 ? [value] : []))).toEqual([0, 20, 40])
  })

  it('sends each group of signals in its own time', async () => {
    read([testSignal(0, `ns=1;s=${names[0]}`), testSignal(1, `ns=1;s=${names[1]}`)], {
      groups: [{ signals: [`machine.ns=1;s=${names[1]}`], publishingMs: 200 }],
    })
    await until(() => expect(server.publishingIntervals).toContain(200))
    expect(server.publishingIntervals.filter(ms => ms === 200)).toHaveLength(1)
  })

  it('asks the server to hold back while too much waits to be accepted, and loses nothing by it', async () => {
    server.add('held')
    server.set('held', 0, timeOf(++said))
    const asked = () => server.requests.filter(name => name === 'SetPublishingMode').length
    const before = asked()
    const accepted = new BehaviorSubject(0)
    const { samples } = read([testSignal(0, 'ns=1;s=held')], { samplingMs: 0 }, { accepted, window: 0 })
    await until(() => expect(asked()).toBe(before + 1))
    for (let value = 1; value <= 9; value++) server.set('held', value, timeOf(++said))
    accepted.next(1)
    await until(() => expect(asked()).toBeGreaterThan(before + 1))
    await until(() => expect(samples().map(([, value]) => value)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]))
  })

  it('is given more time at each try where the server is there and too busy, and comes in', async () => {
    const cable = await Cable.to(server.port)
    cable.delayMs = 600
    const endpoint = `opc.tcp://127.0.0.1:${cable.port}`
    const options = opcuaOptions.parse({ endpoint, timeoutMs: 500, publishingMs: 50 })
    const context = testContext({ signals: [testSignal(1, `ns=1;s=${names[0]}`)], folder })
    const attempt = (slowTries: number): Promise<unknown> =>
      firstValueFrom(
        opcua.create(options, { ...context, slowTries }).pipe(filter(({ kind }) => kind === 'samples')),
      ).catch((error: unknown) => error)
    expect(await attempt(0)).toMatchObject({
      isSlow: true,
      message: `${endpoint} takes connections and did not answer within 500 ms. It is given 1000 ms at the next try. Check whether it is overloaded, and that it is an OPC UA server.`,
    })
    expect(await attempt(4)).toMatchObject({ kind: 'samples' })
    await cable.stop()
  }, 60_000)

  it('is given no more time where nothing takes connections', async () => {
    const cable = await Cable.to(server.port)
    await cable.stop()
    const endpoint = `opc.tcp://127.0.0.1:${cable.port}`
    const context = testContext({ signals: [testSignal(1, 'ns=1;s=x')], folder })
    const refused = firstValueFrom(opcua.create(opcuaOptions.parse({ endpoint }), context))
    await expect(refused).rejects.toMatchObject({ code: 'not-connected', isSlow: false })
    expect(await listens(endpoint, 1_000)).toBe(false)
    expect(await listens(server.endpoint, 10_000)).toBe(true)
  })

  it('closes its session when it is no longer wanted', async () => {
    read([testSignal(0, `ns=1;s=${names[0]}`)], { publishingMs: 300 })
    await until(() => expect(server.publishingIntervals).toContain(300))
    const { sessions } = server
    subscription?.unsubscribe()
    await until(() => expect(server.publishingIntervals).not.toContain(300))
    await until(() => expect(server.sessions).toBeLessThan(sessions))
  })
})
