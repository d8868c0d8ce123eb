import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Subscription } from 'rxjs'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { SourceEvent } from '../contract.js'
import { makeCertificate } from '../opcua/fake-server.js'
import { testContext, testSignal } from '../test-context.js'
import { http } from './adapter.js'
import { httpOptions } from './config.js'

let folder: string
let ca: string
let service: Server
let subscription: Subscription | undefined

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gemba-http-tls-'))
  const { certificate, key } = await makeCertificate(folder)
  ca = certificate
  service = createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, (_, response) =>
    response.end('{"oil":46.5}'),
  )
  service.listen(0, '127.0.0.1')
  await once(service, 'listening')
})
afterEach(() => subscription?.unsubscribe())
afterAll(() => {
  service.closeAllConnections()
  service.close()
  rmSync(folder, { recursive: true, force: true })
})

/** The first value, or why there is none. */
const listen = (tls: object) =>
  new Promise<number | string>(resolve => {
    const { port } = service.address() as AddressInfo
    const options = httpOptions.parse({
      url: `https://127.0.0.1:${port}`,
      requests: [{ values: { oil: '$.oil' } }],
      tls,
    })
    subscription = http.create(options, testContext({ signals: [testSignal(0, 'oil')] })).subscribe({
      next: (event: SourceEvent) => {
        if (event.kind === 'samples') resolve(event.batch.value[0]!)
      },
      error: ({ message }: Error) => resolve(message),
    })
  })

describe('a service over TLS', () => {
  it('is asked where its authority and its name are the right ones', async () => {
    expect(await listen({ ca, servername: 'localhost' })).toBe(46.5)
  })

  it('is not believed without its authority', async () => {
    expect(await listen({ servername: 'localhost' })).toContain(
      'a certificate that nobody we trust has signed',
    )
  })

  it('is not believed under another name', async () => {
    expect(await listen({ ca, servername: 'press' })).toContain('a certificate of another name')
  })

  it('is asked whoever it is where the plant file says so', async () => {
    expect(await listen({ rejectUnauthorized: false })).toBe(46.5)
  })
})
