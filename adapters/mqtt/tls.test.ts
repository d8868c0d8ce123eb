import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'mqtt'
import type { Subscription } from 'rxjs'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { AdapterError, SourceEvent } from '../contract.js'
import { testContext, testSignal } from '../test-context.js'
import { mqtt } from './adapter.js'
import { Broker } from './broker.js'
import { mqttOptions } from './config.js'

let folder: string
let broker: Broker
let subscription: Subscription | undefined

const file = (name: string): string => join(folder, name)
const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'ignore' })

/** A certificate for 127.0.0.1, signed by the authority `ca`; of yesterday where it has expired. */
function makeCertificate(name: string): void {
  openssl(
    'req',
    '-new',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    file(`${name}.key`),
    '-out',
    file(`${name}.csr`),
    '-subj',
    `/CN=${name}`,
  )
  openssl(
    'x509',
    '-req',
    '-in',
    file(`${name}.csr`),
    '-CA',
    file('ca.crt'),
    '-CAkey',
    file('ca.key'),
    '-CAcreateserial',
    '-days',
    '2',
    '-out',
    file(`${name}.crt`),
  )
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gemba-mqtt-tls-'))
  openssl(
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    file('ca.key'),
    '-out',
    file('ca.crt'),
    '-days',
    '2',
    '-subj',
    '/CN=authority',
  )
  makeCertificate('localhost')
  makeCertificate('gemba')
  const read = (name: string) => readFileSync(file(name), 'utf8')
  broker = await Broker.start(
    [
      'cafile $folder/ca.crt',
      'certfile $folder/broker.crt',
      'keyfile $folder/broker.key',
      'require_certificate true',
    ],
    { 'ca.crt': read('ca.crt'), 'broker.crt': read('localhost.crt'), 'broker.key': read('localhost.key') },
  )
})
afterEach(() => subscription?.unsubscribe())
afterAll(async () => {
  await broker.stop()
  rmSync(folder, { recursive: true, force: true })
})

function subscribe(tls: object) {
  const url = `mqtts://127.0.0.1:${broker.port}`
  const options = mqttOptions.parse({ url, tls, topics: [{ topic: 'a' }], sessionExpiry: 0 })
  const heard: { events: SourceEvent[]; error?: AdapterError } = { events: [] }
  subscription = mqtt.create(options, testContext({ signals: [testSignal(0, 'a')] })).subscribe({
    next: event => heard.events.push(event),
    error: (error: AdapterError) => {
      heard.error = error
    },
  })
  return heard
}
const until = (condition: () => void) => vi.waitFor(condition, { timeout: 10_000, interval: 5 })

describe('MQTT over TLS', () => {
  it('trusts the authority that is named, shows its own certificate, and hears messages', async () => {
    const own = { cert: file('gemba.crt'), key: file('gemba.key') }
    const heard = subscribe({ ca: file('ca.crt'), servername: 'localhost', ...own })
    await until(() => expect(heard.events).toContainEqual({ kind: 'connected' }))
    const [ca, cert, key] = ['ca.crt', 'gemba.crt', 'gemba.key'].map(name => readFileSync(file(name)))
    const source = connect(`mqtts://127.0.0.1:${broker.port}`, {
      ca,
      cert,
      key,
      servername: 'localhost',
      reconnectPeriod: 0,
    })
    await source.publishAsync('a', '5', { qos: 1 })
    await until(() => expect(heard.events.some(({ kind }) => kind === 'samples')).toBe(true))
    await source.endAsync(true)
  })

  it('refuses a broker that nobody we trust has signed, and says what to do', async () => {
    const heard = subscribe({})
    await until(() => expect(heard.error).toBeDefined())
    expect(heard.error?.message).toMatch(/nobody we trust has signed \(name its authority as tls\.ca/)
  })

  it('refuses a broker of another name', async () => {
    const heard = subscribe({ ca: file('ca.crt'), servername: 'press-shop' })
    await until(() => expect(heard.error).toBeDefined())
    expect(heard.error?.message).toMatch(/certificate of another name/)
  })

  it('says which file is missing', async () => {
    const heard = subscribe({ ca: file('none.crt') })
    await until(() => expect(heard.error).toBeDefined())
    expect(heard.error?.message).toMatch(/tls\.ca, .*none\.crt, cannot be read/)
  })
})
