import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer, type Server } from 'node:tls'
import type { Subscription } from 'rxjs'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type TlsOptions, tlsOptions } from '../../schema/tls.js'
import type { AdapterError, SourceEvent } from '../contract.js'
import { testContext, testSignal } from '../test-context.js'
import { modbus } from './adapter.js'
import { modbusOptions } from './config.js'
import { FakeModbusServer } from './fake-server.js'

let folder: string
let device: FakeModbusServer
/** Modbus Security: TLS around the same bytes. */
let secure: Server
let subscription: Subscription | undefined

const file = (name: string) => join(folder, name)
const selfSigned = (name: string) =>
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '2',
    ].concat([
      ...['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`],
      ...['-keyout', file(`${name}.key`), '-out', file(`${name}.pem`)],
    ]),
    { stdio: 'ignore' },
  )

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gemba-modbus-tls-'))
  for (const name of ['plc', 'gemba']) selfSigned(name)
  device = await FakeModbusServer.start()
  device.holding.set([42])
  const options = {
    cert: readFileSync(file('plc.pem')),
    key: readFileSync(file('plc.key')),
    ca: readFileSync(file('gemba.pem')),
    requestCert: true,
  }
  secure = createServer(options, socket => {
    const plain = connect(device.port, '127.0.0.1')
    socket.on('error', () => plain.destroy()).on('close', () => plain.destroy())
    plain.on('error', () => socket.destroy())
    socket.pipe(plain).pipe(socket)
  })
  secure.listen(0, '127.0.0.1')
  await once(secure, 'listening')
})
afterEach(() => {
  subscription?.unsubscribe()
})
afterAll(async () => {
  await device.stop()
  secure.close()
  rmSync(folder, { recursive: true })
})

/** The first value, or why there is none. */
const listen = (tls: Partial<TlsOptions>) =>
  new Promise<number | string>(resolve => {
    const { port } = secure.address() as AddressInfo
    const options = modbusOptions.parse({ host: '127.0.0.1', port, tls: tlsOptions.parse(tls) })
    subscription = modbus.create(options, testContext({ signals: [testSignal(0, 'holding:0')] })).subscribe({
      next: (event: SourceEvent) => {
        if (event.kind === 'samples') resolve(event.batch.value[0]!)
      },
      error: ({ message }: AdapterError) => resolve(message),
    })
  })

describe('Modbus over TLS', () => {
  const mine = () => ({ cert: file('gemba.pem'), key: file('gemba.key') })

  it('is read where both sides know each other', async () => {
    expect(await listen({ ca: file('plc.pem'), servername: 'plc', ...mine() })).toBe(42)
  })

  it('is not believed without the authority that signed', async () => {
    expect(await listen({ servername: 'plc', ...mine() })).toContain(
      'a certificate that nobody we trust has signed (name its authority as tls.ca)',
    )
  })

  it('is not believed under another name', async () => {
    expect(await listen({ ca: file('plc.pem'), servername: 'press', ...mine() })).toContain(
      'a certificate of another name (use the name in the certificate, or set tls.servername)',
    )
  })

  it('says which file is not there', async () => {
    expect(await listen({ ca: file('none.pem') })).toContain('none.pem, cannot be read (ENOENT)')
  })

  it('is taken from anybody where the plant file says so', async () => {
    expect(await listen({ rejectUnauthorized: false, ...mine() })).toBe(42)
  })
})
