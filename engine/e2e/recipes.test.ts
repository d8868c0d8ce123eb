import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import { connectAsync, type MqttClient } from 'mqtt'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { Broker } from '../../adapters/mqtt/broker.js'
import { makeCertificate } from '../../adapters/opcua/fake-server.js'
import { bdSeq, encode, type TestMetric } from '../../adapters/sparkplug/test-edge.js'
import { root } from './process.js'
import { SourceRig } from './source-rig.js'

/** Faults of links over MQTT and Sparkplug, and certificates that have expired, as the operator sees them. */

const plantOn = (source: string) => `gemba: 1
name: Test
enterprise: Test
sources:
  plc: ${source}
types:
  saw:
    archetype: machining
    ratedPower: 5
    idealCycleTime: 30
    signals:
      load: { quantity: load, unit: "%", range: [0, 1000000], period: 500ms, tag: "g/n/load" }
      pressure: { quantity: pressure, unit: bar, range: [0, 10], period: on-change, tag: "g/n/pressure" }
sites:
  - id: here
    timeZone: UTC
    areas: [{ id: hall, lines: [{ id: line-1, machines: [{ id: saw, type: saw }] }] }]
`

let broker: Broker
let folder: string
let rig: SourceRig | undefined
let source: MqttClient | undefined

beforeAll(async () => {
  broker = await Broker.start()
  folder = mkdtempSync(join(tmpdir(), 'gemba-recipes-'))
})
afterEach(async () => {
  rig?.stop()
  rig = undefined
  await source?.endAsync(true)
  source = undefined
})
afterAll(async () => {
  await broker.stop()
  rmSync(folder, { recursive: true, force: true })
})

const until = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 15_000, interval: 10 })
const health = (shown: SourceRig) => shown.intake.health.get('plc')!
const connected = async (plant: string): Promise<SourceRig> => {
  rig = new SourceRig(plantOn(plant), folder)
  const shown = rig
  await until(() => expect(health(shown).state).toBe('connected'))
  return shown
}
const publisher = async (): Promise<MqttClient> => {
  source = await connectAsync(broker.url, { reconnectPeriod: 50 })
  return source
}

describe('an MQTT source, as the operator sees it when', () => {
  const listen = (more = '') =>
    connected(
      `{ adapter: mqtt, url: "${broker.url}", sessionExpiry: 0, ${more} topics: [{ topic: "kepware/#", format: kepware }] }`,
    )
  const say = async (values: readonly Record<string, unknown>[]) => {
    const payload = JSON.stringify({ timestamp: Date.now(), values })
    await source!.publishAsync('kepware/line', payload, { qos: 1 })
  }
  const load = (v: number, more: Record<string, unknown> = {}) => ({ id: 'g/n/load', v, q: true, ...more })

  it('a value stands still: live as long as it is told, stale within three periods when nothing is, degraded with it', async () => {
    const shown = await listen()
    await publisher()
    const before = Date.now()
    for (let i = 0; i < 3; i++) await say([load(41, { t: Date.now() + i })])
    await until(() => expect(health(shown).accepted).toBe(3))
    expect(shown.sees('saw.load')).toMatchObject({ connection: 'live', value: 41 })
    await until(() => expect(shown.sees('saw.load').connection).toBe('stale'))
    // Three periods of 500 ms, from the last that was heard.
    expect(Date.now() - before).toBeGreaterThan(1_500)
    await until(() => expect(health(shown).state).toBe('degraded'))
    expect(shown.sees('saw.load')).toMatchObject({ quality: 'good', value: 41 })
    await say([load(42)])
    await until(() => expect(shown.sees('saw.load')).toMatchObject({ connection: 'live', value: 42 }))
  })

  it('the status is bad, or uncertain: so is the value, until it is good again', async () => {
    const shown = await listen()
    await publisher()
    for (const [q, quality] of [
      [true, 'good'],
      [false, 'bad'],
      [64, 'uncertain'],
      [192, 'good'],
    ] as const) {
      await say([load(7, { q })])
      await until(() => expect(shown.sees('saw.load').quality).toBe(quality))
    }
    expect(shown.told('saw.load').map(([value]) => value)).toEqual([7, 7, 7, 7])
  })

  it('the clock of the gateway is wrong: an hour is turned away with the reason, or corrected where that is asked for', async () => {
    const shown = await listen()
    await publisher()
    const ahead = () => Date.now() + 3_600_000
    await say([load(11, { t: ahead() })])
    await until(() => expect(shown.rejects.map(({ rule }) => rule)).toEqual(['time.in-future']))
    expect(shown.rejects[0]!.reason).toContain('set the clock of the source')
    expect(shown.record('saw.load')).toEqual([])
    shown.stop()
    const corrected = await listen('time: corrected,')
    await say([load(12, { t: ahead() })])
    await until(() => expect(corrected.sees('saw.load').value).toBe(12))
    expect(Math.abs(corrected.sees('saw.load').time - Date.now())).toBeLessThan(60_000)
    await until(async () => {
      await say([load(12, { t: ahead() })])
      expect(health(corrected).clockOffset).toBeGreaterThan(3_500_000)
    })
  })
})

describe('a Sparkplug source, as the operator sees it when', () => {
  let seq = 0
  const listen = (more = '') => connected(`{ adapter: sparkplug, brokers: ["${broker.url}"] ${more} }`)
  const metric = (name: string, value: number, more: TestMetric = {}): TestMetric => ({
    name,
    datatype: 10,
    double_value: value,
    timestamp: Date.now(),
    ...more,
  })
  const tell = (type: string, metrics: readonly TestMetric[]) => {
    if (type === 'NBIRTH') seq = 0
    const payload = encode({ timestamp: Date.now(), seq: seq++ % 256, metrics })
    return source!.publishAsync(`spBv1.0/g/${type}/n`, payload)
  }
  const birth = () => tell('NBIRTH', [bdSeq(0), metric('load', 1), metric('pressure', 5)])
  const quality = (int_value: number) => ({
    properties: { keys: ['Quality'], values: [{ type: 3, int_value }] },
  })

  it('a value stands still: live, because a node tells changes only, until the node dies', async () => {
    const shown = await listen()
    await publisher()
    await birth()
    await until(() => expect(shown.sees('saw.pressure').connection).toBe('live'))
    await until(() => expect(shown.sees('saw.load').connection).toBe('stale'))
    expect(shown.sees('saw.pressure')).toMatchObject({ connection: 'live', value: 5 })
    await source!.publishAsync('spBv1.0/g/NDEATH/n', encode({ metrics: [bdSeq(0)] }))
    await until(() => expect(shown.sees('saw.pressure').connection).toBe('stale'))
  })

  it('the quality is bad, or stale: so is the value, until it is good again', async () => {
    const shown = await listen()
    await publisher()
    await birth()
    for (const [code, name] of [
      [0, 'bad'],
      [500, 'uncertain'],
      [192, 'good'],
    ] as const) {
      await tell('NDATA', [metric('pressure', 6, quality(code))])
      await until(() => expect(shown.sees('saw.pressure').quality).toBe(name))
    }
  })

  it('the clock of the node is wrong: an hour is turned away with the reason, or corrected where that is asked for', async () => {
    const shown = await listen()
    await publisher()
    await birth()
    await tell('NDATA', [metric('pressure', 6, { timestamp: Date.now() + 3_600_000 })])
    await until(() => expect(shown.rejects.map(({ rule }) => rule)).toEqual(['time.in-future']))
    expect(shown.sees('saw.pressure').value).toBe(5)
    shown.stop()
    const corrected = await listen(', time: corrected')
    const timestamp = Date.now() + 3_600_000
    await tell('NBIRTH', [bdSeq(1), metric('load', 1, { timestamp }), metric('pressure', 7, { timestamp })])
    await until(() => expect(corrected.sees('saw.pressure').value).toBe(7))
    expect(Math.abs(corrected.sees('saw.pressure').time - Date.now())).toBeLessThan(60_000)
  })

  it('the node floods: ten times the usual in one burst is taken whole', async () => {
    const shown = await listen()
    await publisher()
    await birth()
    await until(() => expect(health(shown).accepted).toBe(2))
    const began = Date.now() - 60_000
    const [messages, each] = [400, 50]
    for (let i = 0; i < messages; i++) {
      const metrics = Array.from({ length: each }, (_, j) =>
        metric('load', i * each + j, { timestamp: began + i * each + j }),
      )
      void tell('NDATA', metrics)
    }
    await until(() => expect(health(shown).accepted).toBe(2 + messages * each))
    expect(shown.rejects).toEqual([])
    expect(shown.record('saw.load').at(-1)).toEqual([messages * each - 1, began + messages * each - 1])
  })

  it('the broker restarts: lost, then live again when the node is born anew', async () => {
    const shown = await listen()
    await publisher()
    await birth()
    await until(() => expect(shown.sees('saw.pressure').connection).toBe('live'))
    await broker.halt()
    await until(() => expect(shown.sees('saw.pressure').connection).toBe('lost'))
    await broker.run()
    await until(() => expect(health(shown).state).toBe('connected'))
    await until(() => expect(source!.connected).toBe(true))
    await birth()
    await until(() => expect(shown.sees('saw.pressure').connection).toBe('live'))
  })

  it('the password is wrong: told as what it is, and not shown', async () => {
    const careful = await Broker.start(['allow_anonymous false', 'password_file $folder/passwords'], {
      passwords: 'gemba:right\n',
    })
    try {
      execFileSync('mosquitto_passwd', ['-U', join(careful.folder, 'passwords')])
      await careful.halt()
      await careful.run()
      vi.stubEnv('PLC_PASSWORD', 'hunter2')
      rig = new SourceRig(
        plantOn(
          `{ adapter: sparkplug, brokers: ["${careful.url}"], user: gemba, password: { env: PLC_PASSWORD } }`,
        ),
        folder,
      )
      const shown = rig
      await until(() => expect(shown.log.join()).toMatch(/does not (accept|let) this user/))
      expect(shown.log.join()).not.toContain('hunter2')
    } finally {
      vi.unstubAllEnvs()
      await careful.stop()
    }
  })
})

describe('a certificate that has expired', () => {
  it.each([
    ['mqtt', 'url: "mqtts://127.0.0.1:PORT", topics: [{ topic: a }]'],
    ['sparkplug', 'brokers: ["mqtts://127.0.0.1:PORT"]'],
    ['modbus', 'host: 127.0.0.1, port: PORT'],
    ['http', 'url: "https://127.0.0.1:PORT", requests: [{ values: { g/n/load: $.load } }]'],
    ['mtconnect-agent', 'url: "https://127.0.0.1:PORT"'],
    ['mtconnect', 'host: 127.0.0.1, port: PORT'],
  ])('is not believed over %s, and the log says so', async (adapter, where) => {
    const { certificate, key } = await makeCertificate(folder, new Date(Date.UTC(2020, 0, 1)))
    const server = createServer({ cert: readFileSync(certificate), key: readFileSync(key) })
    server.on('tlsClientError', () => {})
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const tls = `tls: { ca: "${certificate}", servername: localhost }`
    const link = where.replace('PORT', String(port))
    try {
      rig = new SourceRig(plantOn(`{ adapter: ${adapter}, ${link}, ${tls} }`), folder)
      const shown = rig
      await until(() => expect(shown.log.join()).toContain('shows a certificate that has expired'))
      expect(health(shown).state).toBe('waiting')
    } finally {
      server.close()
    }
  })
})

describe('docs/connect/trouble.md', () => {
  const page = readFileSync(join(root, 'docs/connect/trouble.md'), 'utf8')
  const named = [...page.matchAll(/^- [^`\n]*`([\w./-]+\.test\.ts)`: _(.+?)_$/gm)]

  it('names tests that there are', () => {
    expect(named.length).toBeGreaterThan(40)
    for (const [, file = '', title = ''] of named) {
      expect(readFileSync(join(root, file), 'utf8'), file).toContain(title)
    }
  })
})
