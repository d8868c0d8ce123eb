import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { FakeModbusServer } from '../../adapters/modbus/fake-server.js'
import { PymodbusDevice } from '../../adapters/modbus/pymodbus.js'
import type { MachineContext } from '../../twins/machine/machine.context.js'
import { root } from './process.js'
import { SourceRig } from './source-rig.js'

const plantOn = (port: number, options = '') => `gemba: 1
name: Test
enterprise: Test
sources:
  plc: { adapter: modbus, host: 127.0.0.1, port: ${port}, timeoutMs: 200${options} }
types:
  saw:
    archetype: machining
    ratedPower: 5
    idealCycleTime: 30
    signals:
      load: { quantity: load, unit: "%", range: [0, 1000], period: 100ms, tag: "holding:0" }
      pressure: { quantity: pressure, unit: bar, range: [0, 1000], period: 100ms, tag: "holding:1" }
    status:
      state: { map: packml, tag: "holding:2", period: 100ms }
sites:
  - id: here
    timeZone: UTC
    areas: [{ id: hall, lines: [{ id: line-1, machines: [{ id: saw, type: saw }] }] }]
`

let rig: SourceRig | undefined
const start = (plant: string): SourceRig => {
  rig = new SourceRig(plant, tmpdir())
  return rig
}
const until = (check: () => void) => vi.waitFor(check, { timeout: 10_000, interval: 5 })
const health = (shown: SourceRig, source = 'plc') => shown.intake.health.get(source)!
const machineState = (shown: SourceRig) => shown.floor.machines.state[0]
const live = async (shown: SourceRig) => {
  await until(() => expect(shown.sees('saw.load').connection).toBe('live'))
  return shown
}
const undefinedState = 0
const execute = 6

afterEach(() => {
  rig?.stop()
  rig = undefined
})

describe('a Modbus device, as the operator sees it when', () => {
  let server: FakeModbusServer
  beforeEach(async () => {
    server = await FakeModbusServer.start()
    server.holding.set([40, 5, execute])
  })
  afterEach(() => server.stop())

  it('all is well: live, good, in its state, and only read', async () => {
    const shown = await live(start(plantOn(server.port)))
    expect(shown.sees('saw.load')).toMatchObject({ quality: 'good', value: 40 })
    await until(() => expect(machineState(shown)).toBe(execute))
    expect(health(shown)).toMatchObject({ state: 'connected', rejects: 0 })
    expect(health(shown).bytes).toBeGreaterThan(0)
    expect(server.requests.filter(request => request.function > 4)).toEqual([])
  })

  it('a value stands still: live all the same, because it is asked for anew', async () => {
    const shown = await live(start(plantOn(server.port)))
    const { time } = shown.sees('saw.load')
    await until(() => expect(shown.sees('saw.load').time - time).toBeGreaterThan(500))
    expect(shown.sees('saw.load')).toMatchObject({ connection: 'live', value: 40 })
    expect(health(shown).late).toBe(0)
  })

  it('a register is missing: bad, with one reject that names it, and the others are good', async () => {
    server.refuse = ({ address, quantity }) => (address <= 1 && address + quantity > 1 ? 2 : undefined)
    const shown = start(plantOn(server.port))
    await until(() => expect(shown.sees('saw.load')).toMatchObject({ connection: 'live', quality: 'good' }))
    await until(() => expect(shown.rejects).toHaveLength(1))
    expect(shown.rejects[0]).toMatchObject({ rule: 'modbus.exception', raw: 'unit 1, holding:1' })
    expect(shown.sees('saw.pressure').quality).toBe('bad')
    await until(() => expect(machineState(shown)).toBe(execute))
  })

  it('the device is busy: uncertain, with the value it had; then good again', async () => {
    const shown = await live(start(plantOn(server.port)))
    server.refuse = () => 6
    await until(() => expect(shown.sees('saw.load')).toMatchObject({ quality: 'uncertain', value: 40 }))
    server.refuse = () => undefined
    await until(() => expect(shown.sees('saw.load').quality).toBe('good'))
  })

  it('the device has a fault: bad; then good again', async () => {
    const shown = await live(start(plantOn(server.port)))
    server.refuse = () => 4
    await until(() => expect(shown.sees('saw.load').quality).toBe('bad'))
    server.refuse = () => undefined
    await until(() => expect(shown.sees('saw.load').quality).toBe('good'))
  })

  it('the far end falls silent (half-open TCP): lost and Undefined after three requests, then live again', async () => {
    const shown = await live(start(plantOn(server.port)))
    server.hold = () => true
    await until(() => expect(shown.sees('saw.load').connection).toBe('lost'))
    expect(machineState(shown)).toBe(undefinedState)
    expect(health(shown).lastError).toContain('gave no answer to 3 requests in a row, 200 ms each')
    server.hold = () => false
    await live(shown)
    await until(() => expect(machineState(shown)).toBe(execute))
    expect(health(shown).losses).toBeGreaterThan(0)
  })

  it('the cable is cut: lost at once, tried again, live again', async () => {
    const shown = await live(start(plantOn(server.port)))
    server.drop()
    await until(() => expect(shown.sees('saw.load').connection).toBe('lost'))
    await live(shown)
    expect(shown.log).toEqual([
      'source plc: connected',
      expect.stringMatching(/(broke off|closed) the connection.*Trying again until it answers/),
      'source plc: connected',
    ])
  })

  it('the device floods: answers that nobody asked for make no value, and what is asked for is there', async () => {
    const shown = await live(start(plantOn(server.port)))
    // Ten registers each, of 999: transactions far from those under way.
    const unasked = Array.from({ length: 2_000 }, (_, i) => {
      const frame = Buffer.alloc(9 + 20)
      frame.writeUInt16BE(40_000 + i, 0)
      frame.writeUInt16BE(23, 4)
      frame.set([1, 3, 20], 6)
      for (let at = 9; at < frame.length; at += 2) frame.writeUInt16BE(999, at)
      return frame
    })
    server.say(Buffer.concat(unasked))
    server.holding.set([41])
    await until(() => expect(shown.sees('saw.load').value).toBe(41))
    expect(shown.record('saw.load').map(([value]) => value)).not.toContain(999)
    expect(health(shown).losses).toBe(0)
  })

  it('the device is slow: values all the same, and the polls that it misses are counted', async () => {
    server.hold = () => true
    const shown = start(plantOn(server.port, ', timeoutMs: 60000').replace('timeoutMs: 200, ', ''))
    const slow = setInterval(() => server.release(), 250)
    try {
      await until(() => expect(health(shown).missedPolls).toBeGreaterThan(3))
      expect(shown.sees('saw.load')).toMatchObject({ connection: 'live', value: 40 })
      // One request at a time, however many polls were due.
      expect(server.requests.length - server.answers).toBeLessThanOrEqual(1)
    } finally {
      clearInterval(slow)
    }
  })
})

describe('a part counter of 16 bit', () => {
  it('rolls over without a part made up or lost, and starts anew when it is reset', async () => {
    const server = await FakeModbusServer.start()
    server.holding.set([40, 5, execute, 65_530])
    const plant = plantOn(server.port)
      .replace('idealCycleTime: 30', 'idealCycleTime: 30\n    packml: { counterWidth: 65536 }')
      .replace(
        '    status:',
        '    status:\n      produced: { quantity: counter, unit: parts, period: 100ms, tag: "holding:3" }',
      )
    const shown = start(plant)
    const parts = () => {
      const twin = shown.floor.twins.get('machine:saw')?.snapshot as unknown as { context: MachineContext }
      return twin.context.processed.count
    }
    const shows = async (reading: number) => {
      server.holding[3] = reading
      await until(() => expect(shown.sees('saw.produced').value).toBe(reading))
      return parts()
    }
    try {
      await until(() => expect(shown.sees('saw.produced').value).toBe(65_530))
      expect(await shows(65_535)).toBe(5)
      expect(await shows(3)).toBe(9)
      expect(await shows(20)).toBe(26)
      expect(await shows(0)).toBe(26)
      expect(await shows(2)).toBe(28)
    } finally {
      rig?.stop()
      await server.stop()
    }
  })
})

describe('a Modbus device that this project did not write', () => {
  it('is live again within 5 s after it was restarted', async () => {
    const tables = { holding: { 0: 40, 1: 5, 2: execute } }
    const first = await PymodbusDevice.start(tables)
    const shown = await live(start(plantOn(first.port)))
    await first.stop()
    await until(() => expect(shown.sees('saw.load').connection).toBe('lost'))
    const second = await PymodbusDevice.start({ holding: { ...tables.holding, 0: 41 } }, first.port)
    try {
      const back = Date.now()
      await until(() => expect(shown.sees('saw.load')).toMatchObject({ connection: 'live', value: 41 }))
      expect(Date.now() - back).toBeLessThan(5_000)
    } finally {
      rig?.stop()
      await second.stop()
    }
  })

  it('refuses what it does not have, and its other registers are read', async () => {
    const device = await PymodbusDevice.start({ holding: { 0: 40, 2: execute } })
    try {
      const shown = await live(start(plantOn(device.port)))
      await until(() => expect(shown.sees('saw.pressure').quality).toBe('bad'))
      await until(() => expect(shown.rejects.map(({ raw }) => raw)).toEqual(['unit 1, holding:1']))
    } finally {
      rig?.stop()
      await device.stop()
    }
  })
})

describe('the page about Modbus', () => {
  const page = readFileSync(join(root, 'docs/connect/modbus.md'), 'utf8')
  const block = (language: string): string =>
    page.match(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 's'))![1]!

  it('has a plant that works as written, with the device that it shows', async () => {
    const command = `cd ${root} && exec ${block('sh').trim().replace(' 5020 ', ' 0 ')}`
    const device = await PymodbusDevice.run('sh', ['-c', command])
    try {
      const shown = start(block('yaml').replaceAll('5020', String(device.port)))
      await until(() => expect(health(shown, 'grinder-02-plc').accepted).toBeGreaterThan(10))
      const values = (machine: string) =>
        ['spindle-temperature', 'coolant-pressure', 'wheel-load', 'door-open', 'lubricated', 'produced'].map(
          name => Math.round(shown.sees(`${machine}.${name}`).value * 1000) / 1000,
        )
      for (const machine of ['grinder-01', 'grinder-02']) {
        await until(() => expect(values(machine)).toEqual([50, 12.3, -5, 1, 1, 70_000]))
        expect(shown.floor.text(shown.sees(`${machine}.program`).value)).toBe('EWAR-10')
      }
      expect([...shown.floor.machines.state]).toEqual([execute, execute])
      expect(shown.rejects.filter(({ rule }) => rule.startsWith('modbus'))).toEqual([])
    } finally {
      rig?.stop()
      await device.stop()
    }
  })
})
