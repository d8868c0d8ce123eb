import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectAsync } from 'mqtt'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { FakeRestServer } from '../../adapters/http/fake-server.js'
import { Broker } from '../../adapters/mqtt/broker.js'
import { FakeShdrServer } from '../../adapters/mtconnect/fake-server.js'
import { FakeAgent } from '../../adapters/mtconnect-agent/fake-server.js'
import { asksForRebirth } from '../../adapters/sparkplug/codec.js'
import { bdSeq, double, encode } from '../../adapters/sparkplug/test-edge.js'
import { validateCommand } from '../cli/validate.js'

/** `gemba validate --online` against one source of each kind; OPC UA and Modbus have theirs beside their other tests. */

let folder: string
let broker: Broker
const closers: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gemba-online-'))
  broker = await Broker.start()
})
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})
afterAll(async () => {
  await broker.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** A source with three signals: `load` is there, `gone` is not, and `name` is a text where a number is wanted. */
const plantOf = (source: string, tagOf: (name: string) => string) => `gemba: 1
name: Test
enterprise: Test
sources: { plc: ${source} }
types:
  saw:
    archetype: machining
    ratedPower: 5
    idealCycleTime: 30
    signals:
${['load', 'gone', 'name'].map(name => `      ${name}: { quantity: load, unit: "%", range: [0, 100], tag: "${tagOf(name)}" }`).join('\n')}
sites:
  - { id: here, timeZone: UTC, areas: [{ id: a, lines: [{ id: l, machines: [{ id: saw, type: saw }] }] }] }
`

async function validate(plant: string): Promise<{ code: number; said: string }> {
  const file = join(folder, 'plant.yaml')
  writeFileSync(file, plant)
  const said: string[] = []
  const code = await validateCommand.run([file, '--online', '--wait', '3', '--data', folder], {
    out: line => said.push(line),
    err: line => said.push(line),
    signal: new AbortController().signal,
    env: {},
  })
  return { code, said: said.join('\n') }
}

function expectEachTold({ code, said }: { code: number; said: string }): void {
  expect(said).toMatch(/^found +saw\.load .*40 %/m)
  expect(said).toMatch(/^missing +saw\.gone /m)
  expect(said).toMatch(/^wrong type +saw\.name /m)
  expect(said).toContain('plc: 1 found, 1 missing, 1 wrong type')
  expect(code).toBe(1)
}

it('tells of each tag of an MQTT source', async () => {
  const source = await connectAsync(broker.url)
  closers.push(() => source.endAsync(true))
  for (const [topic, payload] of [
    ['shop/load', '40'],
    ['shop/name', 'Oil'],
  ] as const)
    await source.publishAsync(topic, payload, { retain: true, qos: 1 })
  const options = `{ adapter: mqtt, url: "${broker.url}", topics: [{ topic: "shop/{signal}", tag: "{signal}" }] }`
  expectEachTold(await validate(plantOf(options, name => name)))
})

it('tells of each tag of a Sparkplug source', async () => {
  const node = await connectAsync(broker.url)
  closers.push(() => node.endAsync(true))
  // A node that has been born already is born again when somebody asks, who need not be its host.
  node.on('message', (_, payload) => {
    if (!asksForRebirth(payload)) return
    const name = { name: 'name', datatype: 12, string_value: 'Oil', timestamp: Date.now() }
    const metrics = [bdSeq(0), double('load', 40, { timestamp: Date.now() }), name]
    node.publish('spBv1.0/g/NBIRTH/n', encode({ seq: 0, timestamp: Date.now(), metrics }))
  })
  await node.subscribeAsync('spBv1.0/g/NCMD/n')
  expectEachTold(
    await validate(plantOf(`{ adapter: sparkplug, brokers: ["${broker.url}"] }`, name => `g/n/${name}`)),
  )
})

it('tells of each tag of an HTTP source', async () => {
  const server = await FakeRestServer.start()
  closers.push(() => server.stop())
  server.documents.set('/', { load: 40, name: 'Oil' })
  const values = '{ load: $.load, gone: $.gone, name: $.name }'
  expectEachTold(
    await validate(
      plantOf(`{ adapter: http, url: "${server.url}", requests: [{ values: ${values} }] }`, name => name),
    ),
  )
})

it('says of a missing tag that the source tells it with a unit behind it', async () => {
  const server = await FakeRestServer.start()
  closers.push(() => server.stop())
  server.documents.set('/', [
    { id: 'load', value: 40 },
    { id: 'name', value: 'Oil' },
    { id: 'gone_pct', value: 40 },
  ])
  const told = await validate(
    plantOf(`{ adapter: http, url: "${server.url}", requests: [{ list: $ }] }`, name => name),
  )
  expectEachTold(told)
  expect(told.said).toMatch(/^missing +saw\.gone .* but of gone_pct, another tag$/m)
})

it('tells of each tag of an MTConnect agent', async () => {
  const agent = await FakeAgent.start(['load', 'name'])
  closers.push(() => agent.stop())
  agent.observe('load', 40, new Date())
  agent.observe('name', 'Oil', new Date())
  expectEachTold(await validate(plantOf(`{ adapter: mtconnect-agent, url: "${agent.url}" }`, name => name)))
})

it('tells of each tag of an SHDR source', async () => {
  const machine = await FakeShdrServer.start()
  closers.push(() => machine.stop())
  void machine.reader().then(() => machine.send(`${new Date().toISOString()}|load|40|name|Oil\n`))
  expectEachTold(
    await validate(plantOf(`{ adapter: mtconnect, host: 127.0.0.1, port: ${machine.port} }`, name => name)),
  )
})
