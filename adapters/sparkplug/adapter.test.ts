import { connect, type MqttClient } from 'mqtt'
import { of, type Subscription } from 'rxjs'
import sparkplugClient from 'sparkplug-client'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { AdapterError, SourceEvent } from '../contract.js'
import { describeAdapterContract } from '../contract-suite.js'
import { Broker } from '../mqtt/broker.js'
import { Wire } from '../mqtt/wire.js'
import { testContext, testSignal } from '../test-context.js'
import { sparkplug } from './adapter.js'
import { type SparkplugOptions, sparkplugOptions } from './config.js'
import { bdSeq, double, encode } from './test-edge.js'

let broker: Broker
let second: Broker
beforeAll(async () => {
  broker = await Broker.start(['max_inflight_messages 0'])
  second = await Broker.start()
})
afterAll(async () => {
  await broker.stop()
  await second.stop()
})

const tags = ['g/n/a', 'g/n/d/temperature', 'g/n/d/count', 'g/n/d/state']
const signals = tags.map((tag, index) =>
  testSignal(index, tag, tag.endsWith('state') ? { type: 'text' } : {}),
)
const optionsFor = (urls: readonly string[], given: object = {}): SparkplugOptions =>
  sparkplugOptions.parse({ brokers: urls, ...given })
const until = (condition: () => void) => vi.waitFor(condition, { timeout: 10_000, interval: 2 })

async function client(url = broker.url): Promise<MqttClient> {
  const made = connect(url, { reconnectPeriod: 0 })
  await until(() => expect(made.connected).toBe(true))
  return made
}

describeAdapterContract<SparkplugOptions>({
  definition: sparkplug,
  hasLink: true,
  start: async () => {
    const wire = await Wire.to(broker.port)
    const node = await client()
    let said = 0
    let seq = 0
    const publish = (type: string, metrics: Parameters<typeof encode>[0]['metrics']) => {
      node.publish(
        `spBv1.0/g/${type}/n`,
        encode({ seq: seq++ % 256, timestamp: Date.UTC(2026, 0, 1), metrics }),
      )
    }
    let born = 0
    return {
      options: optionsFor([wire.url], { hostId: 'suite', requestRebirth: false }),
      context: testContext({ signals }),
      push(samples) {
        for (let i = 0; i < samples; i++) {
          const timestamp = Date.UTC(2026, 0, 1) + said++
          // A node tells everything anew where its host has connected since.
          const isBirth = born !== wire.commands().filter(command => command === 'connect').length
          if (isBirth) {
            born = wire.commands().filter(command => command === 'connect').length
            seq = 0
          }
          const metric = double('a', said, { timestamp })
          publish(isBirth ? 'NBIRTH' : 'NDATA', isBirth ? [bdSeq(0), metric] : [metric])
        }
      },
      said: () => said,
      drop: () => wire.cut(),
      open: () => wire.connections,
      writes: () => {
        const published = wire.sent.filter(({ command }) => command === 'publish')
        return published
          .map(({ body }) => body.toString('utf8', 2, 2 + body.readUInt16BE(0)))
          .filter(topic => topic !== 'spBv1.0/STATE/suite')
      },
      async stop() {
        await node.endAsync(true)
        await wire.stop()
      },
    }
  },
})

describe('the Sparkplug adapter', () => {
  let wire: Wire
  let watcher: MqttClient
  let heard: {
    readonly topic: string
    readonly text: string
    readonly retain: boolean
    readonly qos: number
  }[]
  let events: SourceEvent[]
  let error: AdapterError | undefined
  let subscription: Subscription | undefined
  let now: number

  beforeEach(async () => {
    wire = await Wire.to(broker.port)
    watcher = await client()
    heard = []
    watcher.on('message', (topic, payload, { retain, qos }) => {
      heard.push({ topic, text: payload.toString(), retain, qos })
    })
    events = []
    error = undefined
    now = Date.UTC(2026, 10, 21)
  })
  afterEach(async () => {
    subscription?.unsubscribe()
    await watcher.publishAsync('spBv1.0/STATE/gemba', '', { retain: true })
    await watcher.endAsync(true)
    await wire.stop()
  })

  const clock = { now: () => now }
  const subscribe = (urls = [wire.url], given: object = {}) => {
    subscription = sparkplug
      .create(optionsFor(urls, given), { ...testContext({ signals, clock }), accepted: of(0) })
      .subscribe({
        next: event => events.push(event),
        error: (lost: AdapterError) => {
          error = lost
        },
      })
  }
  const connected = () => until(() => expect(events).toContainEqual({ kind: 'connected' }))
  const values = () =>
    events.flatMap(event =>
      event.kind === 'samples'
        ? [...event.batch.signal].map((index, i) => `${tags[index]} = ${event.batch.value[i]}`)
        : [],
    )
  const stale = () =>
    events.flatMap(event => (event.kind === 'stale' ? event.signals.map(index => tags[index]) : []))
  const states = () => heard.filter(({ topic }) => topic === 'spBv1.0/STATE/gemba')
  const publishBirth = (to: MqttClient, session = 0, value = 1) =>
    to.publishAsync(
      'spBv1.0/g/NBIRTH/n',
      encode({ seq: 0, timestamp: now, metrics: [bdSeq(session), double('a', value)] }),
    )

  it('6.5.1–3: connects with a will, subscribes, and only then says that it is online, of one time', async () => {
    await watcher.subscribeAsync('spBv1.0/STATE/#', { qos: 1 })
    subscribe()
    await until(() => expect(states()).toHaveLength(1))
    expect(states()[0]).toMatchObject({ text: JSON.stringify({ online: true, timestamp: now }), qos: 1 })
    expect(wire.commands().slice(0, 3)).toEqual(['connect', 'subscribe', 'publish'])
    const [hello] = wire.sent
    // Clean session, a will that is retained at QoS 1 (MQTT 3.1.1, 3.1.2.3).
    expect(hello!.body[7]! & 0b0011_1110).toBe(0b0010_1110)
    const filters = wire.sent.find(({ command }) => command === 'subscribe')!.body.toString('latin1')
    expect(filters).toContain('spBv1.0/STATE/gemba')
    expect(filters).toContain('spBv1.0/#')
    wire.cut()
    await until(() => expect(states()).toHaveLength(2))
    expect(states()[1]!.text).toBe(JSON.stringify({ online: false, timestamp: now }))
    const late = await client()
    const kept: string[] = []
    late.on('message', (_, payload, { retain }) => kept.push(`${payload} ${retain}`))
    await late.subscribeAsync('spBv1.0/STATE/gemba')
    await until(() => expect(kept).toEqual([`${JSON.stringify({ online: false, timestamp: now })} true`]))
    await late.endAsync(true)
  })

  it('6.5.4: says at once that it is online when anybody says that it is not', async () => {
    subscribe()
    await connected()
    await watcher.subscribeAsync('spBv1.0/STATE/#', { qos: 1 })
    await watcher.publishAsync('spBv1.0/STATE/gemba', JSON.stringify({ online: false, timestamp: now - 5 }), {
      qos: 1,
      retain: true,
    })
    await until(() => expect(states().at(-1)?.text).toBe(JSON.stringify({ online: true, timestamp: now })))
  })

  it.each([
    ['cleared', ''],
    ['overwritten', 'OFFLINE'],
  ])(
    '6.5.4: says so again where what it said is %s, so that a node that comes later finds it',
    async (_, text) => {
      subscribe()
      await connected()
      await watcher.subscribeAsync('spBv1.0/STATE/#', { qos: 1 })
      await watcher.publishAsync('spBv1.0/STATE/gemba', text, { qos: 1, retain: true })
      const online = JSON.stringify({ online: true, timestamp: now })
      await until(() => {
        // It may have had to say so again just before, where the broker kept what another host of that id said.
        now += 1_000
        const told = states().map(state => state.text)
        expect(told).toContain(text)
        expect(told.at(-1)).toBe(online)
      })
      const late = await client()
      const kept: string[] = []
      late.on('message', (_, payload, { retain }) => kept.push(`${payload} ${retain}`))
      await late.subscribeAsync('spBv1.0/STATE/gemba')
      await until(() => expect(kept[0]).toBe(`${online} true`))
      await late.endAsync(true)
    },
  )

  it('6.5.5: says that it goes, with the time, before it goes', async () => {
    subscribe()
    await connected()
    await watcher.subscribeAsync('spBv1.0/STATE/#', { qos: 1 })
    now += 1234
    subscription?.unsubscribe()
    await until(() => expect(states().at(-1)?.text).toBe(JSON.stringify({ online: false, timestamp: now })))
    await until(() => expect(wire.commands().slice(-2)).toEqual(['publish', 'disconnect']))
  })

  it('6.5.7: asks a node it has not heard the birth of, and is told', async () => {
    const node = await client()
    node.on('message', () => void publishBirth(node))
    await node.subscribeAsync('spBv1.0/g/NCMD/n')
    subscribe()
    await connected()
    await node.publishAsync('spBv1.0/g/NDATA/n', encode({ seq: 9, metrics: [double('a', 5)] }))
    await until(() => expect(values()).toEqual(['g/n/a = 1']))
    await node.endAsync(true)
  })

  it('6.5.7: asks a node that is quiet and was born before, at each link', async () => {
    const node = await client()
    node.on('message', () => void publishBirth(node))
    await node.subscribeAsync('spBv1.0/g/NCMD/n')
    for (const births of [1, 2]) {
      subscribe([wire.url], { reorderTimeoutMs: 30 })
      await until(() => {
        now += 30
        expect(values()).toEqual(Array(births).fill('g/n/a = 1'))
      })
      wire.cut()
      await until(() => expect(error).toBeDefined())
      subscription?.unsubscribe()
      error = undefined
    }
    await node.endAsync(true)
  })

  it('6.5.8: asks for rebirth when a gap lasts longer than the timeout', async () => {
    const node = await client()
    await node.subscribeAsync('spBv1.0/g/NCMD/n')
    const asked: number[] = []
    node.on('message', () => asked.push(values().length))
    subscribe([wire.url], { reorderTimeoutMs: 30 })
    await connected()
    await publishBirth(node)
    await node.publishAsync('spBv1.0/g/NDATA/n', encode({ seq: 2, metrics: [double('a', 3)] }))
    await until(() => expect(values()).toEqual(['g/n/a = 1']))
    await until(() => {
      now += 30
      expect(asked).toEqual([2])
    })
    expect(values()).toEqual(['g/n/a = 1', 'g/n/a = 3'])
    await node.endAsync(true)
  })

  it('6.5.10: with two brokers, the loss of one makes stale what was told there, and it is tried again', async () => {
    const other = await client(second.url)
    subscribe([wire.url, second.url])
    await until(() => expect(wire.commands()).toContain('publish'))
    await publishBirth(watcher)
    await until(() => expect(values()).toEqual(['g/n/a = 1']))
    wire.cut()
    await until(() => expect(stale()).toEqual(['g/n/a']))
    expect(error).toBeUndefined()
    await publishBirth(other, 1, 2)
    await until(() => expect(values()).toEqual(['g/n/a = 1', 'g/n/a = 2']))
    await until(() => expect(wire.commands().filter(command => command === 'connect')).toHaveLength(2))
    await other.endAsync(true)
  })

  it('tells of the one broker of two that never takes it, until it does', async () => {
    const late = await Broker.start()
    await late.halt()
    subscribe([wire.url, late.url])
    await connected()
    const ofLate = () => events.filter(event => event.kind === 'trouble' && event.of === late.url)
    await until(() =>
      expect(ofLate()).toContainEqual({
        kind: 'trouble',
        of: late.url,
        what: expect.stringMatching(/refused the connection.*tried again until it answers/),
      }),
    )
    await late.run()
    await until(() => expect(ofLate().at(-1)).toMatchObject({ what: undefined }))
    expect(error).toBeUndefined()
    subscription?.unsubscribe()
    await late.stop()
  })

  it.each([
    ['3.1.1', 'hangs up', 'max_queued_messages 0'],
    ['3.1.1', 'says nothing', 'max_queued_messages 1000'],
    ['5', 'refuses', 'max_queued_messages 1000'],
  ])('tells what a broker does not let it publish that over MQTT %s %s', async (protocol, what, line) => {
    const strict = await Broker.start(['acl_file $folder/acl', line], { acl: 'topic read spBv1.0/#\n' })
    subscribe([strict.url], { protocol })
    await connected()
    const advice = 'Let our user write and read spBv1.0/STATE/gemba'
    const words = what === 'refuses' ? 'refuses our STATE' : 'does not bring back our own STATE'
    // The host looks a second later, for births.
    now += 5_000
    if (what === 'hangs up') await until(() => expect(error?.message).toContain(advice))
    else
      await until(() =>
        expect(events).toContainEqual({
          kind: 'trouble',
          of: `${strict.url} STATE`,
          what: expect.stringMatching(`${words}.*${advice}`),
        }),
      )
    subscription?.unsubscribe()
    await strict.stop()
  })

  it('is lost when every broker is', async () => {
    subscribe(['mqtt://127.0.0.1:1', wire.url])
    await connected()
    wire.cut()
    await until(() => expect(error?.code).toBe('not-connected'))
    expect(events.some(({ kind }) => kind === 'rejects')).toBe(false)
  })

  it('understands an edge node that this project did not write: births, data, deaths, and its answer to a request', async () => {
    const edge = sparkplugClient.newClient({
      serverUrl: broker.url,
      username: '',
      password: '',
      groupId: 'g',
      edgeNode: 'n',
      clientId: 'edge',
      version: 'spBv1.0',
      publishDeath: true,
    })
    const metric = (name: string, value: number | string, type: 'Float' | 'Int32' | 'String') => ({
      name,
      value,
      type,
    })
    const tell = () => {
      edge.publishNodeBirth({ timestamp: now, metrics: [{ name: 'a', value: 1.5, type: 'Double' }] })
      edge.publishDeviceBirth('d', {
        timestamp: now,
        metrics: [
          metric('temperature', 21.5, 'Float'),
          metric('count', -3, 'Int32'),
          metric('state', 'Execute', 'String'),
        ],
      })
    }
    edge.on('birth', tell)
    // The one command it gets is the request for rebirth.
    edge.on('ncmd', tell)
    // It was born before anybody listened.
    await until(() => expect((edge as unknown as { connected: boolean }).connected).toBe(true))
    subscribe()
    await connected()
    edge.publishDeviceData('d', { timestamp: now, metrics: [metric('count', -4, 'Int32')] })
    const birth = ['g/n/a = 1.5', 'g/n/d/temperature = 21.5', 'g/n/d/count = -3', 'g/n/d/state = 0']
    await until(() => expect(values()).toEqual(birth))
    edge.publishDeviceData('d', { timestamp: now, metrics: [metric('count', -5, 'Int32')] })
    await until(() => expect(values()).toEqual([...birth, 'g/n/d/count = -5']))
    edge.publishDeviceDeath('d', { timestamp: now })
    await until(() => expect(stale()).toEqual(tags.slice(1)))
    edge.stop()
    await until(() => expect(stale()).toEqual([...tags.slice(1), ...tags]))
    const rejects = events.flatMap(event =>
      event.kind === 'rejects' ? event.rejects.map(({ rule }) => rule) : [],
    )
    expect(rejects).toEqual(['sparkplug.before-birth'])
  })
})
