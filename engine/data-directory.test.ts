import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DataDirectory } from './data-directory.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gemba-data-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('the data directory', () => {
  it('admits one engine at a time, and the next when the first has left', async () => {
    const first = await DataDirectory.open(folder)
    await expect(DataDirectory.open(folder)).rejects.toMatchObject({ code: 'data-dir-locked', exitCode: 4 })
    await first.close()
    await (await DataDirectory.open(folder)).close()
  })

  it('says so where it cannot be written', async () => {
    const file = join(folder, 'a-file')
    writeFileSync(file, '')
    await expect(DataDirectory.open(file)).rejects.toMatchObject({ code: 'data-dir-not-writable' })
    for (const nowhere of ['/dev/null/nowhere', '/proc/nowhere/at-all']) {
      await expect(DataDirectory.open(nowhere)).rejects.toThrow(/cannot be written .*--data/)
    }
    await (await DataDirectory.open(join(folder, 'new/inner'))).close()
  })

  it('remembers texts line by line and forgets a line that a crash cut off', async () => {
    const directory = await DataDirectory.open(folder)
    directory.appendTexts([
      [0, 'ACTIVE'],
      [1, 'line\nbreak'],
    ])
    appendFileSync(join(folder, 'dictionary.jsonl'), '\n[2,"half')
    directory.appendTexts([[2, 'READY']])
    expect(directory.readTexts()).toEqual([
      [0, 'ACTIVE'],
      [1, 'line\nbreak'],
      [2, 'READY'],
    ])
    await directory.close()
  })

  it('gives the installation a name of its own, once', async () => {
    const directory = await DataDirectory.open(folder)
    const other = await DataDirectory.open(join(folder, 'other'))
    const name = directory.installation()
    expect(name).toMatch(/^[0-9a-f]{8}$/)
    expect(other.installation()).not.toBe(name)
    await Promise.all([directory.close(), other.close()])
    const again = await DataDirectory.open(folder)
    expect(again.installation()).toBe(name)
    await again.close()
  })

  it('remembers indexes and when the engine last ran', async () => {
    const directory = await DataDirectory.open(folder)
    expect(directory.readIndexBook()).toEqual({ machines: {}, signals: {} })
    expect(directory.readLastAlive()).toBeUndefined()
    directory.writeIndexBook({ machines: { m: 0 }, signals: { 'm.s': 3 } })
    directory.writeLastAlive({ floorTime: 1, wallTime: 2 })
    expect(directory.readIndexBook()).toEqual({ machines: { m: 0 }, signals: { 'm.s': 3 } })
    expect(directory.readLastAlive()).toEqual({ floorTime: 1, wallTime: 2 })
    await directory.close()
  })
})
