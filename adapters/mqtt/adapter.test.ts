import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { connect, type MqttClient } from 'mqtt'
import { BehaviorSubject, type Subscription } from 'rxjs'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { SampleBatch } from '../../schema/sample-batch.js'
import type { AdapterError, SourceEvent } from '../contract.js'
import { describeAdapterContract } from '../contract-suite.js'
import { type TestContextOptions, testContext, testSignal } from '../test-context.js'
import { mqtt } from './adapter.js'
import { Broker } from './broker.js'
import { type MqttOptions, mqttOptions } from './config.js'
import { Wire } from './wire.js'

let broker: Broker
beforeAll(async () => {
  // The engine's window is to be what stops the flow, not the broker's.
  broker = await Broker.start(['max_inflight_messages 0'])
})
afterAll(() => broker.stop())

const signals = [
  testSignal(3, 'line/press/pressure', { quantity: 'pressure', unit: 'bar' }),
  testSignal(7, 'line/press/state', { role: 'status', quantity: 'state', type: 'text' }),
]
const optionsFor = (url: string, given: Partial<MqttOptions> = {}): MqttOptions =>
  mqttOptions.parse({ url, topics: [{ topic: 'line/#' }], sessionExpiry: 0, ...given })

/** Somebody else at the broker: a PLC's gateway. */
async function publisher(url = broker.url): Promise<MqttClient> {
  const client = connect(url, { reconnectPeriod: 0 })
  await vi.waitFor(() => expect(client.connected).toBe(true), { timeout: 5_000 })
  return client
}

for (const [protocol, qos] of [
  ['5', 1],
  ['3.1.1', 1],
  ['5', 0],
] as const) {
  describe(`MQTT ${protocol} at QoS ${qos}`, () => {
    describeAdapterContract<MqttOptions>({
      definition: mqtt,
      hasLink: true,
      start: async () => {
        const wire = await Wire.to(broker.port)
        const source = await publisher()
        let said = 0
        return {
          options: optionsFor(wire.url, { protocol, qos, clientId: `suite-${protocol}-${qos}` }),
          context: testContext({ signals }),
          push(samples) {
            for (let i = 0; i < samples; i++) {
              const timestamp = Date.UTC(2026, 0, 1) + said++
              source.publish('line/press/pressure', JSON.stringify({ value: said, timestamp }), { qos })
            }
          },
          said: () => said,
          drop: () => wire.cut(),
          open: () => wire.connections,
          writes: () =>
            wire
              .commands()
              .filter(cmd => !['connect', 'subscribe', 'puback', 'pingreq', 'disconnect'].includes(cmd)),
          async stop() {
            await source.endAsync(true)
            await wire.stop()
          },
        }
      },
    })
  })
}

describe('the MQTT adapter', () => {
  let wire: Wire
  let source: MqttClient
  let events: SourceEvent[]
  let error: AdapterError | undefined
  let subscription: Subscription | undefined
  let accepted: BehaviorSubject<number>

  beforeEach(async () => {
    wire = await Wire.to(broker.port)
    source = await publisher()
    events = []
    error = undefined
    accepted = new BehaviorSubject(0)
  })
  afterEach(async () => {
    subscription?.unsubscribe()
    await source.endAsync(true)
    await wire.stop()
  })

  const subscribe = (options: Partial<MqttOptions> = {}, context: Partial<TestContextOptions> = {}) => {
    error = undefined
    subscription = mqtt
      .create(optionsFor(wire.url, options), testContext({ signals, accepted, ...context }))
      .subscribe({
        next: event => events.push(event),
        error: (lost: AdapterError) => {
          error = lost
        },
      })
  }
  const until = (condition: () => void) => vi.waitFor(condition, { timeout: 10_000, interval: 2 })
  const connected = () => until(() => expect(events).toContainEqual({ kind: 'connected' }))
  const batches = (): SampleBatch[] =>
    events.flatMap(event => (event.kind === 'samples' ? [event.batch] : []))
  const values = () => batches().flatMap(batch => [...batch.value])
  const pubacks = () => wire.commands().filter(cmd => cmd === 'puback').length
  const say = (value: unknown, more = {}) =>
    source.publishAsync('line/press/pressure', JSON.stringify({ value }), { qos: 1, ...more })

  it('acknowledges a message only when the engine has accepted its samples', async () => {
    subscribe()
    await connected()
    for (let i = 1; i <= 5; i++) await say(i)
    await until(() => expect(values()).toEqual([1, 2, 3, 4, 5]))
    expect(pubacks()).toBe(0)
    accepted.next(3)
    await until(() => expect(pubacks()).toBe(3))
    accepted.next(5)
    await until(() => expect(pubacks()).toBe(5))
    const ids = wire.sent.flatMap(({ command, body }) => (command === 'puback' ? [body.readUInt16BE(0)] : []))
    expect(ids).toEqual([...ids].sort((a, b) => a - b))
  })

  it('rejects and acknowledges a message that a fault of ours makes unreadable, and reads on', async () => {
    const intern = (text: string): number => {
      if (text === 'poison') throw new RangeError('broken')
      return 0
    }
    subscribe({}, { intern })
    await connected()
    await source.publishAsync('line/press/state', 'poison', { qos: 1 })
    await say(2)
    await until(() => expect(values()).toEqual([2]))
    accepted.next(1)
    await until(() => expect(pubacks()).toBe(2))
    const rejects = events.flatMap(event => (event.kind === 'rejects' ? event.rejects : []))
    expect(rejects).toMatchObject([{ rule: 'codec.failed', raw: 'poison' }])
  })

  it('acknowledges nothing before it is on the disk, and commits what came meanwhile together', async () => {
    const commits: (() => void)[] = []
    subscribe({}, { onDisk: () => new Promise<void>(resolve => commits.push(resolve)) })
    await connected()
    for (let i = 1; i <= 5; i++) await say(i)
    await until(() => expect(values()).toEqual([1, 2, 3, 4, 5]))
    for (let i = 1; i <= 3; i++) accepted.next(i)
    expect(commits).toHaveLength(1)
    expect(pubacks()).toBe(0)
    commits[0]!()
    await until(() => expect(pubacks()).toBe(1))
    expect(commits).toHaveLength(2)
    commits[1]!()
    await until(() => expect(pubacks()).toBe(3))
    expect(commits).toHaveLength(2)
  })

  it('acknowledges what gives no sample, too, but not before what came before it', async () => {
    subscribe()
    await connected()
    await say(1)
    await source.publishAsync('line/press/pressure', 'rubbish', { qos: 1 })
    await source.publishAsync('line/unheard/of', '1', { qos: 1 })
    await until(() => expect(events.map(({ kind }) => kind)).toContain('rejects'))
    await until(() => expect(events.map(({ kind }) => kind)).toContain('unknown-tags'))
    expect(pubacks()).toBe(0)
    // What cannot be read leaves its signal without a value: that is a sample as well.
    accepted.next(1)
    await until(() => expect(pubacks()).toBe(1))
    accepted.next(2)
    await until(() => expect(pubacks()).toBe(3))
  })

  it('has what was not acknowledged sent again after a lost link, and what came meanwhile', async () => {
    const session = { sessionExpiry: 600, clientId: 'session' }
    subscribe(session)
    await connected()
    await say(1)
    await say(2)
    await until(() => expect(values()).toEqual([1, 2]))
    accepted.next(1)
    await until(() => expect(pubacks()).toBe(1))
    wire.cut()
    await until(() => expect(error?.code).toBe('not-connected'))
    await say(3)
    events = []
    accepted = new BehaviorSubject(0)
    subscribe(session)
    await until(() => expect(values()).toEqual([2, 3]))
    expect(events[0]).toEqual({ kind: 'connected' })
    accepted.next(2)
    await until(() => expect(pubacks()).toBe(3))
  })

  it.each([
    [[0, 1], 1],
    [[1, 0], 1],
    [[0, 0], 0],
  ] as const)(
    'subscribes entries of one topic with QoS %j once, so that none of them loses anything',
    async (qos, expected) => {
      const entries = qos.map((each, place) => ({
        ...{ topic: 'line/press/pressure', qos: each },
        ...(place === 0
          ? { tag: 'line/press/pressure', value: '$.value' }
          : { tag: 'line/press/state', value: '$.state' }),
      }))
      subscribe({ qos: 0, topics: entries as unknown as MqttOptions['topics'] })
      await connected()
      await say(1, {})
      await until(() => expect(values()[0]).toBe(1))
      accepted.next(batches().reduce((sum, { count }) => sum + count, 0))
      // What is delivered at QoS 1 is acknowledged.
      await say(2, {})
      await until(() => expect(values()).toContain(2))
      accepted.next(batches().reduce((sum, { count }) => sum + count, 0))
      await until(() => expect(pubacks()).toBe(2 * expected))
      expect(wire.commands().filter(command => command === 'subscribe')).toHaveLength(1)
    },
  )

  it('forgets its session where none is wanted', async () => {
    subscribe({ clientId: 'clean' })
    await connected()
    await say(1)
    await until(() => expect(values()).toEqual([1]))
    wire.cut()
    await until(() => expect(error).toBeDefined())
    events = []
    subscribe({ clientId: 'clean' })
    await connected()
    await say(2)
    await until(() => expect(values()).toEqual([2]))
  })

  it('shares a broker with another installation of the same plant, and is known again by the broker when it comes back', async () => {
    const here = { signals, installation: 'here' }
    subscribe({ sessionExpiry: 600 }, here)
    await connected()
    const others: SourceEvent[] = []
    const other = mqtt
      .create(optionsFor(broker.url), testContext({ signals, accepted, installation: 'there' }))
      .subscribe({ next: event => others.push(event) })
    try {
      await until(() => expect(others).toContainEqual({ kind: 'connected' }))
      await say(1)
      await until(() => expect(values()).toEqual([1]))
      await until(() => expect(others.map(({ kind }) => kind)).toContain('samples'))
      expect(error).toBeUndefined()
    } finally {
      other.unsubscribe()
    }
    wire.cut()
    await until(() => expect(error?.code).toBe('not-connected'))
    await say(2)
    events = []
    subscribe({ sessionExpiry: 600 }, here)
    await until(() => expect(values()).toEqual([1, 2]))
  })

  it('keeps the link while it may not read, for longer than the broker waits for a silent client', async () => {
    subscribe({ keepAlive: 1 }, { window: 1 })
    await connected()
    for (let i = 1; i <= 5; i++) await say(i)
    await until(() =>
      expect(wire.commands().filter(cmd => cmd === 'pingreq').length).toBeGreaterThanOrEqual(6),
    )
    expect(error).toBeUndefined()
    expect(values().length).toBeLessThan(5)
    for (let i = 1; i <= 5; i++) {
      accepted.next(i)
      await until(() => expect(values().length).toBeGreaterThanOrEqual(Math.min(5, i + 1)))
    }
    expect(values()).toEqual([1, 2, 3, 4, 5])
  })

  it('shares its topics with others of the same group: each message reaches one of them', async () => {
    const other = connect(broker.url, { protocolVersion: 5, reconnectPeriod: 0 })
    const heard: string[] = []
    other.on('message', (_, payload) => heard.push(payload.toString()))
    await other.subscribeAsync('$share/floor/line/#', { qos: 1 })
    subscribe({ share: 'floor' })
    await connected()
    for (let i = 0; i < 20; i++) await say(i)
    await until(() => expect(heard.length + values().length).toBe(20))
    expect(values().length).toBeGreaterThan(0)
    expect(heard.length).toBeGreaterThan(0)
    await other.endAsync(true)
  })

  it('knows a retained message for an old one', async () => {
    const then = Date.UTC(2026, 10, 1)
    const now = Date.UTC(2026, 10, 20)
    await source.publishAsync('line/press/pressure', JSON.stringify({ value: 80, timestamp: then }), {
      qos: 1,
      retain: true,
    })
    await source.publishAsync('line/press/state', 'Running', { qos: 1, retain: true })
    subscribe({}, { clock: { now: () => now } })
    await until(() => expect(values()).toHaveLength(2))
    const told = batches().flatMap(({ signal, sourceTime, quality }) =>
      [...signal].map((index, i) => ({ index, time: sourceTime[i], quality: quality[i] })),
    )
    expect(told).toContainEqual({ index: 3, time: then, quality: 0 })
    expect(told).toContainEqual({ index: 7, time: now, quality: 1 })
    await source.publishAsync('line/press/pressure', '', { retain: true, qos: 1 })
    await source.publishAsync('line/press/state', '', { retain: true, qos: 1 })
  })

  it('says who refused the connection and what to do', async () => {
    subscription = mqtt
      .create(optionsFor('mqtt://127.0.0.1:1'), testContext({ signals }))
      .subscribe({ error: (lost: AdapterError) => (error = lost) })
    await until(() => expect(error).toBeDefined())
    expect(error?.message).toMatch(/^mqtt:\/\/127\.0\.0\.1:1 refused the connection: nothing listens/)
  })

  it('notices a half-open connection: nothing goes through, and nobody says so', async () => {
    subscribe({ keepAlive: 1 })
    await connected()
    wire.block(true)
    await until(() => expect(error?.code).toBe('not-connected'))
    expect(error?.message).toContain('does not answer any more')
  })

  it.each([
    // CONNACK (success), then a SUBACK that refuses the second topic. mosquitto alone grants all topics.
    ['3.1.1', '20020000', (id: string) => `9004${id}0180`, 'line/b.'],
    ['5', '2003000000', (id: string) => `9005${id}000187`, 'line/b (Not authorized).'],
  ] as const)('says which subscription was refused, over %s', async (protocol, connack, suback, said) => {
    const server = createServer(socket => {
      let heard = Buffer.alloc(0)
      socket.on('data', chunk => {
        heard = Buffer.concat([heard, chunk])
        while (heard.length >= 2 && heard.length >= 2 + heard[1]!) {
          const [packet, id] = [heard[0], heard.subarray(2, 4).toString('hex')]
          heard = heard.subarray(2 + heard[1]!)
          if (packet === 0x10) socket.write(Buffer.from(connack, 'hex'))
          if (packet === 0x82) socket.write(Buffer.from(suback(id), 'hex'))
        }
      })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`
    const topics = mqttOptions.parse({ url, topics: [{ topic: 'line/a' }, { topic: 'line/b' }] }).topics
    subscription = mqtt
      .create(optionsFor(url, { protocol, topics }), testContext({ signals }))
      .subscribe({ error: (lost: AdapterError) => (error = lost) })
    await until(() => expect(error).toBeDefined())
    expect(error?.message).toBe(
      `${url} refused the subscription to ${said} Check the topic, and the rights that the broker gives to this user.`,
    )
    server.close()
  })

  it('says why the broker ended the connection where the broker says it', async () => {
    // CONNACK (success), then DISCONNECT: session taken over (MQTT 5.0, 3.14.2.1). mosquitto just closes.
    const server = createServer(socket => socket.end(Buffer.from('2003000000e0028e00', 'hex')))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    subscription = mqtt
      .create(
        optionsFor(`mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`),
        testContext({ signals }),
      )
      .subscribe({ error: (lost: AdapterError) => (error = lost) })
    await until(() => expect(error).toBeDefined())
    expect(error?.message).toContain('closed the connection: another client came with the same clientId')
    server.close()
  })
})
