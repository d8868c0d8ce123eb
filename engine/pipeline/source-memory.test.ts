import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { FileMemory } from './source-memory.js'

describe('what is remembered of a source', () => {
  let folder: string
  let now: number
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gemba-memory-'))
    now = 0
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  const path = () => join(folder, 'agent', 'mill.json')
  const made = (commit?: () => Promise<void>) => new FileMemory(path(), { now: () => now }, commit)
  const written = () => JSON.parse(readFileSync(path(), 'utf8')) as unknown

  it('is there after a stop, and at once for whoever asks', () => {
    const memory = made()
    expect(memory.recall()).toBeUndefined()
    memory.remember({ next: 1 })
    memory.remember({ next: 2 })
    expect(memory.recall()).toEqual({ next: 2 })
    memory.close()
    expect(made().recall()).toEqual({ next: 2 })
  })

  it('is written no sooner than what was accepted before is on the disk, and once a second', async () => {
    let release = (): void => {}
    const commits = vi.fn(() => new Promise<void>(resolve => (release = resolve)))
    const memory = made(commits)
    memory.remember(1)
    memory.remember(2)
    expect(() => written()).toThrow()
    release()
    await vi.waitFor(() => expect(written()).toBe(1))
    now = 999
    memory.remember(3)
    expect(commits).toHaveBeenCalledTimes(1)
    now = 1_000
    await vi.waitFor(() => {
      memory.remember(4)
      expect(commits).toHaveBeenCalledTimes(2)
    })
    release()
    await vi.waitFor(() => expect(written()).toBe(4))
  })

  it('that cannot be read or written is nothing', () => {
    made().close()
    const memory = new FileMemory(join(folder, 'mill.json'), { now: () => now })
    writeFileSync(join(folder, 'mill.json'), '{"next":')
    expect(memory.recall()).toBeUndefined()
    writeFileSync(join(folder, 'agent'), '')
    const unwritable = made()
    unwritable.remember(1)
    expect(() => unwritable.close()).not.toThrow()
  })
})
