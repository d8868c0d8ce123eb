import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { parse } from 'yaml'
import { Broker } from '../../adapters/mqtt/broker.js'
import { kepwareTemplates } from '../../adapters/mqtt/kepware.js'
import { Wire } from '../../adapters/mqtt/wire.js'
import { type LinkFaultKind, linkFaultKinds } from '../../schema/link-fault.js'
import { mapMachines } from '../../schema/map-machines.js'
import type { Plant, Signal } from '../../schema/plant.js'
import { loadPlant } from '../../schema/plant-file/load-plant.js'
import { plantToYaml } from '../../schema/plant-file/plant-to-yaml.js'
import { Quality } from '../../schema/quality.js'
import { openPlant } from '../cli/open-plant.js'
import { serveCommand } from '../cli/serve.js'
import { KepwarePublisher } from '../plc/kepware-publisher.js'
import { ModbusServer } from '../plc/modbus-server.js'
import { OpcuaServer } from '../plc/opcua-server.js'
import { type Outlet, placedSignals } from '../plc/outlet.js'
import { servePlant } from '../plc/serve-plant.js'
import { SparkplugPublisher } from '../plc/sparkplug-publisher.js'
import { createSimulation } from '../simulation/simulation.js'
import { root } from './process.js'
import { SourceRig } from './source-rig.js'

const cell = join(root, 'plants/automotive-cell.yaml')
/** The cell as a plant file with sensors that are read ten times a second. */
function quickCell(): string {
  const path = join(folder, 'quick-cell.yaml')
  writeFileSync(path, plantToYaml(plant))
  return path
}

/** The cell with sensors that are read ten times a second. */
const plant = quick(openPlant(cell))
const signals = [...placedSignals(plant)].map(({ signal }) => signal)
const until = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 20_000, interval: 20 })
const run = promisify(execFile)
/** Where keys are, which take long to make. */
let keys: string
let folder: string
const closers: (() => Promise<unknown> | unknown)[] = []

beforeAll(() => {
  keys = mkdtempSync(join(tmpdir(), 'gemba-keys-'))
})
afterAll(() => rmSync(keys, { recursive: true, force: true }))
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gemba-serve-'))
})
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
  rmSync(folder, { recursive: true, force: true })
})

function quick(slow: Plant): Plant {
  const sources = slow.sources.map(source => ({
    ...source,
    options: { ...source.options, overridePeriodMs: 100 },
  }))
  const tenTimes = (signal: Signal): Signal =>
    signal.role === 'sensor' ? { ...signal, period: 100 } : signal
  const machines = mapMachines(slow, machine => ({ ...machine, signals: machine.signals.map(tenTimes) }))
  return { ...machines, sources }
}

async function startBroker(): Promise<Broker> {
  const broker = await Broker.start()
  closers.push(() => broker.stop())
  return broker
}

function read(text: string): SourceRig {
  const rig = new SourceRig(text, join(keys, 'reader'))
  closers.push(() => rig.stop())
  return rig
}

function serving(args: readonly string[]) {
  const stop = new AbortController()
  const out: string[] = []
  const err: string[] = []
  const ended = serveCommand.run([...args], {
    out: line => out.push(line),
    err: line => err.push(line),
    signal: stop.signal,
    env: { GEMBA_DATA: keys },
  })
  closers.push(() => {
    stop.abort()
    return ended
  })
  return { stop, out, err, ended }
}

const brokerOf = ({ url }: Broker) => ({ url, login: {}, readSecret: () => '' })
/** What an outlet says of its broker. */
const said: string[] = []
const publishing = (broker: Broker) => {
  said.length = 0
  return { plant, broker: brokerOf(broker), clock: Date, report: (line: string) => said.push(line) }
}

/** Every value that a signal showed: value, quality, time. */
type Shown = readonly [value: number | string, quality: number, time: number]

/** An outlet that notes what it is told to show. */
function noting(outlet: Outlet) {
  const shown = new Map<string, Shown[]>(signals.map(({ id }) => [id, []]))
  const noted: Outlet = {
    tags: outlet.tags,
    get place() {
      return outlet.place
    },
    get behind() {
      return outlet.behind
    },
    set(signal, value, quality, time) {
      shown.get(signal.id)!.push([value, quality, time])
      outlet.set(signal, value, quality, time)
    },
    hidden: outlet.hidden,
    flush: () => outlet.flush(),
    goDown: () => outlet.goDown(),
    comeBack: () => outlet.comeBack(),
    open: () => outlet.open(),
    close: () => outlet.close(),
  }
  return { shown, noted }
}

/** What came of a signal, with texts in words. */
function heard(rig: SourceRig, id: string): Shown[] {
  const isText = signals.find(signal => signal.id === id)!.type === 'text'
  return rig
    .told(id)
    .map(([value, quality, time]) => [isText ? rig.floor.text(value)! : value, quality, time])
}

/** Without what says again what was said before. */
const changes = (shown: readonly Shown[]): Shown[] =>
  shown.filter(([value, quality], i) => value !== shown[i - 1]?.[0] || quality !== shown[i - 1]?.[1])

/** Without what was said again with the very time that it had. */
const distinct = (shown: readonly Shown[]): Shown[] =>
  shown.filter((each, i) => JSON.stringify(each) !== JSON.stringify(shown[i - 1]))

/** Runs the cell behind an outlet, with a reader of it, for some values of every sensor. */
async function serveAndRead(outlet: Outlet) {
  const { shown, noted } = noting(outlet)
  const served = await servePlant(plant, [noted])
  closers.push(() => served.stop())
  const rig = read(plantToYaml(outlet.behind))
  await until(() => {
    for (const { id, role } of signals) if (role === 'sensor') expect(heard(rig, id)).not.toEqual([])
  })
  const [first] = signals
  const enough = shown.get(first!.id)!.length + 10
  await until(() => expect(shown.get(first!.id)!.length).toBeGreaterThan(enough))
  await served.stop()
  return { shown, rig }
}

/** Those of `came` that were not shown in this order; a value may be read again and again. */
function madeUp<Value>(came: readonly Value[], shown: readonly Value[]): Value[] {
  const texts = shown.map(each => JSON.stringify(each))
  let at = 0
  return came.filter(each => {
    const found = texts.indexOf(JSON.stringify(each), at)
    if (found >= 0) at = found
    return found < 0
  })
}

describe('what arrives at Gemba is what the simulator showed, to the bit', () => {
  /** From the first that the reader heard to the last that was shown. */
  const since = (shown: readonly Shown[], first: Shown | undefined) =>
    shown.filter(([, , time]) => time >= (first?.[2] ?? Number.POSITIVE_INFINITY))

  it.each(kepwareTemplates)(
    'over MQTT, by the template %s: every value with its quality and time',
    async template => {
      const broker = await startBroker()
      const { shown, rig } = await serveAndRead(new KepwarePublisher({ ...publishing(broker), template }))
      for (const { id } of signals) {
        const [first] = heard(rig, id)
        await until(() => expect(distinct(heard(rig, id))).toEqual(since(shown.get(id)!, first)))
      }
      expect(rig.rejects).toEqual([])
    },
  )

  it('over Sparkplug B: what shows at the birth, then every change with its quality and time', async () => {
    const broker = await startBroker()
    const { shown, rig } = await serveAndRead(new SparkplugPublisher(publishing(broker)))
    for (const { id } of signals) {
      const [first] = heard(rig, id)
      expect(first).toBeDefined()
      await until(() => expect(changes(heard(rig, id))).toEqual(changes(since(shown.get(id)!, first))))
    }
    // Who comes in the middle hears data first, and asks for a birth.
    expect(rig.rejects.filter(({ rule }) => rule !== 'sparkplug.before-birth')).toEqual([])
  })

  it('over OPC UA: what shows at first, then every change with its quality and time', async () => {
    const options = { plant, host: '127.0.0.1', port: 0, folder: join(keys, 'opcua-server') }
    const { shown, rig } = await serveAndRead(await OpcuaServer.make(options))
    for (const { id } of signals) {
      const came = heard(rig, id)
      expect(came).not.toEqual([])
      // What was told when the server went may not have been sent.
      const expected = changes(since(shown.get(id)!, came[0])).slice(0, came.length)
      expect(changes(came)).toEqual(expected)
    }
    expect(rig.rejects).toEqual([])
  })

  it('over Modbus: the value that shows when it is asked for', async () => {
    const { shown, rig } = await serveAndRead(new ModbusServer({ plant, host: '127.0.0.1', port: 0 }))
    const content = ([value, quality]: Shown) => [value, quality]
    for (const { id } of signals) {
      const came = heard(rig, id).map(content)
      expect(came).not.toEqual([])
      expect(madeUp(came, shown.get(id)!.map(content))).toEqual([])
    }
    expect(rig.rejects).toEqual([])
  })
})

describe('bad and uncertain values, and none', () => {
  const sensor = signals.find(({ role, type }) => role === 'sensor' && type === 'number')!
  const script: readonly Shown[] = [
    [1.25, Quality.good, 1],
    [1.5, Quality.uncertain, 2],
    [1.75, Quality.bad, 3],
    [Number.NaN, Quality.bad, 4],
    [2, Quality.good, 5],
  ]
  /** Shows the script by itself, without a simulator, and tells what came. */
  async function told(outlet: Outlet, isPolled = false) {
    const begin = Date.now() - 10_000
    const show = ([value, quality, time]: Shown): void => {
      outlet.set(sensor, value, quality, begin + time)
      outlet.flush()
    }
    show([1, Quality.good, 0])
    await outlet.open()
    closers.push(() => outlet.close())
    const rig = read(plantToYaml(outlet.behind))
    await until(() => expect([...rig.intake.health.values()][0]!.state).toBe('connected'))
    if (!isPolled) await until(() => expect(rig.sees(sensor.id).connection).toMatch(/live|lost|stale/))
    const came: unknown[] = []
    for (const each of script) {
      const before = rig.told(sensor.id).length
      show(each)
      await until(() => expect(rig.told(sensor.id).length).toBeGreaterThan(before + (isPolled ? 1 : 0)))
      const [value, quality, time] = rig.told(sensor.id).at(-1)!
      came.push([value, quality, ...(isPolled ? [] : [time - begin])])
    }
    return came
  }
  const nan = Number.NaN

  it('arrive over MQTT: by OPC qualities as they are, by the standard template as good or bad', async () => {
    const broker = await startBroker()
    expect(await told(new KepwarePublisher({ ...publishing(broker), template: 'advanced' }))).toEqual(script)
    const standard = await told(new KepwarePublisher({ ...publishing(broker), template: 'standard' }))
    expect(standard).toEqual(script.map(([value, quality, time]) => [value, quality === 0 ? 0 : 2, time]))
  })

  it('arrive over Sparkplug B as they are', async () => {
    const broker = await startBroker()
    expect(await told(new SparkplugPublisher(publishing(broker)))).toEqual(script)
  })

  it('arrive over Modbus as far as it has a word for them: what is bad is no number', async () => {
    expect(await told(new ModbusServer({ plant, host: '127.0.0.1', port: 0 }), true)).toEqual([
      [1.25, Quality.good],
      [1.5, Quality.good],
      [nan, Quality.bad],
      [nan, Quality.bad],
      [2, Quality.good],
    ])
  })
})

describe('a broker that restarts', () => {
  it('is told all births anew in a new session, and the machines behind it are known again', async () => {
    const broker = await startBroker()
    const publisher = new SparkplugPublisher(publishing(broker))
    const { stop } = await servePlant(plant, [publisher])
    closers.push(stop)
    const rig = read(plantToYaml(publisher.behind))
    const states = () => [...rig.floor.machines.state.subarray(0, 3)]
    const isKnown = () => expect(states().every(state => state > 0)).toBe(true)
    await until(isKnown)
    await broker.halt('SIGKILL')
    await until(() => expect(states()).toEqual([0, 0, 0]))
    await broker.run()
    await until(isKnown)
    await until(() => expect(said.at(-1)).toBe(`${broker.url} is back; 1 edge node born again.`))
    expect(said[0]).toMatch(/^mqtt:.* Trying again until it is back\.$/)
    // What nodes say is never retained (Sparkplug 3.0, 4.2).
    const asked = ['-t', 'spBv1.0/+/+/cell-1/#', '--retained-only', '-W', '1', '-v']
    const { stdout } = await run('mosquitto_sub', ['-h', '127.0.0.1', '-p', String(broker.port), ...asked])
    expect(stdout).toBe('')
    const rules = rig.rejects.map(({ rule }) => rule).filter(rule => rule !== 'sparkplug.before-birth')
    expect(rules).toEqual([])
  })

  it('misses nothing that was shown over MQTT meanwhile', async () => {
    const broker = await startBroker()
    const { shown, noted } = noting(new KepwarePublisher({ ...publishing(broker), template: 'standard' }))
    const served = await servePlant(plant, [noted])
    closers.push(() => served.stop())
    const rig = read(plantToYaml(noted.behind))
    const { id } = signals.find(({ role }) => role === 'sensor')!
    await until(() => expect(heard(rig, id).length).toBeGreaterThan(1))
    await broker.halt()
    const then = shown.get(id)!.length
    await until(() => expect(shown.get(id)!.length).toBeGreaterThan(then + 2))
    await broker.run()
    await until(() => expect(said.at(-1)).toBe(`${broker.url} is back.`))
    await served.stop()
    for (const { id: each } of signals) {
      const first = heard(rig, each)[0]
      const expected = shown.get(each)!.filter(([, , time]) => first !== undefined && time >= first[2])
      // What the broker had and had not acknowledged is said twice.
      await until(() =>
        expect(changes(heard(rig, each).sort((a, b) => a[2] - b[2]))).toEqual(changes(expected)),
      )
    }
  })
})

describe('a broker in trouble', () => {
  it('that is away too long costs a gateway the oldest of what waits, and it says so', async () => {
    const broker = await startBroker()
    const publisher = new KepwarePublisher({ ...publishing(broker), template: 'standard' })
    await publisher.open()
    closers.push(() => publisher.close())
    await broker.halt()
    await until(() => expect(said).toHaveLength(1))
    const begin = Date.now() - 100_005
    for (let i = 0; i < 100_005; i++) publisher.set(signals[0]!, i, Quality.good, begin + i)
    publisher.flush()
    const asked = ['-t', 'iotgateway', '-q', '1', '-C', '100', '-W', '30']
    await broker.run()
    const hearing = run('mosquitto_sub', ['-h', '127.0.0.1', '-p', String(broker.port), ...asked], {
      maxBuffer: 2 ** 26,
    })
    await until(() =>
      expect(said.at(-1)).toMatch(/ is back; 5 values were more than can wait and are lost\.$/),
    )
    const { stdout } = await hearing
    const values = stdout
      .trim()
      .split('\n')
      .flatMap(line => (JSON.parse(line) as { values: { v: number }[] }).values.map(({ v }) => v))
    expect([values.length, values[0], values.at(-1)]).toEqual([100_000, 5, 100_004])
  })

  it('that does not answer holds nobody up who wants to stop', async () => {
    const broker = await startBroker()
    const wire = await Wire.to(broker.port)
    closers.push(() => wire.stop())
    for (const Publisher of [SparkplugPublisher, KepwarePublisher]) {
      const address = { ...brokerOf(broker), url: wire.url }
      const publisher = new Publisher({ ...publishing(broker), broker: address, template: 'standard' })
      await publisher.open()
      wire.block(true)
      publisher.set(signals[0]!, 1, Quality.good, Date.now())
      publisher.flush()
      await publisher.close()
      wire.block(false)
    }
  })

  it('that does not keep up costs an edge node changes, which it says, and it is born again', async () => {
    const broker = await startBroker()
    const wire = await Wire.to(broker.port)
    closers.push(() => wire.stop())
    const publisher = new SparkplugPublisher({
      ...publishing(broker),
      broker: { ...brokerOf(broker), url: wire.url },
    })
    await publisher.open()
    closers.push(() => publisher.close())
    const [first] = signals
    let value = 0
    const change = (times: number): void => {
      for (let i = 0; i < times; i++) publisher.set(first!, value++, Quality.good, Date.now())
      publisher.flush()
    }
    const births = (): number => wire.sent.filter(({ body }) => body.includes('/DBIRTH/')).length
    await until(() => expect(births()).toBe(3))
    wire.block(true)
    await until(() => {
      change(5_000)
      expect(said).toEqual([
        expect.stringMatching(/ does not keep up: \d+ changes of plant-1\/cell-1 are lost/),
      ])
    })
    wire.block(false)
    await until(() => {
      change(1)
      expect(births()).toBe(6)
    })
    const rig = read(plantToYaml(new SparkplugPublisher(publishing(broker)).behind))
    await until(() => {
      change(1)
      expect(heard(rig, first!.id).at(-1)?.[0]).toBe(value - 2)
    })
  })
})

it('who comes late to a gateway hears within ten seconds what has stood since before', async () => {
  const broker = await startBroker()
  let now = Date.now()
  const publisher = new KepwarePublisher({
    ...publishing(broker),
    template: 'standard',
    clock: { now: () => now },
  })
  const state = signals.find(({ quantity }) => quantity === 'state')!
  publisher.set(state, 'Execute', Quality.good, now - 5_000)
  await publisher.open()
  closers.push(() => publisher.close())
  const rig = read(plantToYaml(publisher.behind))
  await until(() => expect(rig.intake.health.get('simulator')?.state).toBe('connected'))
  const tell = (): void => {
    publisher.set(signals[0]!, 1, Quality.good, now)
    publisher.flush()
  }
  now += 9_999
  tell()
  await until(() => expect(heard(rig, signals[0]!.id)).not.toEqual([]))
  expect(heard(rig, state.id)).toEqual([])
  now += 1
  tell()
  await until(() => expect(heard(rig, state.id)).toEqual([['Execute', Quality.good, now - 15_000]]))
})

describe('others read what is served', () => {
  it('pymodbus the registers, by the map that is written', async () => {
    const map = join(folder, 'registers.csv')
    const server = serving(['--as', 'modbus', '--port', '0', '--plant', cell, '--write-map', map])
    await until(() => expect(server.out).toHaveLength(1))
    const port = /:(\d+), unit 1$/.exec(server.out[0]!)![1]!
    const reader = join(root, 'engine/e2e/pymodbus_reader.py')
    const { stdout } = await run('/usr/bin/python3', [reader, port, map])
    const { values, refused } = JSON.parse(stdout) as {
      values: Record<string, number | string | null>
      refused: Record<string, number>
    }
    expect(Object.keys(values).sort()).toEqual(signals.map(({ id }) => id).sort())
    for (const { id, type, role, range } of signals) {
      const value = values[id]
      expect(typeof value).toBe(type === 'text' ? 'string' : 'number')
      if (role === 'sensor') expect(Number(value)).toBeGreaterThanOrEqual(range[0])
      if (role === 'sensor') expect(Number(value)).toBeLessThanOrEqual(range[1])
    }
    expect(refused).toEqual({
      'beyond the last register': 2,
      'too many registers': 3,
      'a unit that is not there': 11,
      'writing a register': 1,
    })
  })

  it('mosquitto_sub the messages of the gateway', async () => {
    const broker = await startBroker()
    const server = serving(['--as', 'mqtt', '--to', broker.url, '--plant', cell])
    await until(() => expect(server.out).toHaveLength(1))
    const asked = ['-t', 'iotgateway', '-C', '3', '-W', '15']
    const { stdout } = await run('mosquitto_sub', ['-h', '127.0.0.1', '-p', String(broker.port), ...asked])
    for (const line of stdout.trim().split('\n')) {
      const { timestamp, values } = JSON.parse(line) as { timestamp: number; values: object[] }
      expect(Math.abs(timestamp - Date.now())).toBeLessThan(60_000)
      for (const value of values) {
        expect(value).toEqual({
          id: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
          v: expect.anything(),
          q: true,
          t: expect.any(Number),
        })
      }
    }
  })
})

describe('a fault that is injected into served machines', () => {
  it('shows in an engine that reads them as a real plant, which itself is refused to inject any', async () => {
    const file = join(folder, 'behind.yaml')
    const server = serving(
      [
        '--as',
        'opcua',
        '--port',
        '0',
        '--api-port',
        '0',
        '--no-random-faults',
        '--plant',
        quickCell(),
      ].concat(['--write-plant', file]),
    )
    await until(() => expect(server.out).toHaveLength(2))
    const [, address] = /faults are injected at (\S+)\/machines/.exec(server.out[1]!)!
    const rig = read(readFileSync(file, 'utf8'))
    const positionError = () => rig.sees('robot-01.position-error')
    await until(() => expect(positionError().connection).toBe('live'))
    const before = positionError().value
    const faults = `${address}/machines/robot-01/faults`
    const post = (path: string, body: object) =>
      fetch(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
    const by = { who: 'Ada', reason: 'test' }
    const wish = { pattern: 'robot-positioning', severity: 0.9, timeToFailure: '1s', ...by }
    expect((await post(faults, wish)).status).toBe(201)
    expect(await post(faults, { ...wish, pattern: 'hydraulic-leak' })).toMatchObject({ status: 422 })
    // The limit of the critical level of the signature.
    await until(() => expect(positionError().value).toBeGreaterThan(0.5))
    expect(before).toBeLessThan(0.1)
    const { items } = (await (await fetch(faults)).json()) as { items: object[] }
    expect(items).toMatchObject([{ pattern: 'robot-positioning', origin: 'injected' }])
    expect((await fetch(`${faults}/robot-positioning?who=Ada`, { method: 'DELETE' })).status).toBe(204)
    await until(() => expect(positionError().value).toBeLessThan(0.1))
    expect(((await (await fetch(faults)).json()) as { items: object[] }).items).toEqual([])

    const simulation = createSimulation({
      floor: rig.floor,
      simulated: new Set(),
      isBlocked: () => false,
      record: () => undefined,
    })
    expect(() =>
      simulation.faults.inject('robot-01', { ...wish, pattern: 'robot-positioning', timeToFailure: 1000 }),
    ).toThrow(expect.objectContaining({ code: 'real-machine' }))
  })
})

describe('a fault of the link to served machines', () => {
  const sensor = signals.find(({ role, type }) => role === 'sensor' && type === 'number')!

  /** The cell behind an outlet with a way in for faults, and a reader of it that is live. */
  async function disturbed(outlet: Outlet) {
    const served = await servePlant(plant, [outlet], { port: 0, logger: pino({ level: 'silent' }) })
    closers.push(() => served.stop())
    const rig = read(plantToYaml(outlet.behind))
    await until(() => expect(rig.sees(sensor.id)).toMatchObject({ connection: 'live', quality: 'good' }))
    const faults = `${served.api}api/v1/links/${plant.sources[0]!.id}/faults`
    const disturb = async (wish: object) => {
      const answer = await fetch(faults, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ who: 'Ada', reason: 'test', ...wish }),
      })
      return { status: answer.status, body: (await answer.json()) as { detail?: string } }
    }
    return { rig, disturb, clear: () => fetch(faults, { method: 'DELETE' }) }
  }
  const outlets = {
    opcua: () => OpcuaServer.make({ plant, host: '127.0.0.1', port: 0, folder: join(keys, 'opcua-server') }),
    modbus: async () => new ModbusServer({ plant, host: '127.0.0.1', port: 0 }),
    mqtt: async () => new KepwarePublisher({ ...publishing(await startBroker()), template: 'standard' }),
    sparkplug: async () => new SparkplugPublisher(publishing(await startBroker())),
  }
  type Protocol = keyof typeof outlets
  const protocols = Object.keys(outlets) as Protocol[]

  it.each(protocols)('makes values bad and their server restart over %s', async protocol => {
    const { rig, disturb, clear } = await disturbed(await outlets[protocol]())
    const sees = () => rig.sees(sensor.id)
    expect(await disturb({ kind: 'bad-quality', signals: [sensor.id] })).toMatchObject({ status: 201 })
    await until(() => expect(sees().quality).toBe('bad'))
    expect((await clear()).status).toBe(200)
    await until(() => expect(sees()).toMatchObject({ connection: 'live', quality: 'good' }))

    const isByBroker = protocol === 'mqtt' || protocol === 'sparkplug'
    expect(await disturb({ kind: 'server-restart', clearAfter: '2s' })).toMatchObject({ status: 201 })
    // Who reads at a broker keeps its own link to it.
    if (!isByBroker) await until(() => expect(sees().connection).toBe('lost'))
    else await until(() => expect(said.join()).toContain('is back'))
    if (protocol === 'sparkplug')
      expect(rig.told(sensor.id).some(([, quality]) => quality === Quality.bad)).toBe(true)
    const before = rig.told(sensor.id).length
    await until(() => expect(sees()).toMatchObject({ connection: 'live', quality: 'good' }))
    await until(() => expect(rig.told(sensor.id).length).toBeGreaterThan(before + 5))
  })

  it.each(['opcua', 'mqtt', 'sparkplug'] as const)('gives values other times over %s', async protocol => {
    const { rig, disturb } = await disturbed(await outlets[protocol]())
    expect(await disturb({ kind: 'clock-jump', shift: '-1h' })).toMatchObject({ status: 201 })
    await until(() => {
      const [, , time] = rig.told(sensor.id).at(-1)!
      expect(Date.now() - time).toBeGreaterThan(3_590_000)
    })
  })

  it.each<[Protocol, refused: readonly LinkFaultKind[]]>([
    ['opcua', ['duplicate', 'missing', 'text']],
    ['modbus', ['dropout', 'duplicate', 'late', 'clock-jump', 'missing', 'text']],
    ['mqtt', ['missing', 'text']],
    ['sparkplug', ['duplicate', 'missing', 'text']],
  ])('is refused with the reason where nobody would see it over %s', async (protocol, refused) => {
    const { disturb } = await disturbed(await outlets[protocol]())
    for (const kind of linkFaultKinds) {
      const { status, body } = await disturb({ kind, start: new Date(Date.now() + 60_000).toISOString() })
      expect([kind, status]).toEqual([kind, refused.includes(kind) ? 422 : 201])
      if (status === 422)
        expect(body.detail).toMatch(new RegExp(`^Nobody would see the link fault "${kind}" here: .{20,}\\.$`))
    }
  })
})

describe('gemba serve', () => {
  it.each([
    [['--opcua', '0', '--out'], /^Automotive cell: \d+ tags on opc\.tcp:\/\/127\.0\.0\.1:\d+$/],
    [
      ['--as', 'modbus', '--port', '0', '--write-plant'],
      /^Automotive cell: \d+ tags on modbus:\/\/127\.0\.0\.1:\d+, unit 1$/,
    ],
  ])('%s writes the plant file that reads it', async (args, announced) => {
    const file = join(folder, 'behind.yaml')
    const server = serving(['--plant', cell, ...args, file])
    await until(() => expect(server.out).toHaveLength(1))
    expect(server.out[0]).toMatch(announced)
    const rig = read(readFileSync(file, 'utf8'))
    await until(() => {
      for (const { id, role } of signals)
        if (role === 'sensor') expect(rig.sees(id)).toMatchObject({ connection: 'live', quality: 'good' })
    })
    await until(() =>
      expect([...rig.floor.machines.state.subarray(0, 3)].every(state => state > 0)).toBe(true),
    )
    expect(rig.rejects).toEqual([])
    server.stop.abort()
    expect(await server.ended).toBe(0)
  })

  it('serves over several protocols at once, with a plant file for each', async () => {
    const broker = await startBroker()
    const file = join(folder, 'behind.yaml')
    const server = serving([
      '--as',
      'modbus,mqtt,sparkplug',
      '--port',
      '0',
      '--to',
      broker.url,
      '--plant',
      cell,
      '--write-plant',
      file,
    ])
    await until(() => expect(server.out).toHaveLength(3))
    for (const protocol of ['modbus', 'mqtt', 'sparkplug']) {
      const text = readFileSync(join(folder, `behind.${protocol}.yaml`), 'utf8')
      expect(loadPlant(text, { file: 'behind.yaml' }).problems).toBeUndefined()
      expect(Object.values(parse(text).sources)).toMatchObject([{ adapter: protocol }])
    }
    // Both at one broker: with one name they would drive each other away for ever.
    const clientIdBehind = (protocol: string): unknown => {
      const { sources } = parse(readFileSync(join(folder, `behind.${protocol}.yaml`), 'utf8'))
      return (Object.values(sources) as { clientId?: string; options?: { clientId?: string } }[]).map(
        ({ clientId, options }) => clientId ?? options?.clientId,
      )
    }
    expect(clientIdBehind('mqtt')).toEqual([expect.stringMatching(/^gemba-mqtt-/)])
    expect(clientIdBehind('sparkplug')).toEqual([expect.stringMatching(/^gemba-sparkplug-/)])
    expect(clientIdBehind('modbus')).toEqual([undefined])
    expect(existsSync(file)).toBe(false)
  })

  it.each([
    [[], 2, '--as <protocol> is missing: opcua, modbus, mqtt, or sparkplug'],
    [['--as', 'profinet'], 2, '--as profinet is not opcua, modbus, mqtt, or sparkplug'],
    [['--opcua', 'x'], 2, 'x is not a port'],
    [['--as', 'opcua', '--random-faults', '2'], 2, 'a share is a number from 0 to 0.9; got "2"'],
    [['--as', 'opcua', '--random-faults', '0.1', '--no-random-faults'], 2, 'contradict each other'],
    [['--as', 'modbus', '--api-port', 'x'], 2, 'x is not a port'],
    [['--as', 'modbus', '--port', '70000'], 2, '70000 is not a port'],
    [['--as', 'modbus', '--port', '1,2'], 2, '--port 1,2 is more than'],
    [['--as', 'mqtt', '--port', '1', '--to', 'mqtt://127.0.0.1'], 2, '--port 1 is more than'],
    [['--as', 'mqtt'], 2, '--to <url> is missing: the broker for mqtt'],
    [['--as', 'modbus', '--to', 'mqtt://127.0.0.1'], 2, '--to is for --as mqtt and sparkplug'],
    [['--as', 'mqtt', '--to', 'localhost'], 2, '--to localhost is no broker'],
    [
      ['--as', 'mqtt', '--to', 'mqtt://127.0.0.1', '--template', 'x'],
      2,
      '--template x is not standard, advanced, or topics',
    ],
    [['--as', 'opcua', '--template', 'topics'], 2, '--template is for --as mqtt'],
    [['--as', 'opcua', '--write-map', 'x'], 2, '--write-map is for --as modbus'],
    [['--as', 'opcua', '--opcua', '0'], 2, '--opcua stands for --as opcua and --port'],
    [['--as', 'mqtt', '--to', 'mqtt://127.0.0.1', '--password-env', 'X'], 2, 'a password needs a --user'],
    [
      ['--as', 'mqtt', '--to', 'mqtt://127.0.0.1', '--user', 'u', '--password-env', 'NO_SUCH'],
      1,
      'variable NO_SUCH is not set',
    ],
    [['--as', 'mqtt', '--to', 'mqtt://127.0.0.1:1'], 1, 'mqtt://127.0.0.1:1 refused the connection'],
    [['--as', 'sparkplug', '--to', 'mqtt://127.0.0.1:1'], 1, 'mqtt://127.0.0.1:1 refused the connection'],
    [['--as', 'modbus', '--write-plant', cell], 1, 'automotive-cell.yaml is there already'],
    [['--as', 'modbus', '--plant', join(root, 'plants/nist-sms.yaml')], 1, 'is not simulated (mtconnect)'],
  ])('%s ends with exit code %i and the reason', async (args, code, reason) => {
    const { ended, err } = serving(args)
    expect([await ended, err[0]]).toEqual([code, expect.stringContaining(reason)])
  })

  it.each(['opcua', 'modbus'])('--as %s ends with exit code 3 where the port is taken', async protocol => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    closers.push(() => other.close())
    const { port } = other.address() as { port: number }
    const { ended, err } = serving(['--as', protocol, '--port', String(port), '--plant', cell])
    expect([await ended, err[0]]).toEqual([3, expect.stringContaining(`127.0.0.1:${port}`)])
    expect(err[0]).toContain('Choose another port with --port.')
  })
})
