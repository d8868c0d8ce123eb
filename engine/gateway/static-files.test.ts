import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { StaticFiles } from './static-files.js'
import { openTestGateway, type TestGateway } from './test-gateway.js'

let one: TestGateway
beforeEach(async () => {
  one = await openTestGateway()
})
afterEach(() => one.close())

async function build(): Promise<void> {
  await mkdir(join(one.staticDir, 'assets'))
  await writeFile(join(one.staticDir, 'index.html'), '<!doctype html><title>Floor</title>')
  await writeFile(
    join(one.staticDir, 'assets', 'main-BxK3d9Qw.js'),
    `export const text = '${'floor '.repeat(500)}'`,
  )
  await writeFile(join(one.staticDir, 'assets', 'logo.png'), Uint8Array.of(1, 2, 3))
}

/** A path exactly as given: fetch would tidy it up. */
const askRaw = (path: string): Promise<string> =>
  new Promise(resolve => {
    const socket = connect({ port: one.gateway.port, host: '127.0.0.1' })
    let answer = ''
    socket.on('data', chunk => {
      answer += chunk.toString()
    })
    socket.on('close', () => resolve(answer))
    socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`)
  })

describe('The viewer’s files', () => {
  it('are missed with a page that says how to build them, and found as soon as they are', async () => {
    const page = await (await fetch(one.url('/'))).text()
    expect(page).toContain('npm run build')
    await build()
    const answer = await fetch(one.url('/'))
    expect(await answer.text()).toContain('Floor')
    expect(answer.headers.get('cache-control')).toBe('no-cache')
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'self'")
  })

  it('are typed, cached by content, and compressed once', async () => {
    await build()
    const path = one.url('/assets/main-BxK3d9Qw.js')
    const answer = await fetch(path, { headers: { 'accept-encoding': 'gzip, br' } })
    expect(answer.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
    expect(answer.headers.get('content-encoding')).toBe('br')
    expect(answer.headers.get('cache-control')).toContain('immutable')
    expect(Number(answer.headers.get('content-length'))).toBeLessThan(500)
    expect(await answer.text()).toContain('floor floor')
    const etag = answer.headers.get('etag') ?? ''
    expect((await fetch(path, { headers: { 'if-none-match': etag } })).status).toBe(304)
    const gzipped = await fetch(path, { headers: { 'accept-encoding': 'gzip, br;q=0' } })
    expect(gzipped.headers.get('content-encoding')).toBe('gzip')
    const image = await fetch(one.url('/assets/logo.png'), { headers: { 'accept-encoding': 'br' } })
    expect(image.headers.get('content-encoding')).toBeNull()
    expect(image.headers.get('content-type')).toBe('image/png')
  })

  it('are read anew when they change', async () => {
    await build()
    const before = (await fetch(one.url('/'))).headers.get('etag')
    await writeFile(join(one.staticDir, 'index.html'), '<!doctype html><title>Floor, new</title>')
    const after = await fetch(one.url('/'))
    expect(await after.text()).toContain('Floor, new')
    expect(after.headers.get('etag')).not.toBe(before)
  })

  it('never lead out of their folder', async () => {
    await build()
    await writeFile(join(one.staticDir, '..', 'gemba-secret.txt'), 'secret')
    await writeFile(join(one.staticDir, '.env'), 'secret')
    await symlink(join(one.staticDir, '..', 'gemba-secret.txt'), join(one.staticDir, 'link.txt'))
    await symlink(join(one.staticDir, '..'), join(one.staticDir, 'up'))
    for (const path of [
      '/../gemba-secret.txt',
      '/..%2fgemba-secret.txt',
      '/%2e%2e/gemba-secret.txt',
      '/assets/../../gemba-secret.txt',
      '/assets/..%5c..%5cgemba-secret.txt',
      '/.env',
      '/link.txt',
      '/up/gemba-secret.txt',
      '//etc/passwd',
      '/assets%00/logo.png',
      '/assets',
      '/assets/',
    ]) {
      expect(await askRaw(path)).toMatch(/^HTTP\/1\.1 40[04]/)
    }
  })

  it('answer any path with a file of the folder or with nothing', async () => {
    await build()
    const files = new StaticFiles(one.staticDir)
    const piece = fc.constantFrom(
      '..',
      '.',
      'assets',
      '%2e',
      '\\',
      '\0',
      'index.html',
      '~',
      'C:',
      'a'.repeat(300),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(piece, fc.string()), { maxLength: 4 }), async pieces => {
        const path = `/${pieces.join('/')}`
        const answer = await files.answer(path, new Headers())
        expect(answer === undefined || ['/', '/index.html'].includes(path)).toBe(true)
      }),
      { numRuns: 200 },
    )
  })
})
