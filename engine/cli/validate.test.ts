import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectAsync } from 'mqtt'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FakeModbusServer } from '../../adapters/modbus/fake-server.js'
import { mqtt } from '../../adapters/mqtt/adapter.js'
import { Broker } from '../../adapters/mqtt/broker.js'
import { mqttOptions } from '../../adapters/mqtt/config.js'
import { bdSeq, double, encode } from '../../adapters/sparkplug/test-edge.js'
import { validateCommand } from './validate.js'

let folder: string
let device: FakeModbusServer
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gemba-validate-'))
  device = await FakeModbusServer.start()
})
afterEach(async () => {
  await device.stop()
  rmSync(folder, { recursive: true })
})

const plantOf = (source: string, signals: string) => `gemba: 1
name: Test
enterprise: Test
sources: { plc: ${source} }
types:
  saw:
    archetype: machining
    ratedPower: 5
    idealCycleTime: 30
    signals:
${signals}
sites:
  - { id: here, timeZone: UTC, areas: [{ id: a, lines: [{ id: l, machines: [{ id: saw, type: saw }] }] }] }
`
const signal = (name: string, tag: string) =>
  `      ${name}: { quantity: load, unit: "%", range: [0, 100], tag: "${tag}" }`

async function validate(plant: string, ...flags: string[]) {
  const file = join(folder, 'plant.yaml')
  writeFileSync(file, plant)
  const [out, err] = [[] as string[], [] as string[]]
  const io = {
    out: (line: string) => out.push(line),
    err: (line: string) => err.push(line),
    signal: new AbortController().signal,
    env: {},
  }
  const code = await validateCommand.run([file, ...flags], io)
  return { code, first: out[0]!, out: out.slice(1), err }
}

const validateAll = async (plant: string) => {
  const { code, out, err, first } = await validate(plant)
  return { code, lines: [first, ...out], err }
}

describe('gemba validate', () => {
  const mqtt = (more: string) =>
    `{ adapter: mqtt, url: "mqtt://127.0.0.1:1", topics: [{ topic: "#" }]${more} }`

  it('warns of a source whose publisher may die without a word', async () => {
    const onChange = signal('load', 'load').replace(' }', ', period: on-change }')
    const { code, out } = await validate(plantOf(mqtt(''), onChange))
    expect(out).toEqual([
      expect.stringContaining('warning: source plc: all its signals are reported on change'),
    ])
    expect(code).toBe(0)
    expect((await validate(plantOf(mqtt(', silence: 30s'), onChange))).out).toEqual([])
    expect((await validate(plantOf('{ adapter: push }', onChange))).out).toHaveLength(1)
    expect((await validate(plantOf('{ adapter: push, silence: never }', onChange))).out).toEqual([])
  })
})

describe('gemba validate --online', () => {
  const modbus = () => `{ adapter: modbus, host: 127.0.0.1, port: ${device.port} }`

  it('tells of each tag whether it is found, missing or of the wrong type', async () => {
    device.holding.set([40])
    device.holding.fill(0xffff, 8, 12)
    device.refuse = ({ address, quantity }) => (address <= 500 && address + quantity > 500 ? 2 : undefined)
    const tags = [
      signal('load', 'holding:0'),
      signal('gone', 'holding:500'),
      signal('huge', 'holding:8:uint64'),
    ]
    const { code, out } = await validate(plantOf(modbus(), tags.join('\n')), '--online')
    expect(out).toEqual([
      'found       saw.load  holding:0  40 %, good',
      'missing     saw.gone  holding:500  the source has no value for it',
      expect.stringMatching(/^wrong type {2}saw\.huge {2}holding:8:uint64 {2}/),
      'plc: 1 found, 1 missing, 1 wrong type',
    ])
    expect(code).toBe(1)
    expect(device.requests.every(request => request.function <= 4)).toBe(true)
  })

  it('calls no value found that the engine would not believe: out of range, or a word that no map knows', async () => {
    device.holding.set([400, 99, 6])
    const tags = [
      signal('load', 'holding:0'),
      signal('good', 'holding:2'),
      '    status: { state: { quantity: state, map: plc, tag: "holding:1", type: number } }',
    ]
    const maps = 'stateMaps: { plc: { "6": Execute } }\n'
    const { code, out } = await validate(maps + plantOf(modbus(), tags.join('\n')), '--online')
    expect(out).toEqual([
      expect.stringMatching(/^bad value +saw\.load {2}holding:0 .*400 % lies outside .* \(0 to 100\)/),
      expect.stringMatching(/^found +saw\.good/),
      expect.stringMatching(/^bad value +saw\.state {2}holding:1 .*says "99", which state map "plc"/),
      'plc: 1 found, 0 missing, 0 wrong type, 2 bad value',
    ])
    expect(code).toBe(1)
  })

  it('ends with 0 when all tags are found, and leaves the device', async () => {
    const { code, out } = await validate(plantOf(modbus(), signal('load', 'holding:0')), '--online')
    expect([code, out.at(-1)]).toEqual([0, 'plc: 1 found, 0 missing, 0 wrong type'])
    await expect.poll(() => device.connections).toBe(0)
  })

  it('says why a source cannot be reached', async () => {
    const plant = plantOf(modbus(), signal('load', 'holding:0'))
    await device.stop()
    const { code, out, err } = await validate(plant, '--online')
    expect(code).toBe(1)
    expect(out).toEqual(['plc: no tag asked for'])
    expect(err.join()).toContain('refused the connection: nothing listens on that port')
    expect(err.join()).toContain('None of its tags was asked for.')
  })

  it('says that a source did not connect in time, and calls none of its tags missing', async () => {
    const mute = createServer().listen(0, '127.0.0.1')
    await once(mute, 'listening')
    try {
      const { port } = mute.address() as AddressInfo
      const source = `{ adapter: mqtt, silence: never, url: "mqtt://127.0.0.1:${port}", topics: [{ topic: "#" }] }`
      const { code, out, err } = await validate(
        plantOf(source, signal('load', 'load')),
        '--online',
        '--wait',
        '0.2',
      )
      expect([code, out]).toEqual([1, ['plc: no tag asked for']])
      expect(err).toEqual([expect.stringContaining('plc: did not connect within 0.2 s')])
    } finally {
      mute.close()
    }
  })

  it('listens for several sources at one broker at once, and leaves nothing there', async () => {
    const broker = await Broker.start()
    const node = await connectAsync(broker.url, { reconnectPeriod: 0 })
    const heard: string[] = []
    try {
      node.on('message', topic => {
        heard.push(topic)
        if (!topic.includes('NCMD')) return
        const metrics = [bdSeq(0), double('load', 3)]
        node.publish('spBv1.0/g/NBIRTH/n', encode({ seq: 0, timestamp: Date.now(), metrics }))
      })
      await node.subscribeAsync('spBv1.0/g/NCMD/n')
      for (const place of ['a', 'b']) await node.publishAsync(`${place}/load`, '1', { retain: true })
      const mqtt = (place: string) =>
        `{ adapter: mqtt, silence: never, url: "${broker.url}", topics: [{ topic: "${place}/#" }] }`
      const plant = plantOf('{ adapter: push }', signal('load', '{source}/load'))
        .replace(
          '{ plc: { adapter: push } }',
          `{ a: ${mqtt('a')}, b: ${mqtt('b')}, g: { adapter: sparkplug, brokers: ["${broker.url}"] } }`,
        )
        .replace(
          '{ id: saw, type: saw }',
          ['a', 'b', 'g']
            .map(id => {
              const tag = id === 'g' ? 'g/n/load' : `${id}/load`
              return `{ id: saw-${id}, type: saw, source: ${id}, signals: { load: { tag: "${tag}" } } }`
            })
            .join(', '),
        )
      const { code, out, err } = await validate(plant, '--online')
      expect(err).toEqual([])
      expect(out.filter(line => !line.startsWith('found'))).toEqual([
        'a: 1 found, 0 missing, 0 wrong type',
        'b: 1 found, 0 missing, 0 wrong type',
        'g: 1 found, 0 missing, 0 wrong type',
      ])
      expect(code).toBe(0)
      await node.subscribeAsync('spBv1.0/STATE/#')
      // The broker hands over what is retained before it answers the next.
      await node.unsubscribeAsync('spBv1.0/STATE/#')
      expect(heard).toEqual(['spBv1.0/g/NCMD/n'])
    } finally {
      await node.endAsync(true)
      await broker.stop()
    }
  })

  it('says of a source that cannot be asked that it cannot', async () => {
    const { code, err } = await validate(plantOf('{ adapter: push }', signal('load', 'load')), '--online')
    expect(code).toBe(1)
    expect(err.join()).toContain('cannot be asked beside a running engine')
  })

  it('asks nobody without the flag', async () => {
    expect((await validate(plantOf(modbus(), signal('load', 'holding:0')))).code).toBe(0)
    expect(device.requests).toEqual([])
  })

  it.each([
    [['--online', '--wait', 'long'], '--wait is "long"'],
    [['--onlin'], 'there is no option --onlin (but --online)'],
  ])('refuses %j', async (flags, why) => {
    const { code, err } = await validate(plantOf(modbus(), signal('load', 'holding:0')), ...flags)
    expect(code).toBe(2)
    expect(err.join()).toContain(why)
  })
})

describe('gemba validate, before any source is asked', () => {
  const modbus = '{ adapter: modbus, host: 127.0.0.1, maxRegisters: 20 }'

  it.each([
    ['holdin:3', '"holdin:3" is no Modbus tag'],
    ['holding:65535:float32', 'ends beyond 65535, the last address there is'],
    ['holding:3:float16', 'there is no type "float16"'],
    ['coil:3:int16', 'a coil is a bool and no int16'],
    ['holding:3:string[4]', 'the signal is a number, and the tag a string'],
    ['holding:3:uint32?scale=tenth', 'scale is "tenth"; it is a number'],
  ])('finds what is wrong with the Modbus tag %s', async (tag, why) => {
    const { code, lines, err } = await validateAll(plantOf(modbus, signal('load', tag)))
    expect(code).toBe(1)
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatch(/^.*plant\.yaml:\d+:\d+ {2}sites/)
    expect(lines[0]).toContain(`saw.load: `)
    expect(lines[0]).toContain(why)
    expect(err.join()).toContain('1 problem')
  })

  it('finds Modbus values that overlap, and lets bits and the same value be', async () => {
    const sound = [
      signal('a', 'holding:0:float32'),
      signal('b', 'holding:2'),
      signal('c', 'holding:2.3'),
      signal('d', 'holding:2:int16'),
      signal('e', 'input:1'),
      signal('f', 'holding:1?unit=7'),
    ]
    expect((await validateAll(plantOf(modbus, sound.join('\n')))).code).toBe(0)
    const overlapping = [...sound, signal('g', 'holding:1:uint32')]
    const { lines } = await validateAll(plantOf(modbus, overlapping.join('\n')))
    expect(lines).toEqual([
      expect.stringContaining(
        'saw.g: "holding:1:uint32" lies within "holding:0:float32" of saw.a, which takes registers 0 to 1',
      ),
      expect.stringContaining('saw.b: "holding:2" lies within "holding:1:uint32" of saw.g'),
      expect.stringContaining('saw.d: "holding:2:int16" lies within "holding:1:uint32" of saw.g'),
    ])
  })

  it('finds OPC UA tags that are no node, and takes namespaces as they are named', async () => {
    const opcua = '{ adapter: opcua, endpoint: "opc.tcp://127.0.0.1:4840" }'
    const tags = [signal('a', 'nsu=urn:plc%3Bone;s=Speed'), signal('b', 'index=3;ns=2;i=7')]
    expect((await validateAll(plantOf(opcua, tags.join('\n')))).code).toBe(0)
    const { lines } = await validateAll(plantOf(opcua, signal('a', 'Line1.Speed')))
    expect(lines).toEqual([expect.stringContaining('saw.a: "Line1.Speed" is not a node; write ns=2;s=Name')])
  })
})

describe('listening to a broker beside a running engine', () => {
  it('takes neither its session nor its share of the messages', () => {
    const options = mqttOptions.parse({
      url: 'mqtt://b',
      topics: [{ topic: 'a' }],
      clientId: 'gemba-1',
      share: 'g',
    })
    const { clientId, share, sessionExpiry } = mqtt.probe!(options)
    expect([clientId, share, sessionExpiry]).toEqual([undefined, undefined, 0])
  })
})
