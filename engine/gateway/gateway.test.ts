import { App, us_listen_socket_close, us_socket_local_port } from 'uWebSockets.js'
import { connect } from 'node:net'
import { createRoute, z } from '@hono/zod-openapi'
import pino from 'pino'
import { afterEach, describe, expect, it } from 'vitest'
import { createRouter, refuseOtherMethods } from '../api/router.js'
import { emptyHistory } from '../api/test-history.js'
import { GatewayError } from './gateway-error.js'
import { bridge, maxBody } from './http-bridge.js'
import { openTestGateway, type TestGateway } from './test-gateway.js'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function gatewayFor(...parts: Parameters<typeof openTestGateway>): Promise<TestGateway> {
  const one = await openTestGateway(...parts)
  cleanups.push(() => one.close())
  return one
}

/**
 * Says these bytes and answers what comes back. The gateway takes a half-closed connection for a closed one, so `end`
 * says when to hang up: when it resolves, or, without it, when the gateway does.
 */
function converse(port: number, bytes: string, end?: Promise<unknown>): Promise<string> {
  return new Promise(resolve => {
    const socket = connect({ port, host: '127.0.0.1' })
    let answer = ''
    socket.on('data', chunk => {
      answer += chunk.toString('latin1')
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(answer))
    socket.write(bytes, 'latin1')
    void end?.then(() => socket.destroy())
  })
}

/** Says these bytes and goes away, politely or not. */
function abandon(port: number, bytes: string, isRude: boolean): Promise<void> {
  return new Promise(resolve => {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.on('error', () => {})
    socket.on('close', () => resolve())
    socket.write(bytes, () => (isRude ? socket.resetAndDestroy() : socket.destroy()))
  })
}

const problemOf = async (answer: Response): Promise<Record<string, unknown>> => {
  expect(answer.headers.get('content-type')).toBe('application/problem+json')
  return (await answer.json()) as Record<string, unknown>
}

describe('The gateway', () => {
  it('says which port is in use and what to do about it', async () => {
    const { gateway } = await gatewayFor()
    const second = openTestGateway({ port: gateway.port })
    await expect(second).rejects.toThrow(GatewayError)
    await expect(second).rejects.toMatchObject({
      code: 'port-in-use',
      message: `Port ${gateway.port} on 127.0.0.1 is in use. Stop what listens there, or choose another with --port or GEMBA_PORT.`,
    })
  })

  it('says when an address is not its to listen on', async () => {
    await expect(openTestGateway({ host: '192.0.2.1' })).rejects.toMatchObject({ code: 'cannot-listen' })
  })

  it('ticks by itself until it is closed', async () => {
    let ticks: (() => void) | undefined
    let isStopped = false
    const { gateway, connect, floor } = await gatewayFor({
      tickMs: 250,
      repeat: (callback, ms) => {
        expect(ms).toBe(250)
        ticks = callback
        return () => {
          isStopped = true
        }
      },
    })
    const client = await connect()
    expect((await client.next('hello')).tickMs).toBe(250)
    floor.advance(1_000)
    ticks?.()
    await client.next('heartbeat')
    gateway.close()
    expect(isStopped).toBe(true)
  })

  it('answers HEAD with the headers of GET and no body', async () => {
    const { url } = await gatewayFor()
    const get = await fetch(url('/api/v1/plant'))
    const length = (await get.arrayBuffer()).byteLength
    const head = await fetch(url('/api/v1/plant'), { method: 'HEAD' })
    expect(head.headers.get('content-length')).toBe(String(length))
    expect(head.headers.get('content-type')).toBe('application/json')
    expect((await head.arrayBuffer()).byteLength).toBe(0)
    expect((await fetch(url('/api/v1/none'), { method: 'HEAD' })).status).toBe(404)
  })

  it('answers what it does not know with a problem: 404, 405', async () => {
    const { url } = await gatewayFor()
    expect(await problemOf(await fetch(url('/api/v1/nothing?x=1')))).toEqual({
      type: 'about:blank',
      title: 'Not Found',
      status: 404,
      detail: 'Nothing is at /api/v1/nothing.',
      instance: '/api/v1/nothing',
    })
    const wrong = await fetch(url('/api/v1/machines/b-01'), { method: 'DELETE' })
    expect(wrong.status).toBe(405)
    expect(wrong.headers.get('allow')).toBe('GET, HEAD')
    expect(await problemOf(wrong)).toMatchObject({ status: 405 })
    expect((await fetch(url('/nothing'), { method: 'POST', body: 'x' })).status).toBe(404)
    expect((await fetch(url('/'), { method: 'POST', body: 'x' })).status).toBe(405)
  })

  it('answers a body that is too large with 413, whether announced or not', async () => {
    const { gateway, url } = await gatewayFor()
    const large = new Uint8Array(maxBody + 1)
    const answer = await fetch(url('/api/v1/plant'), { method: 'POST', body: large })
    expect(answer.status).toBe(413)
    expect(await problemOf(answer)).toMatchObject({
      detail: `The body is larger than the ${maxBody} bytes that are read.`,
    })
    const chunk = `${(maxBody + 1).toString(16)}\r\n${'x'.repeat(maxBody + 1)}\r\n0\r\n\r\n`
    const chunked = await converse(
      gateway.port,
      `POST /api/v1/plant HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n${chunk}`,
    )
    expect(chunked).toContain('413 Payload Too Large')
  })

  it('answers to loopback names only while it is bound to loopback', async () => {
    const { gateway } = await gatewayFor()
    const ask = (host: string): Promise<string> =>
      converse(gateway.port, `GET /api/v1/plant HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`)
    expect(await ask('rebound.example:8080')).toContain('421 Misdirected Request')
    for (const host of ['localhost:8080', '127.0.0.1', '[::1]:8080'])
      expect(await ask(host)).toContain('200 OK')
  })

  it('survives clients that hang up in the middle', async () => {
    const { gateway, url, log } = await gatewayFor({
      store: {
        ...emptyHistory,
        history: () => new Promise(resolve => setImmediate(() => resolve([]))),
      },
    })
    const asks = [
      'GET /api/v1/signals/b-01.t1/history HTTP/1.1\r\nhost: localhost\r\n\r\n',
      'POST /api/v1/plant HTTP/1.1\r\nhost: localhost\r\ncontent-length: 900\r\n\r\nhalf',
      'GET /api/v1/pl',
    ]
    for (let i = 0; i < 100; i++) await abandon(gateway.port, asks[i % asks.length]!, i % 2 === 0)
    expect((await fetch(url('/healthz'))).status).toBe(200)
    expect(log).toEqual([])
  })

  it('survives a thousand random requests, and never answers with a stack', async () => {
    const { gateway, url, log } = await gatewayFor()
    let state = 20_261_120
    const random = (below: number): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      return state % below
    }
    const methods = [
      'GET',
      'HEAD',
      'POST',
      'PUT',
      'DELETE',
      'OPTIONS',
      'PATCH',
      'TRACE',
      'CONNECT',
      'BREW',
      '\u0000',
      'get',
    ]
    const paths = [
      '/',
      '/api/v1/machines',
      '/api/v1/machines/%',
      '/api/v1/signals/b-01.t1/history',
      '/assets/',
      '//',
      '/api/v1/stream',
    ]
    const junk = [
      '%00',
      '%2e%2e%2f',
      '../../etc/passwd',
      '?limit=',
      '?from=',
      '&points=9e9',
      'ü',
      '\u0001',
      '#',
      '%ff%fe',
      ';',
      ' ',
      '"',
    ]
    const headers = [
      'accept-encoding: br',
      'content-length: 5',
      'transfer-encoding: chunked',
      'if-none-match: *',
      'x: \u0007',
      'upgrade: websocket',
      'connection: upgrade',
      'range: bytes=0-',
      'expect: 100-continue',
      'content-length: -1',
      ': :',
      'host: localhost',
    ]
    const pick = <T>(list: readonly T[]): T => list[random(list.length)]!
    const asks = Array.from({ length: 1_000 }, () => {
      const path = pick(paths) + Array.from({ length: random(4) }, () => pick(junk)).join('')
      const lines = Array.from({ length: random(5) }, () => pick(headers))
      const body = random(3) === 0 ? 'x'.repeat(random(3_000)) : ''
      return `${pick(methods)} ${path} HTTP/1.${random(3)}\r\nhost: localhost\r\n${lines.join('\r\n')}\r\n\r\n${body}`
    })
    let answered = 0
    for (let i = 0; i < asks.length; i += 50) {
      // Nonsense may leave a connection waiting for more: hang up when the gateway has had time for the others.
      const patience = (async () => {
        for (let turn = 0; turn < 3; turn++) await fetch(url('/healthz'))
      })()
      const answers = await Promise.all(
        asks.slice(i, i + 50).map(ask => converse(gateway.port, ask, patience)),
      )
      for (const answer of answers) expect(answer).not.toMatch(/\n\s+at |node_modules|\.ts:\d/)
      answered += answers.filter(answer => answer.startsWith('HTTP/1.1 ')).length
    }
    expect(answered).toBeGreaterThan(500)
    expect((await fetch(url('/healthz'))).status).toBe(200)
    expect(log).toEqual([])
  }, 20_000)
})

describe('The bridge to fetch-style handlers', () => {
  async function serve(answer: (request: Request) => Response | Promise<Response>) {
    const log: string[] = []
    const logger = pino({ level: 'warn' }, { write: line => log.push(line) })
    const app = App().any('/*', bridge({ answer, logger }))
    const port = await new Promise<number>(resolve => {
      app.listen('127.0.0.1', 0, socket => {
        if (socket === false) return
        cleanups.push(() => {
          us_listen_socket_close(socket)
          app.close()
        })
        resolve(us_socket_local_port(socket))
      })
    })
    return { url: `http://127.0.0.1:${port}`, log }
  }

  it.each(['GET', 'DELETE'])(
    'hands on the address of a %s as it was, with a query and without',
    async method => {
      const { url } = await serve(request => new Response(new URL(request.url).search))
      const search = async (path: string): Promise<string> =>
        (await fetch(`${url}${path}`, { method })).text()
      expect([await search('/a'), await search('/a?b=1'), await search('/a?')]).toEqual(['', '?b=1', ''])
    },
  )

  /** A route with a body, as later ones will have. */
  function echoRouter() {
    const router = createRouter(pino({ level: 'silent' }))
    const schema = z.object({ word: z.string().max(10) })
    const body = { required: true, content: { 'application/json': { schema } } }
    const responses = { 200: { description: 'The word', content: { 'application/json': { schema } } } }
    router.openapi(createRoute({ method: 'post', path: '/echo', request: { body }, responses }), c =>
      c.json(c.req.valid('json'), 200),
    )
    refuseOtherMethods(router)
    return router
  }

  it('carries bodies there and back', async () => {
    const router = echoRouter()
    const { url } = await serve(request => router.fetch(request))
    const post = (body: string, type = 'application/json'): Promise<Response> =>
      fetch(`${url}/echo`, { method: 'POST', body, headers: { 'content-type': type } })
    expect(await (await post('{"word":"hallo"}')).json()).toEqual({ word: 'hallo' })
    expect((await post('{"word":"hallo"')).status).toBe(400)
    expect((await post('word=hallo', 'text/plain')).status).toBe(415)
    const long = await post('{"word":"much too long"}')
    expect(long.status).toBe(422)
    expect(await problemOf(long)).toMatchObject({ errors: [{ path: 'json.word' }] })
    const malformed = await problemOf(await post('{'))
    expect(malformed).toMatchObject({ status: 400, title: 'Bad Request' })
  })

  it('hides why a handler failed from the client and tells the log', async () => {
    const { url, log } = await serve(() => {
      throw new Error('secret detail')
    })
    const answer = await fetch(`${url}/x?token=1`)
    expect(answer.status).toBe(500)
    expect(JSON.stringify(await problemOf(answer))).not.toContain('secret')
    expect(log.join()).toContain('secret detail')
    expect(log.join()).not.toContain('token=1')
  })

  it('sends no body and no length with 204 and 304', async () => {
    const { url } = await serve(
      request => new Response(null, { status: request.url.endsWith('a') ? 204 : 304 }),
    )
    for (const path of ['/a', '/b']) {
      const answer = await fetch(url + path)
      expect(answer.headers.get('content-length')).toBeNull()
    }
  })
})
