import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'mqtt'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Broker } from '../../adapters/mqtt/broker.js'
import { Wire } from '../../adapters/mqtt/wire.js'
import { defaultAlarmSettings } from '../../schema/alarm.js'
import { configSchema } from '../../schema/config.js'
import { loadPlant } from '../../schema/plant-file/load-plant.js'
import { readSettings } from '../cli/settings.js'
import { startEngine } from '../engine.js'
import { alarmAddress, alarmKind } from '../floor/twin-kinds.js'
import { root } from './process.js'

let data: string
let broker: Broker

beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), 'gemba-northbound-'))
  broker = await Broker.start()
})
afterEach(async () => {
  await broker.stop()
  rmSync(data, { recursive: true, force: true })
})

/** What a broker has retained below a topic, as somebody finds it who comes later. */
async function retained(
  filter: string,
): Promise<Map<string, { value: unknown; timestamp: number; unit?: string }>> {
  const client = connect(broker.url, { reconnectPeriod: 0 })
  const found = new Map<string, { value: unknown; timestamp: number; unit?: string }>()
  client.on('message', (topic, payload, { retain }) => {
    if (retain) found.set(topic, JSON.parse(payload.toString()))
  })
  await client.subscribeAsync(filter, { qos: 1 })
  // What is retained comes before the answer to a later request.
  await client.subscribeAsync('none', { qos: 1 })
  await client.endAsync()
  return found
}

it('says that it is there, and that it is not any more, stopped or cut off', async () => {
  const { plant } = loadPlant(readFileSync(join(root, 'plants/automotive-cell.yaml'), 'utf8'), {
    file: 'automotive-cell.yaml',
  })
  const wire = await Wire.to(broker.port)
  const engine = await startEngine({
    config: configSchema.parse({ data, port: 0, publishUrl: wire.url, publishIntervalMs: 100 }),
    plant: plant!,
    logger: pino({ level: 'silent' }),
    viewer: join(root, 'dist/viz'),
  })
  const topic = 'Example-Automotive/gemba/Automotive-cell/status'
  const status = async () => [...(await retained('+/gemba/+/status'))]
  const is = (value: string) => expect.poll(status, { timeout: 15_000 }).toMatchObject([[topic, { value }]])
  try {
    await is('online')
    wire.cut()
    await is('offline')
    await is('online')
  } finally {
    await engine.stop()
  }
  expect(await status()).toEqual([[topic, { value: 'offline', timestamp: expect.any(Number) }]])
  await wire.stop()
})

it('the floor is found in the unified namespace as docs/connect/northbound.md starts it, states, values and OEE, after a restart of the broker too', async () => {
  const page = readFileSync(join(root, 'docs/connect/northbound.md'), 'utf8')
  const command = /```sh\n(\w+)=mqtt:\/\/127\.0\.0\.1:1883 npx gemba start --plant (\S+)\n```/.exec(page)!
  const { publishUrl } = readSettings([], { [command[1]!]: broker.url })
  const { plant } = loadPlant(readFileSync(join(root, command[2]!), 'utf8'), { file: command[2]! })
  const errors: string[] = []
  const log = { write: (line: string) => void errors.push(line) }
  const engine = await startEngine({
    config: configSchema.parse({ data, port: 0, publishUrl, publishIntervalMs: 100 }),
    plant: plant!,
    logger: pino({ level: 'error' }, log),
    viewer: join(root, 'dist/viz'),
  })
  const place = 'Example-Automotive/plant-1/body-shop/cell-1'
  const alarm = 'press-01.oil-temperature.high'
  engine.floor.twins.add(alarmAddress(alarm), alarmKind, { alarm, settings: defaultAlarmSettings })
  const raised = { type: 'CONDITION', time: Date.now(), isActive: true, value: 82.5, limit: 80 }
  engine.floor.twins.send(alarmAddress(alarm), raised)
  try {
    for (const patience of [15_000, 25_000]) {
      await expect
        .poll(async () => [...(await retained(`${place}/+/state`)).keys()].sort(), { timeout: patience })
        .toEqual(['cnc-01', 'press-01', 'robot-01'].map(id => `${place}/${id}/state`))
      const force = `${place}/press-01/edge/ram-force`
      await expect
        .poll(async () => (await retained(force)).get(force), { timeout: patience })
        .toMatchObject({ value: expect.any(Number), quality: 'GOOD', unit: 'kN', connection: 'live' })
      const oee = `${place}/press-01/kpi/oee`
      await expect
        .poll(async () => (await retained(oee)).get(oee), { timeout: patience })
        .toMatchObject({ availability: expect.any(Number), since: expect.any(Number) })
      const alarms = `${place}/press-01/alarm/+`
      await expect
        .poll(async () => [...(await retained(alarms))], { timeout: patience })
        .toMatchObject([[`${place}/press-01/alarm/${alarm}`, { value: 'Unacknowledged', reading: 82.5 }]])
      // A broker that lost all it had is told everything again.
      await broker.halt('SIGKILL')
      await broker.run()
    }
    expect(errors).toEqual([])
  } finally {
    await engine.stop()
  }
})
