import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FakeModbusServer } from '../../adapters/modbus/fake-server.js'
import { mqtt } from '../../adapters/mqtt/adapter.js'
import { mqttOptions } from '../../adapters/mqtt/config.js'
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
  return { code, out: out.slice(1), err }
}

describe('gemba validate --online', () => {
  const modbus = () => `{ adapter: modbus, host: 127.0.0.1, port: ${device.port} }`

  it('tells of each tag whether it is found, missing or of the wrong type', async () => {
    device.holding.set([40])
    device.refuse = ({ address, quantity }) => (address <= 500 && address + quantity > 500 ? 2 : undefined)
    const tags = [
      signal('load', 'holding:0'),
      signal('gone', 'holding:500'),
      signal('name', 'holding:1:string[4]'),
      signal('typo', 'holdin:3'),
    ]
    const { code, out } = await validate(plantOf(modbus(), tags.join('\n')), '--online')
    expect(out).toEqual([
      'found       saw.load  holding:0  40 %, good',
      'missing     saw.gone  holding:500  the source has no value for it',
      'wrong type  saw.name  holding:1:string[4]  saw.name: the signal is a number, and the tag a string.',
      expect.stringMatching(
        /^missing {5}saw\.typo {2}holdin:3 {2}saw\.typo: "holdin:3" is no Modbus tag; write table:address/,
      ),
      'plc: 1 found, 2 missing, 1 wrong type',
    ])
    expect(code).toBe(1)
    expect(device.requests.every(request => request.function <= 4)).toBe(true)
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
    expect(out).toEqual([
      'missing     saw.load  holding:0  nothing was heard of it',
      'plc: 0 found, 1 missing, 0 wrong type',
    ])
    expect(err.join()).toContain('refused the connection: nothing listens on that port')
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

describe('listening to a broker beside a running engine', () => {
  it('takes neither its session nor its share of the messages', () => {
    const options = mqttOptions.parse({
      url: 'mqtt://b',
      topics: [{ topic: 'a' }],
      clientId: 'gemba-1',
      share: 'g',
    })
    const { clientId, share, sessionExpiry } = mqtt.probe!(options)
    expect(clientId).toMatch(/^gemba-probe-/)
    expect([share, sessionExpiry]).toEqual([undefined, 0])
  })
})
