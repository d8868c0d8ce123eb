import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** The newest segment and how many of its bytes are on the disk: from then on others may be told that they are safe. */
export interface Committed {
  readonly segment: number
  readonly bytes: number
}

const fileOf = (folder: string): string => join(folder, 'committed')

/** Undefined where nothing can be said: a new spool, or one of a version before. */
export function readCommitMark(folder: string): Committed | undefined {
  try {
    const [, segment, bytes] = /^(\d{12}) (\d{15})\n$/.exec(readFileSync(fileOf(folder), 'utf8')) ?? []
    return segment === undefined ? undefined : { segment: Number(segment), bytes: Number(bytes) }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/**
 * Writes down what is committed, so that the next start can tell bytes that were lost from a write that never returned.
 * It is written after the commit and in its place: one that is older than the truth is true as well.
 */
export class CommitMark {
  readonly #fd: number

  constructor(folder: string) {
    this.#fd = openSync(fileOf(folder), constants.O_RDWR | constants.O_CREAT)
  }

  /** Throws what the system does. */
  write({ segment, bytes }: Committed): void {
    writeSync(this.#fd, `${String(segment).padStart(12, '0')} ${String(bytes).padStart(15, '0')}\n`, 0)
  }

  close(): void {
    closeSync(this.#fd)
  }
}
