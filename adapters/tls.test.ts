import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { tlsOptions } from '../schema/tls.js'
import { tlsLink } from './tls.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gemba-tls-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

describe('the TLS options of a source', () => {
  it('check certificates unless told otherwise', () => {
    expect(tlsLink(tlsOptions.parse({}), { readSecret: () => '' })).toEqual({ rejectUnauthorized: true })
  })

  it('name files, which are read, and the place of the passphrase', () => {
    const ca = join(folder, 'ca.pem')
    writeFileSync(ca, 'PEM')
    const options = tlsOptions.parse({ ca, passphrase: { env: 'KEY_PASS' }, servername: 'plc' })
    const link = tlsLink(options, { readSecret: where => JSON.stringify(where) })
    expect({ ...link, ca: String(link.ca) }).toEqual({
      ca: 'PEM',
      passphrase: '{"env":"KEY_PASS"}',
      servername: 'plc',
      rejectUnauthorized: true,
    })
  })

  it('say which file cannot be read', () => {
    const options = tlsOptions.parse({ key: join(folder, 'none.pem') })
    expect(() => tlsLink(options, { readSecret: () => '' })).toThrow(
      /tls\.key, .*none\.pem, cannot be read \(ENOENT\)/,
    )
  })

  it('have no room for a clear passphrase', () => {
    const problem = tlsOptions.safeParse({ passphrase: 'hunter2' }).error?.issues[0]?.message
    expect(problem).toContain('{ env: NAME } or { file: path }')
  })
})
