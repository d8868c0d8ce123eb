import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { SourceMemory } from '../../adapters/contract.js'
import type { Clock } from '../../schema/clock.js'

/** What is remembered is written down so often at most, ms. */
const writeEveryMs = 1_000

/**
 * What an adapter remembers of its source, in a file. It is never ahead of the spool: before it is written, what was
 * accepted until then is on the disk. A file that cannot be read or written is nothing remembered: then a source begins
 * as at its first start.
 */
export class FileMemory implements SourceMemory {
  readonly #path: string
  readonly #wall: Clock
  readonly #commit: () => Promise<void>
  #newest: unknown
  #isKnown = false
  #isWritten = true
  #isWriting = false
  #writtenAt = Number.NEGATIVE_INFINITY

  constructor(path: string, wall: Clock, commit: () => Promise<void> = async () => {}) {
    this.#path = path
    this.#wall = wall
    this.#commit = commit
  }

  recall(): unknown {
    if (!this.#isKnown) {
      this.#isKnown = true
      try {
        this.#newest = JSON.parse(readFileSync(this.#path, 'utf8'))
      } catch {
        this.#newest = undefined
      }
    }
    return this.#newest
  }

  remember(value: unknown): void {
    this.#newest = value
    this.#isKnown = true
    this.#isWritten = false
    if (!this.#isWriting && this.#wall.now() - this.#writtenAt >= writeEveryMs) void this.#write()
  }

  /** The engine stops: what was accepted is safe. */
  close(): void {
    if (this.#isWritten) return
    this.#isWritten = true
    try {
      mkdirSync(dirname(this.#path), { recursive: true })
      writeFileSync(`${this.#path}.last`, JSON.stringify(this.#newest))
      renameSync(`${this.#path}.last`, this.#path)
    } catch {
      // The disk is full: more is asked for again at the next start than need be.
    }
  }

  async #write(): Promise<void> {
    this.#isWriting = true
    this.#isWritten = true
    this.#writtenAt = this.#wall.now()
    const text = JSON.stringify(this.#newest)
    try {
      await this.#commit()
      await mkdir(dirname(this.#path), { recursive: true })
      await writeFile(`${this.#path}.next`, text)
      await rename(`${this.#path}.next`, this.#path)
    } catch {
      this.#isWritten = false
    }
    this.#isWriting = false
  }
}
