import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  Cable,
  FakeOpcuaServer,
  type FakeServerOptions,
  makeCertificate,
} from '../../adapters/opcua/fake-server.js'
import { askServer, trust } from '../../adapters/opcua/pki.js'
import { packmlNumber } from '../../schema/packml.js'
import { validateCommand } from '../cli/validate.js'
import { root } from './process.js'
import { SourceRig } from './source-rig.js'

const plantOn = (endpoint: string, options = '') => `gemba: 1
name: Test
enterprise: Test
sources:
  plc:
    adapter: opcua
    endpoint: ${endpoint}
    tags: "ns=1;s={signal}"
    publishingMs: 50
    timeoutMs: 1000
    ${options}
types:
  saw:
    archetype: machining
    ratedPower: 5
    idealCycleTime: 30
    signals:
      load: { quantity: load, unit: "%", range: [0, 1000000], period: 500ms }
      pressure: { quantity: pressure, unit: bar, range: [0, 10], period: on-change, limits: { warningHigh: 6 } }
sites:
  - id: here
    timeZone: UTC
    areas: [{ id: hall, lines: [{ id: line-1, machines: [{ id: saw, type: saw }] }] }]
`

let folder: string
let server: FakeOpcuaServer
let cable: Cable
let rig: SourceRig | undefined

async function startServer(options: FakeServerOptions = {}): Promise<FakeOpcuaServer> {
  const started = await FakeOpcuaServer.start(options)
  started.add('load')
  started.add('pressure')
  return started
}

const start = (options?: string, endpoint = `opc.tcp://127.0.0.1:${cable.port}`, at = folder): SourceRig => {
  rig = new SourceRig(plantOn(endpoint, options), at)
  return rig
}
const health = (shown: SourceRig) => shown.intake.health.get('plc')!
/** The first line of the log, when there is one. */
const said = async (shown: SourceRig) => {
  await until(() => expect(shown.log).not.toEqual([]))
  return shown.log[0]
}
const until = (check: () => void, timeout = 10_000) => vi.waitFor(check, { timeout, interval: 10 })
const live = async (shown: SourceRig) => {
  await until(() => expect(shown.sees('saw.load').connection).toBe('live'))
  return shown
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gemba-opcua-'))
  server = await startServer()
})
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})
beforeEach(async () => {
  cable = await Cable.to(server.port)
  server.set('load', 0, new Date())
  server.set('pressure', 5, new Date())
})
afterEach(async () => {
  rig?.stop()
  rig = undefined
  await cable.stop()
})

describe('an OPC UA source, as the operator sees it when', () => {
  it('a value stands still: live with its own, growing age, as long as the server speaks', async () => {
    const time = new Date(Date.now() - 60_000)
    server.set('load', 41, time)
    const shown = await live(start())
    const began = Date.now()
    // Three times as long as its period, and longer than any signal is given to be silent.
    await until(() => expect(Date.now() - began).toBeGreaterThan(2_500))
    expect(shown.sees('saw.load')).toEqual({
      connection: 'live',
      quality: 'good',
      value: 41,
      time: time.getTime(),
    })
    expect(shown.record('saw.load')).toEqual([[41, time.getTime()]])
  })

  it('the status is bad: bad, with the level it had; good again when the server says so', async () => {
    const shown = await live(start())
    const { BadSensorFailure, UncertainLastUsableValue } = server.opcua.StatusCodes
    server.set('load', 0, new Date(), BadSensorFailure)
    await until(() => expect(shown.sees('saw.load')).toMatchObject({ connection: 'live', quality: 'bad' }))
    server.set('load', 7, new Date(), UncertainLastUsableValue)
    await until(() => expect(shown.sees('saw.load')).toMatchObject({ quality: 'uncertain', value: 7 }))
    server.set('load', 8, new Date())
    await until(() => expect(shown.sees('saw.load')).toMatchObject({ quality: 'good', value: 8 }))
  })

  it('the cable is cut: lost at once, then live again, and nothing of what happened meanwhile is missing', async () => {
    const shown = await live(start('samplingMs: 0'))
    server.set('load', 1, new Date())
    await until(() => expect(shown.sees('saw.load').value).toBe(1))
    cable.cut()
    await until(() => expect(shown.sees('saw.load').connection).toBe('lost'))
    for (const value of [2, 3, 4, 5]) server.set('load', value, new Date())
    await live(shown)
    // What did not change is asked for: it is live again without a change.
    await until(() => expect(shown.sees('saw.pressure').connection).toBe('live'))
    await until(() => expect(shown.sees('saw.load').value).toBe(5))
    const values = shown.record('saw.load').map(([value]) => value)
    // A server that hands a subscription over may tell the newest value twice.
    expect([...new Set(values.slice(values.indexOf(1)))]).toEqual([1, 2, 3, 4, 5])
    expect(shown.log).toEqual([
      'source plc: connected',
      expect.stringContaining('broke off the connection. Trying again until it answers.'),
      'source plc: connected',
    ])
  })

  it('the cable is cut after a time in which nothing changed: the first change meanwhile is not missing', async () => {
    const shown = await live(start('samplingMs: 0'))
    server.set('load', 1, new Date())
    await until(() => expect(shown.sees('saw.load').value).toBe(1))
    const began = Date.now()
    // By then the server has said that it lives and has nothing to tell.
    await until(() => expect(Date.now() - began).toBeGreaterThan(2_500))
    cable.cut()
    await until(() => expect(shown.sees('saw.load').connection).toBe('lost'))
    for (const value of [2, 3, 4]) server.set('load', value, new Date())
    await until(() => expect(shown.sees('saw.load')).toMatchObject({ connection: 'live', value: 4 }))
    const values = shown.record('saw.load').map(([value]) => value)
    expect([...new Set(values.slice(values.indexOf(1)))]).toEqual([1, 2, 3, 4])
  })

  it('the link is made anew: what it missed is read from the server’s history, and the present stays what it is', async () => {
    server.keepHistory('load')
    const began = Date.now() - 60_000
    server.set('load', 0, new Date(began))
    // Without patience: the session, and what the server queued for it, is given up.
    const shown = await live(start('resumeMs: 0\n    samplingMs: 0'))
    cable.freeze()
    cable.cut()
    await until(() => expect(shown.sees('saw.load').connection).toBe('lost'))
    const count = 2_500
    for (let value = 1; value <= count; value++) server.set('load', value, new Date(began + value))
    server.set('pressure', 6, new Date())
    await until(() => expect(health(shown).lastError).toMatch(/no way to go on/))
    cable.freeze(false)
    await until(() => expect(shown.sees('saw.load')).toMatchObject({ connection: 'live', value: count }))
    await until(() => expect(shown.record('saw.load').length).toBeGreaterThan(count))
    // Late is what the history told; each value once, at its own time, and nothing of it is the present.
    const missed = Array.from({ length: count - 1 }, (_, i) => [i + 1, began + i + 1])
    expect(shown.record('saw.load')).toEqual([[0, began], [count, began + count], ...missed])
    expect(shown.sees('saw.load')).toMatchObject({ value: count, time: began + count })
    expect(health(shown).late).toBe(count - 1)
    // A node without history has a gap, as before.
    expect(shown.sees('saw.pressure').value).toBe(6)
    expect(shown.rejects).toEqual([])
  })

  it('its values were refused for their times: the history tells each once, and nothing that is still to come', async () => {
    server.keepHistory('load')
    const shown = await live(start('resumeMs: 0\n    samplingMs: 0'))
    const ahead = Date.now() + 5 * 60_000 + 1_500
    const refused = () => shown.rejects.filter(({ rule }) => rule === 'time.in-future').length
    for (const [place, value] of [28, 77].entries()) {
      server.set('load', value, new Date(ahead + 100 * place))
      await until(() => expect(refused()).toBe(place + 1))
    }
    expect(shown.sees('saw.load')).toMatchObject({ connection: 'stale', value: 0 })
    // By and by they are less far ahead than a clock may be.
    await until(() => expect(Date.now()).toBeGreaterThan(ahead + 100 - 5 * 60_000))
    cable.freeze()
    cable.cut()
    await until(() => expect(health(shown).lastError).toMatch(/no way to go on/))
    cable.freeze(false)
    await until(() => expect(shown.record('saw.load').map(([value]) => value)).toEqual([0, 77, 28]))
    expect(shown.sees('saw.load')).toMatchObject({ connection: 'live', value: 77 })
    for (const [, time] of shown.record('saw.load')) expect(time).toBeLessThan(Date.now() + 1_000)
  })

  it('the server drops what it sent before it is asked to repeat it: told as a gap, the present anew, the past by its history', async () => {
    server.keepHistory('load')
    const began = Date.now()
    server.set('load', 0, new Date(began))
    const shown = await live(start('samplingMs: 0'))
    server.set('pressure', 3, new Date(began))
    await until(() => expect(shown.sees('saw.pressure').value).toBe(3))
    cable.freeze()
    // What has come is not yet acknowledged.
    server.forgetSent()
    // Sent into a cable that delivers nothing, one by one, until the server has nothing left to send them with.
    let value = 0
    let dropped = 0
    await until(() => {
      server.set('load', ++value, new Date(began + value))
      server.set('pressure', 3 + value, new Date(began + value))
      dropped += server.forgetSent()
      expect(dropped).toBeGreaterThanOrEqual(3)
    })
    cable.cut()
    await until(() => expect(shown.sees('saw.load').connection).toBe('lost'))
    dropped += server.forgetSent()
    cable.freeze(false)
    await until(() => expect(shown.rejects.map(({ rule }) => rule)).toContain('opcua.gap'))
    const [gap] = shown.rejects
    expect(gap).toMatchObject({ raw: 'saw.load saw.pressure' })
    expect(gap!.reason).toMatch(/^the server dropped (\d+ messages|a message) before it could be asked/)
    expect(health(shown).rejectsByRule.get('opcua.gap')).toBe(1)
    await until(() =>
      expect(shown.sees('saw.pressure')).toMatchObject({ connection: 'live', value: 3 + value }),
    )
    await until(() => {
      const values = new Set(shown.record('saw.load').map(([told]) => told))
      expect([...values].sort((a, b) => a - b)).toEqual(Array.from({ length: value + 1 }, (_, i) => i))
    })
    expect(shown.sees('saw.load')).toMatchObject({ value, time: began + value })
  })

  it('the far end falls silent (half-open TCP): lost within the time-out and a second, and back when it answers', async () => {
    const shown = await live(start())
    cable.freeze()
    const began = Date.now()
    await until(() => expect(shown.sees('saw.load').connection).toBe('lost'))
    expect(Date.now() - began).toBeLessThan(5_000)
    server.set('load', 77, new Date())
    cable.freeze(false)
    await live(shown)
    await until(() => expect(shown.sees('saw.load').value).toBe(77))
  })

  it('a value comes late: kept in the record, and the present stays what it was', async () => {
    const shown = await live(start())
    const now = Date.now()
    server.set('load', 10, new Date(now))
    await until(() => expect(shown.sees('saw.load').value).toBe(10))
    server.set('load', 9, new Date(now - 30_000))
    await until(() => expect(shown.record('saw.load').at(-1)).toEqual([9, now - 30_000]))
    expect(shown.sees('saw.load')).toMatchObject({ value: 10, time: now })
  })

  it('a set point was set years ago: shown, as uncertain, and a reject tells since when it has stood', async () => {
    const then = Date.UTC(2019, 4, 1)
    server.set('pressure', 4, new Date(then))
    const began = Date.now()
    const shown = await live(start())
    await until(() => expect(shown.sees('saw.pressure').connection).toBe('live'))
    const { time, ...seen } = shown.sees('saw.pressure')
    expect(seen).toEqual({ connection: 'live', quality: 'uncertain', value: 4 })
    expect(time).toBeGreaterThanOrEqual(began)
    expect(shown.rejects).toMatchObject([
      { rule: 'time.too-old', signal: 'saw.pressure', value: 4, sourceTime: then },
    ])
    server.set('pressure', 5, new Date())
    await until(() => expect(shown.sees('saw.pressure')).toMatchObject({ quality: 'good', value: 5 }))
  })

  it('the clock of the server is wrong: an hour is turned away with the reason, or corrected where that is asked for', async () => {
    const shown = await live(start())
    server.set('load', 11, new Date(Date.now() + 3_600_000))
    await until(() => expect(shown.rejects.map(({ rule }) => rule)).toContain('time.in-future'))
    expect(shown.sees('saw.load')).toMatchObject({ value: 0 })
    shown.stop()
    server.set('load', 12, new Date(Date.now() + 3_600_000))
    const corrected = await live(start('time: corrected'))
    server.set('load', 13, new Date(Date.now() + 3_601_000))
    await until(() => expect(corrected.sees('saw.load').value).toBe(13))
    expect(Math.abs(corrected.sees('saw.load').time - Date.now())).toBeLessThan(60_000)
    let value = 13
    await until(() => {
      server.set('load', ++value, new Date(Date.now() + 3_600_000))
      expect(health(corrected).clockOffset).toBeGreaterThan(3_500_000)
    })
  })

  it('a node is not there: said once, and the others are live', async () => {
    rig = new SourceRig(
      plantOn(`opc.tcp://127.0.0.1:${cable.port}`).replace('pressure:', 'humidity:'),
      folder,
    )
    await live(rig)
    expect(rig.rejects.map(({ rule, reason, raw }) => [rule, reason, raw])).toEqual([
      [
        'opcua.unknown-node',
        'the server has no node ns=1;s=humidity for saw.humidity (BadNodeIdUnknown)',
        'ns=1;s=humidity',
      ],
    ])
    expect(rig.sees('saw.humidity').connection).not.toBe('live')
    // A server that starts may answer before it has built all of its nodes.
    server.add('humidity')
    server.set('humidity', 4, new Date())
    const shown = rig
    await until(() => expect(shown.sees('saw.humidity')).toMatchObject({ connection: 'live', value: 4 }))
    expect(shown.rejects).toHaveLength(1)
  })

  it('no node is there: the source is lost, with the reason, until one is', async () => {
    const text = plantOn(`opc.tcp://127.0.0.1:${cable.port}`)
    const moved = text.replace(/ns=1;s=\{signal\}|ns=1;/g, found => found.replace('ns=1', 'ns=7'))
    expect(moved).not.toBe(text)
    rig = new SourceRig(moved, folder)
    const shown = rig
    await until(() => expect(health(shown).lastError).toContain('has none of the'))
    expect(health(shown).lastError).toContain('has a namespace another number?')
    expect(health(shown).state).not.toBe('connected')
    expect(shown.rejects).toEqual([])
  })

  it('the server gives the subscription up: connected anew within seconds', async () => {
    const shown = await live(start())
    server.dropSubscriptions()
    await until(() => expect(health(shown).lastError).toContain('What changed meanwhile is lost'))
    server.set('load', 78, new Date())
    await until(() => expect(shown.sees('saw.load')).toMatchObject({ connection: 'live', value: 78 }))
  })

  it('the server floods: what its queue cannot hold is told as a gap, the rest is there', async () => {
    const shown = await live(start('samplingMs: 0\n    queueSize: 20'))
    for (let value = 1; value <= 200; value++) server.set('load', value, new Date())
    await until(() => expect(shown.sees('saw.load').value).toBe(200))
    await until(() => expect(shown.rejects.map(({ rule }) => rule)).toContain('opcua.gap'))
    const told = shown.record('saw.load').map(([value]) => value)
    expect(told.slice(-20)).toEqual(Array.from({ length: 20 }, (_, i) => 181 + i))
    expect(shown.rejects[0]).toMatchObject({ raw: 'saw.load' })
  })
})

describe('an OPC UA server that is restarted', () => {
  it('is lost at once and live again within 5 s after it is back', async () => {
    const serverFolder = mkdtempSync(join(tmpdir(), 'gemba-opcua-server-'))
    const first = await startServer({ folder: serverFolder })
    const { port } = first
    const shown = await live(start('', first.endpoint))
    await first.stop()
    await until(() => expect(shown.sees('saw.load').connection).toBe('lost'))
    const second = await startServer({ port })
    const back = Date.now()
    try {
      second.set('load', 5, new Date())
      await until(() => expect(shown.sees('saw.load')).toMatchObject({ connection: 'live', value: 5 }))
      expect(Date.now() - back).toBeLessThan(5_000)
      expect(health(shown).lastError).toContain('What changed meanwhile is lost')
    } finally {
      rig?.stop()
      await second.stop()
    }
  })
})

describe('an OPC UA server that is careful', () => {
  const secure = 'security: Basic256Sha256'
  const user = 'user: { name: gemba, password: { env: PLC_PASSWORD } }'
  let careful: FakeOpcuaServer

  beforeAll(async () => {
    careful = await startServer({ users: { gemba: 'open sesame' } })
  })
  afterAll(() => careful.stop())
  beforeEach(() => void vi.stubEnv('PLC_PASSWORD', 'open sesame'))
  afterEach(() => void vi.unstubAllEnvs())

  it('is not connected to until its certificate is trusted, once', async () => {
    const fresh = mkdtempSync(join(tmpdir(), 'gemba-opcua-fresh-'))
    const shown = start(`${secure}\n    ${user}`, careful.endpoint, fresh)
    expect(await said(shown)).toContain(
      `${careful.endpoint} shows a certificate that we do not trust yet. Compare it with the server’s, and trust it once: gemba browse ${careful.endpoint} --trust --data ${tmpdir()}.`,
    )
    const { certificate } = await askServer(careful.endpoint, fresh, 5_000)
    await trust(fresh, certificate!)
    await live(shown)
    shown.stop()
    rmSync(fresh, { recursive: true, force: true })
  })

  it('turns away a wrong password, and the log does not tell it', async () => {
    vi.stubEnv('PLC_PASSWORD', 'hunter2')
    const shown = start(user, careful.endpoint)
    expect(await said(shown)).toContain('does not accept the user or the password. Check both')
    expect(shown.log.join()).not.toContain('hunter2')
    expect(health(shown).lastError).not.toContain('hunter2')
    expect(health(shown).state).toBe('waiting')
  })

  it('is not even tried while the password is nowhere', async () => {
    vi.stubEnv('PLC_PASSWORD', undefined)
    const shown = start(user, careful.endpoint)
    expect(await said(shown)).toContain(
      'The secret in the variable PLC_PASSWORD is not set. Set it where the engine is started.',
    )
  })

  it('takes nobody without a name, and says what to do', async () => {
    const shown = start('', careful.endpoint)
    expect(await said(shown)).toContain('takes nobody without a name. Give the source a user')
  })

  it.each(['Basic256Sha256', 'Aes128_Sha256_RsaOaep', 'Aes256_Sha256_RsaPss'])(
    'is read by %s',
    async policy => {
      const { certificate } = await askServer(careful.endpoint, folder, 5_000)
      await trust(folder, certificate!)
      for (const mode of ['Sign', 'SignAndEncrypt']) {
        const shown = start(`security: ${policy}\n    mode: ${mode}\n    ${user}`, careful.endpoint)
        await live(shown)
        expect(health(shown).lastError).toBeUndefined()
        shown.stop()
      }
    },
  )

  it('knows a user by a certificate, too', async () => {
    const { certificate: ours, key } = await makeCertificate(folder)
    const identity = `userCertificate: { file: ${ours}, key: { file: ${key} } }`
    const { certificate } = await askServer(careful.endpoint, folder, 5_000)
    await trust(folder, certificate!)
    const shown = await live(start(`${secure}\n    ${identity}`, careful.endpoint))
    expect(health(shown).lastError).toBeUndefined()
  })

  it('turns away a user certificate that it does not trust, and says so', async () => {
    const { certificate: ours, key } = await makeCertificate(folder)
    const wary = await startServer({ users: {}, isTrusting: false })
    try {
      const shown = start(`userCertificate: { file: ${ours}, key: { file: ${key} } }`, wary.endpoint)
      expect(await said(shown)).toContain(
        'does not accept the user certificate. Trust it at the server (many list it under rejected certificates)',
      )
      expect(health(shown).lastError).toContain('valid from ')
      shown.stop()
    } finally {
      await wary.stop()
    }
  })

  it('gets no password in clear text, unless somebody says so', async () => {
    const careless = await startServer({ users: { gemba: 'open sesame' }, isClearText: true })
    try {
      const shown = start(user, careless.endpoint)
      expect(await said(shown)).toContain('asks for the password unencrypted. Choose a security policy')
      shown.stop()
      await live(start(user.replace(' } }', ' }, clearText: true }'), careless.endpoint))
      rig?.stop()
    } finally {
      await careless.stop()
    }
  })

  it('whose certificate has expired is not believed', async () => {
    const expired = await startServer({ certifiedAt: new Date(Date.UTC(2020, 0, 1)) })
    try {
      const { certificate } = await askServer(expired.endpoint, folder, 5_000)
      await trust(folder, certificate!)
      const shown = start(secure, expired.endpoint)
      expect(await said(shown)).toContain('shows a certificate that has expired or is not valid yet')
      shown.stop()
    } finally {
      await expired.stop()
    }
  })
})

describe('gemba validate --online', () => {
  it('says of each tag of an OPC UA source whether it is found, missing or of the wrong type', async () => {
    server.set('load', 12, new Date())
    const file = join(folder, 'plant.yaml')
    const plant = plantOn(server.endpoint)
      .replace('pressure:', 'nowhere:')
      .replace('signals:', 'status: { label: { quantity: counter } }\n    signals:')
    writeFileSync(file, plant)
    server.addValue('label', { dataType: server.opcua.DataType.String, value: 'Oil' })
    const out: string[] = []
    const code = await validateCommand.run([file, '--online', '--data', folder], {
      out: line => out.push(line),
      err: line => out.push(line),
      signal: new AbortController().signal,
      env: {},
    })
    expect(code).toBe(1)
    const said = out.join('\n')
    expect(said).toMatch(/found.*saw\.load.*12 %, good/)
    expect(said).toMatch(/missing.*saw\.nowhere.*the server has no node ns=1;s=nowhere/)
    expect(said).toMatch(/wrong type.*saw\.label.*is a number, but the node holds a String/)
  })
})

describe('docs/connect/opcua.md', () => {
  it('shows a plant that runs as it is written, and a tree as the server has it', async () => {
    const page = readFileSync(join(root, 'docs/connect/opcua.md'), 'utf8')
    const fresh = mkdtempSync(join(tmpdir(), 'gemba-opcua-docs-'))
    const plc = await FakeOpcuaServer.start({ users: { gemba: 'sesame' } })
    const { DataType } = plc.opcua
    plc.addFolder('Line1')
    for (const machine of ['Line1.press-01', 'Line1.press-02']) {
      plc.addFolder(machine, 'Line1')
      plc.add(`${machine}.hydraulic-pressure`, DataType.Double, machine)
      plc.add(`${machine}.vibration`, DataType.Double, machine)
      plc.add(`${machine}.state`, DataType.String, machine)
      plc.add(`${machine}.produced`, DataType.UInt32, machine)
    }
    plc.set('Line1.press-01.hydraulic-pressure', 148.2, new Date())
    plc.set('Line1.press-01.state', 'RUN', new Date())
    vi.stubEnv('PLC_PASSWORD', 'sesame')
    try {
      const { certificate } = await askServer(plc.endpoint, fresh, 5_000)
      await trust(fresh, certificate!)
      const [, plant = ''] = /```yaml\n(.*?)```/s.exec(page)!
      rig = new SourceRig(plant.replace('opc.tcp://127.0.0.1:4840', plc.endpoint), fresh)
      const shown = rig
      await until(() => expect(shown.sees('press-01.hydraulic-pressure').value).toBe(148.2))
      await until(() => expect(shown.sees('press-02.vibration').connection).toBe('live'))
      expect(shown.floor.machines.state[0]).toBe(packmlNumber.Execute)
      expect(shown.rejects.map(({ rule }) => rule)).toEqual(['state.unknown-word'])
      for (const [, id = ''] of page.matchAll(/ (ns=1;s=Line1\S*)/g)) expect(plc.has(id)).toBe(true)
    } finally {
      rig?.stop()
      vi.unstubAllEnvs()
      await plc.stop()
      rmSync(fresh, { recursive: true, force: true })
    }
  })
})
