import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { connect, type MqttClient } from 'mqtt'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { Broker } from '../../adapters/mqtt/broker.js'
import { mqttOptions } from '../../adapters/mqtt/config.js'
import { configSchema } from '../../schema/config.js'
import { loadPlant } from '../../schema/plant-file/load-plant.js'
import { type Engine, startEngine } from '../engine.js'
import { openStore } from '../store/store.js'
import { type BrokerFate, BrokerWalk } from './broker-walk.js'
import { root } from './process.js'

const patiently = { timeout: 20_000 }
let data: string
const closers: (() => Promise<unknown>)[] = []

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'gemba-mqtt-'))
})
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
  rmSync(data, { recursive: true, force: true })
})

async function startBroker(...given: Parameters<typeof Broker.start>): Promise<Broker> {
  const broker = await Broker.start(...given)
  closers.push(() => broker.stop())
  return broker
}

async function startFloor(yaml: string): Promise<Engine> {
  const { plant, problems } = loadPlant(yaml, { file: 'plant.yaml' })
  expect(problems).toBeUndefined()
  const engine = await startEngine({
    config: configSchema.parse({ data: join(data, 'floor'), port: 0 }),
    plant: plant!,
    logger: pino({ level: 'silent' }),
    viewer: join(root, 'dist/viz'),
  })
  closers.push(() => engine.stop())
  return engine
}

async function publisher(broker: Broker): Promise<MqttClient> {
  const client = connect(broker.url, { reconnectPeriod: 50 })
  closers.push(() => client.endAsync(true))
  await expect.poll(() => client.connected, patiently).toBe(true)
  return client
}

/** One press on a topic of its own: its force counts. */
const pressOn = (url: string, more = ''): string => `
gemba: 1
name: Counting press
enterprise: Test
sources:
  presses:
    adapter: mqtt
    url: ${url}
    keepAlive: 2
    tags: "{machine}.{signal}"
    ${more}
    topics: [{ topic: "shop/{machine}/{signal}", tag: "{machine}.{signal}" }]
sites:
  - id: here
    timeZone: UTC
    areas:
      - id: hall
        lines:
          - id: line
            machines:
              - id: press
                type: press
                sensors: [ram-force]
                reports: []
                signals: { ram-force: { quantity: force, unit: kN, range: [0, 1000000000] } }
`

describe('the page about MQTT', () => {
  const page = readFileSync(join(root, 'docs/connect/mqtt.md'), 'utf8')
  const blocks = (language: string): string[] =>
    [...page.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 'gs'))].map(match => match[1]!)

  it('has a plant that works as written, with the messages that it shows', async () => {
    const broker = await startBroker()
    const engine = await startFloor(blocks('yaml')[0]!.replaceAll(':1883', `:${broker.port}`))
    const states = () => [...engine.intake.health.values()].map(({ state }) => state)
    await expect.poll(states, patiently).toEqual(['connected', 'connected', 'connected'])
    const commands = blocks('sh')[0]!.trim().split('\n')
    expect(commands.length).toBe(3)
    for (const command of commands) {
      execFileSync('sh', ['-c', command.replace('-p 1883', `-p ${broker.port} -h 127.0.0.1`)])
    }
    const value = async (id: string) => {
      const response = await fetch(`${engine.url}/api/v1/signals/${id}`)
      const { value, quality, sourceTime, unit } = (await response.json()) as Record<string, unknown>
      return {
        value: typeof value === 'number' ? Math.round(value * 1000) / 1000 : value,
        quality,
        isOfNow: Math.abs(Date.parse(String(sourceTime)) - Date.now()) < 60_000,
        unit,
      }
    }
    const good = (value: unknown, unit: string) => ({ value, quality: 'good', isOfNow: true, unit })
    await expect.poll(() => value('press-01.oil-temperature'), patiently).toEqual(good(46.5, '°C'))
    await expect.poll(() => value('press-01.state'), patiently).toEqual(good('Execute', ''))
    await expect.poll(() => value('press-02.oil-temperature'), patiently).toEqual(good(50, '°C'))
    await expect.poll(() => value('press-02.hydraulic-pressure'), patiently).toEqual(good(139.998, 'bar'))
    await expect.poll(() => value('press-02.ram-force'), patiently).toEqual(good(1624, 'kN'))
    await expect.poll(() => value('press-03.vibration'), patiently).toEqual(good(2.54, 'mm/s'))
    const machine = (await (await fetch(`${engine.url}/api/v1/machines/press-02`)).json()) as {
      state: string
    }
    expect(machine.state).toBe('Execute')
    for (const { rejects } of engine.intake.health.values()) expect(rejects).toBe(0)
  })

  it('has other sources that can be read as written', () => {
    const { sources } = parse(blocks('yaml')[1]!) as { sources: Record<string, Record<string, unknown>> }
    const { adapter, tags, ...options } = sources.safe!
    expect([adapter, tags]).toEqual(['mqtt', '{machine}.{signal}'])
    expect(mqttOptions.safeParse(options).error).toBeUndefined()
  })
})

describe('MQTT in trouble', () => {
  const soak = process.env.GEMBA_SOAK !== undefined
  const inTurn: readonly BrokerFate[] = ['engine', 'broker', 'both']

  it.each<[number, readonly BrokerFate[]]>([
    [20, ['both']],
    [1_000, ['engine', 'broker']],
  ])(
    'an engine killed and a broker restarted in the middle lose nothing of QoS 1, with %i messages on their way',
    async (inFlight, troubles) => {
      const broker = await startBroker([`max_inflight_messages ${inFlight}`])
      const file = join(data, 'plant.yaml')
      // With MQTT 5 our own receiveMaximum would count instead of the broker's limit.
      writeFileSync(file, pressOn(broker.url, 'protocol: "3.1.1"'))
      const folder = join(data, 'killed')
      const walk = await BrokerWalk.start(broker, ['start', '--plant', file, '--data', folder, '--port', '0'])
      closers.push(() => walk.close())
      const fates = soak ? Array.from({ length: 10 }, () => inTurn).flat() : troubles
      const most = soak ? 20_000 : 2_000
      const counts = fc.sample(fc.integer({ min: most / 4, max: most }), fates.length)
      for (const [i, fate] of fates.entries()) await walk.live(fate, counts[i]!, Math.floor(counts[i]! / 4))
      await walk.end()
      const store = await openStore({ dataDir: folder, logger: pino({ level: 'silent' }), wall: Date })
      closers.push(() => store.close())
      await store.flush()
      const [row] = await store.query<{ different: number; least: number; most: number }>(
        'SELECT toUInt32(uniqExact(value)) AS different, min(value) AS least, max(value) AS most FROM gemba.telemetry',
      )
      const total = counts.reduce((sum, count) => sum + count, 1)
      expect(row).toEqual({ different: total, least: 0, most: total - 1 })
      expect(walk.taken).toBeGreaterThanOrEqual(total)
      if (soak)
        process.stderr.write(`${inFlight} in flight, ${fates.length} fates: ${total} said, none lost\n`)
    },
    soak ? 20 * 60_000 : 90_000,
  )

  it('a broker restarted: the machine is Undefined meanwhile, then everything is there', async () => {
    const broker = await startBroker()
    const engine = await startFloor(pressOn(broker.url))
    const health = engine.intake.health.get('presses')!
    await expect.poll(() => health.state, patiently).toBe('connected')
    const source = await publisher(broker)
    const say = (value: number) => source.publishAsync('shop/press/ram-force', String(value), { qos: 1 })
    await say(1)
    await expect.poll(() => health.accepted, patiently).toBe(1)
    await broker.halt()
    await expect.poll(() => health.state, patiently).toBe('waiting')
    expect(health.lastError).toMatch(/^mqtt:\/\/127\.0\.0\.1:\d+ closed the connection/)
    await broker.run()
    const back = performance.now()
    await say(2)
    await expect.poll(() => health.accepted, patiently).toBe(2)
    expect(performance.now() - back).toBeLessThan(8_000)
    expect(engine.floor.signals.value[engine.floor.registry.signalById('press.ram-force')!.index]).toBe(2)
  })

  it('a wrong password is told as what it is, and the right one gets in without a restart', async () => {
    const passwords = 'gemba:right\n'
    const broker = await startBroker(['allow_anonymous false', 'password_file $folder/passwords'], {
      passwords,
    })
    // mosquitto takes clear passwords only after it has hashed them.
    execFileSync('mosquitto_passwd', ['-U', join(broker.folder, 'passwords')])
    await broker.halt()
    await broker.run()
    const secret = join(data, 'password')
    writeFileSync(secret, 'wrong\n', { mode: 0o600 })
    const engine = await startFloor(pressOn(broker.url, `user: gemba\n    password: { file: ${secret} }`))
    const health = engine.intake.health.get('presses')!
    await expect.poll(() => health.lastError, patiently).toMatch(/does not (accept|let) this user/)
    expect(health.lastError).not.toContain('wrong')
    writeFileSync(secret, 'right\n')
    await expect.poll(() => health.state, patiently).toBe('connected')
  })

  it('a flood is taken whole, ten times the usual in one burst', async () => {
    const broker = await startBroker()
    const engine = await startFloor(pressOn(broker.url))
    const health = engine.intake.health.get('presses')!
    await expect.poll(() => health.state, patiently).toBe('connected')
    const source = await publisher(broker)
    const total = 30_000
    const began = Date.now() - 60_000
    for (let i = 0; i < total; i++) {
      source.publish('shop/press/ram-force', JSON.stringify({ value: i, timestamp: began + i }))
    }
    await expect.poll(() => health.accepted, patiently).toBe(total)
    expect(engine.floor.counts.late).toBe(0)
  })

  it('late and repeated values go to the record and never become the present', async () => {
    const broker = await startBroker()
    const engine = await startFloor(pressOn(broker.url))
    const health = engine.intake.health.get('presses')!
    await expect.poll(() => health.state, patiently).toBe('connected')
    const source = await publisher(broker)
    const began = Date.now() - 60_000
    const say = (value: number, seconds: number) =>
      source.publishAsync(
        'shop/press/ram-force',
        JSON.stringify({ value, timestamp: began + seconds * 1000 }),
        { qos: 1 },
      )
    for (const [value, second] of [
      [1, 1],
      [3, 3],
      [2, 2],
      [3, 3],
    ] as const)
      await say(value, second)
    await expect.poll(() => health.accepted, patiently).toBe(4)
    expect(engine.floor.counts.late).toBe(1)
    expect(engine.floor.signals.value[engine.floor.registry.signalById('press.ram-force')!.index]).toBe(3)
    await engine.store.flush()
    const rows = await engine.store.query<{ value: number }>('SELECT value FROM gemba.telemetry ORDER BY seq')
    expect(rows.map(({ value }) => value)).toEqual([1, 3, 2, 3])
  })
})
