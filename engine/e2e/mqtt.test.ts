import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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
import { GembaProcess, root } from './process.js'

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
  it('an engine killed in the middle loses nothing of QoS 1, and what came while it was dead', async () => {
    const total = 6_000
    const broker = await startBroker(['max_inflight_messages 1000'])
    const file = join(data, 'plant.yaml')
    writeFileSync(file, pressOn(broker.url))
    const folder = join(data, 'killed')
    const args = ['start', '--plant', file, '--data', folder, '--port', '0']
    const start = async (): Promise<[GembaProcess, string]> => {
      const gemba = new GembaProcess(args)
      closers.push(() => gemba.stop('SIGKILL'))
      return [gemba, await gemba.live()]
    }
    const latest = async (url: string): Promise<number> => {
      const response = await fetch(`${url}/api/v1/signals/press.ram-force`)
      return ((await response.json()) as { value: number }).value
    }
    const source = await publisher(broker)
    const began = Date.now() - 60_000
    let said = 0
    const say = async (upTo: number): Promise<void> => {
      const published: Promise<unknown>[] = []
      while (said < upTo) {
        const message = JSON.stringify({ value: said, timestamp: began + said++ })
        published.push(source.publishAsync('shop/press/ram-force', message, { qos: 1 }))
      }
      await Promise.all(published)
    }
    const [first, url] = await start()
    // Until the engine listens nobody keeps anything for it: the first value is said until it is heard.
    await expect
      .poll(async () => {
        said = 0
        await say(1)
        return latest(url)
      }, patiently)
      .toBe(0)
    const rest = say(total - 1_000)
    await expect.poll(() => latest(url), { ...patiently, interval: 2 }).toBeGreaterThan(100)
    first.child.kill('SIGKILL')
    await first.ended()
    await rest
    await say(total)
    const [second, again] = await start()
    await expect.poll(() => latest(again), patiently).toBe(total - 1)
    expect(await second.stop()).toBe(0)

    const store = await openStore({ dataDir: folder, logger: pino({ level: 'silent' }), wall: Date })
    closers.push(() => store.close())
    await store.flush()
    const [row] = await store.query<{ different: number; least: number; most: number }>(
      'SELECT toUInt32(uniqExact(value)) AS different, min(value) AS least, max(value) AS most FROM gemba.telemetry',
    )
    expect(row).toEqual({ different: total, least: 0, most: total - 1 })
  }, 60_000)

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
