import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { TokenBook } from './token-book.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gemba-tokens-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

describe('the tokens of a data folder', () => {
  it('are known once made, to another reader of the folder too, until revoked', () => {
    const [writer, reader] = [new TokenBook(folder), new TokenBook(folder)]
    expect(reader.list()).toEqual([])
    const { token, entry } = writer.create('ingest', 'press gateway', 0)
    expect(reader.find(token)).toEqual(entry)
    expect(entry).toMatchObject({
      name: 'press gateway',
      role: 'ingest',
      created: '1970-01-01T00:00:00.000Z',
    })
    expect(reader.find(`${token}x`)).toBeUndefined()
    expect(writer.revoke(entry.id)).toBe(true)
    expect(writer.revoke(entry.id)).toBe(false)
    expect(writer.find(token)).toBeUndefined()
  })

  it('are kept as hashes, for the owner alone', () => {
    const { token } = new TokenBook(folder).create('ingest', 'x', 0)
    const path = join(folder, 'tokens.json')
    expect(readFileSync(path, 'utf8')).not.toContain(token.slice(6))
    expect(statSync(path).mode & 0o077).toBe(0)
  })

  it('are all different', () => {
    const book = new TokenBook(folder)
    const tokens = new Set(Array.from({ length: 20 }, () => book.create('ingest', 'x', 0).token))
    expect([tokens.size, book.list().length]).toEqual([20, 20])
  })
})
