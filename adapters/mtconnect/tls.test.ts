import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { type AddressInfo, connect, createServer as createPlainServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer, type Server } from 'node:tls'
import type { Subscription } from 'rxjs'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { type TlsOptions, tlsOptions } from '../../schema/tls.js'
import type { AdapterError, SourceEvent } from '../contract.js'
import { testContext, testSignal } from '../test-context.js'
import { mtconnect } from './adapter.js'
import { mtconnectOptions } from './config.js'
import { FakeShdrServer } from './fake-server.js'

let folder: string
let source: FakeShdrServer
/** TLS around the same lines, as stunnel lays it. */
let secure: Server
let subscription: Subscription | undefined

const file = (name: string) => join(folder, name)

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gemba-shdr-tls-'))
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
  const name = ['-subj', '/CN=mill', '-addext', 'subjectAltName=DNS:mill']
  const files = ['-keyout', file('mill.key'), '-out', file('mill.pem')]
  const args = ['req', '-x509', ...curve, '-nodes', '-days', '2', ...name, ...files]
  execFileSync('openssl', args, { stdio: 'ignore' })
  source = await FakeShdrServer.start()
  secure = createServer(
    { cert: readFileSync(file('mill.pem')), key: readFileSync(file('mill.key')) },
    socket => {
      const plain = connect(source.port, '127.0.0.1')
      socket.on('error', () => plain.destroy()).on('close', () => plain.destroy())
      plain.on('error', () => socket.destroy())
      socket.pipe(plain).pipe(socket)
    },
  )
  secure.listen(0, '127.0.0.1')
  await once(secure, 'listening')
})
afterEach(() => subscription?.unsubscribe())
afterAll(async () => {
  await source.stop()
  secure.close()
  rmSync(folder, { recursive: true })
})

const portOf = (server: { address(): unknown }) => (server.address() as AddressInfo).port

/** The first value, or why there is none. */
const listen = (tls: Partial<TlsOptions>, port = portOf(secure), connectTimeoutMs = 5_000) =>
  new Promise<number | string>(resolve => {
    const options = mtconnectOptions.parse({
      host: '127.0.0.1',
      port,
      connectTimeoutMs,
      tls: tlsOptions.parse(tls),
    })
    subscription = mtconnect.create(options, testContext({ signals: [testSignal(0, 'Xabs')] })).subscribe({
      next: (event: SourceEvent) => {
        if (event.kind === 'connected')
          void source.reader().then(() => source.send('2026-01-01T00:00:00Z|Xabs|12.5\n'))
        if (event.kind === 'samples') resolve(event.batch.value[0]!)
      },
      error: ({ message }: AdapterError) => resolve(message),
    })
  })

describe('SHDR over TLS', () => {
  it('is read, and asked for its pulse, where the authority is known', async () => {
    expect(await listen({ ca: file('mill.pem'), servername: 'mill' })).toBe(12.5)
    await vi.waitFor(() => expect(source.received).toContain('* PING'))
  })

  it('is not believed without the authority that signed, nor under another name', async () => {
    expect(await listen({ servername: 'mill' })).toContain('a certificate that nobody we trust has signed')
    expect(await listen({ ca: file('mill.pem'), servername: 'press' })).toContain(
      'a certificate of another name',
    )
    expect(await listen({ ca: file('none.pem') })).toContain('none.pem, cannot be read (ENOENT)')
  })

  it('is given up where the far end takes the connection and never speaks TLS', async () => {
    const silent = createPlainServer().listen(0, '127.0.0.1')
    await once(silent, 'listening')
    expect(await listen({ ca: file('mill.pem') }, portOf(silent), 100)).toContain(
      'did not answer within 100 ms',
    )
    silent.close()
  })
})
