import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import sparkplugClient from 'sparkplug-client'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { adapterDefinitions } from '../../adapters/list.js'
import { Broker } from '../../adapters/mqtt/broker.js'
import { configSchema } from '../../schema/config.js'
import { loadPlant } from '../../schema/plant-file/load-plant.js'
import { type Engine, startEngine } from '../engine.js'
import { root } from './process.js'

let data: string
let broker: Broker
let engine: Engine

beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), 'gemba-sparkplug-'))
  broker = await Broker.start()
  const page = readFileSync(join(root, 'docs/connect/sparkplug.md'), 'utf8')
  const yaml = /```yaml\n(.*?)```/s.exec(page)![1]!.replace(':1883', `:${broker.port}`)
  const { plant, problems } = loadPlant(yaml, { file: 'press-line.yaml' })
  expect(problems).toBeUndefined()
  const [floor] = plant!.sources
  const options = adapterDefinitions.find(({ kind }) => kind === floor!.adapter)!.options
  expect(options.safeParse(floor!.options).error).toBeUndefined()
  engine = await startEngine({
    config: configSchema.parse({ data, port: 0 }),
    plant: plant!,
    logger: pino({ level: 'silent' }),
    viewer: join(root, 'dist/viz'),
  })
})
afterEach(async () => {
  await engine.stop()
  await broker.stop()
  rmSync(data, { recursive: true, force: true })
})

const patiently = { timeout: 15_000 }
const get = async (path: string): Promise<Record<string, unknown>> =>
  (await (await fetch(`${engine.url}/api/v1/${path}`)).json()) as Record<string, unknown>

it('the page’s plant shows what an edge node says, as long as it lives', async () => {
  await expect.poll(() => engine.intake.health.get('floor')?.state, patiently).toBe('connected')
  const edge = sparkplugClient.newClient({
    serverUrl: broker.url,
    username: '',
    password: '',
    groupId: 'Pune',
    edgeNode: 'line-1',
    clientId: 'edge',
    version: 'spBv1.0',
    publishDeath: true,
  })
  const at = Date.now() - 60_000
  const metric = (name: string, value: number | string, type: 'Double' | 'String') => ({
    name,
    value,
    type,
    timestamp: at,
  })
  edge.on('birth', () => {
    edge.publishNodeBirth({ timestamp: at, metrics: [] })
    edge.publishDeviceBirth('press-01', {
      timestamp: at,
      metrics: [
        metric('oil-temperature', 45.5, 'Double'),
        metric('Hydraulics/Pressure', 140, 'Double'),
        metric('state', 'Execute', 'String'),
        metric('Firmware', '1.2', 'String'),
      ],
    })
  })
  const good = { quality: 'good', sourceTime: new Date(at).toISOString() }
  await expect
    .poll(() => get('signals/press-01.oil-temperature'), patiently)
    .toMatchObject({ value: 45.5, ...good })
  expect(await get('signals/press-01.hydraulic-pressure')).toMatchObject({ value: 140, ...good })
  expect(await get('machines/press-01')).toMatchObject({ state: 'Execute' })
  expect(await get('sources/floor')).toMatchObject({
    state: 'connected',
    unknownTags: [{ tag: 'Pune/line-1/press-01/Firmware', values: 1 }],
  })
  edge.stop()
  await expect.poll(() => get('machines/press-01'), patiently).toMatchObject({ state: 'Undefined' })
  const { connection } = await get('signals/press-01.oil-temperature')
  expect(connection).toBe('stale')
})
