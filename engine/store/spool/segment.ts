import {
  closeSync,
  fdatasync,
  fsync,
  ftruncateSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { open, rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { encodeOpening, type Opening, openingBytes, scanSegment } from '../../../workers/spool/record.js'
import { isDiskFull } from '../disk-full.js'
import { StoreError } from '../errors.js'

const sync = promisify(fdatasync)
const syncAll = promisify(fsync)

/** A segment that takes no more records: one block for each table, inserted as a whole. */
export interface SealedSegment {
  /** Never used twice under one spool id. */
  readonly number: number
  readonly path: string
  /** How many were written: where the file is shorter, somebody cut it. */
  readonly bytes: number
  /** When it was begun, Unix ms; undefined for one of an earlier run. */
  readonly openedAt?: number
}

export const pathOf = (folder: string, number: number): string =>
  join(folder, `${String(number).padStart(12, '0')}.segment`)

/** Segments in a folder, oldest first. */
export function listSegments(folder: string): SealedSegment[] {
  return readdirSync(folder)
    .flatMap(name => {
      const number = /^(\d{12})\.segment$/.exec(name)?.[1]
      if (number === undefined) return []
      const path = join(folder, name)
      return [{ number: Number(number), path, bytes: statSync(path).size }]
    })
    .sort((a, b) => a.number - b.number)
}

/** The segment being written. */
export class OpenSegment {
  readonly number: number
  readonly path: string
  readonly openedAt: number
  readonly headBytes: number
  readonly #fd: number
  #bytes: number
  /** A failed write may have left a piece behind; it goes before the next write. */
  #isRagged = false
  samples = 0

  private constructor(folder: string, number: number, head: Buffer, now: number) {
    this.number = number
    this.path = pathOf(folder, number)
    this.openedAt = now
    this.headBytes = this.#bytes = head.byteLength
    // Whole or not there: the file appears under its name with its first record in it.
    writeFileSync(`${this.path}.new`, head)
    renameSync(`${this.path}.new`, this.path)
    this.#fd = openSync(this.path, 'r+')
  }

  /** Throws StoreError('disk-full' | 'spool-failed'). */
  static create(folder: string, number: number, opening: Omit<Opening, 'kind'>, now: number): OpenSegment {
    try {
      return new OpenSegment(folder, number, encodeOpening(opening), now)
    } catch (cause) {
      throw writeError(folder, cause)
    }
  }

  get bytes(): number {
    return this.#bytes
  }

  get isEmpty(): boolean {
    return this.#bytes === this.headBytes
  }

  /** All of it or, when it throws, nothing. Throws StoreError('disk-full' | 'spool-failed'). */
  write(record: Buffer): void {
    try {
      if (this.#isRagged) this.#trim()
      let written = 0
      while (written < record.byteLength) {
        this.#isRagged = true
        written += writeSync(this.#fd, record, written, record.byteLength - written, this.#bytes + written)
      }
      this.#isRagged = false
      this.#bytes += record.byteLength
    } catch (cause) {
      try {
        this.#trim()
      } catch {
        // It stays ragged and is trimmed before the next write, or by the next start.
      }
      throw writeError(this.path, cause)
    }
  }

  /** To the disk, for a power loss. */
  commit(): Promise<void> {
    return sync(this.#fd)
  }

  seal(): SealedSegment {
    return { number: this.number, path: this.path, bytes: this.#bytes, openedAt: this.openedAt }
  }

  close(): void {
    closeSync(this.#fd)
  }

  #trim(): void {
    ftruncateSync(this.#fd, this.#bytes)
    this.#isRagged = false
  }
}

/** Makes names in a folder survive a power loss. */
export async function commitFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await syncAll(handle.fd)
  } finally {
    await handle.close()
  }
}

export const removeSegment = (segment: SealedSegment): Promise<void> => unlink(segment.path)

/** Where a damaged segment is kept for a person to look at; it is not read again. */
export const asidePath = (segment: SealedSegment): string => `${segment.path}.corrupt`

export const setAside = (segment: SealedSegment): Promise<void> => rename(segment.path, asidePath(segment))

export const readSegment = (segment: SealedSegment): Buffer => readFileSync(segment.path)

/** The first record alone; undefined where it cannot be read. */
export function readOpening({ path }: SealedSegment): Opening | undefined {
  const bytes = Buffer.alloc(openingBytes)
  const fd = openSync(path, 'r')
  try {
    const [first] = scanSegment(bytes.subarray(0, readSync(fd, bytes))).records
    return first?.kind === 'opening' ? first : undefined
  } finally {
    closeSync(fd)
  }
}

function writeError(path: string, cause: unknown): StoreError {
  const code = (cause as NodeJS.ErrnoException).code ?? ''
  if (isDiskFull(cause)) {
    const message = `The disk is full (${code} writing ${path}): nothing is accepted until there is room. Free some space; it goes on by itself.`
    return new StoreError('disk-full', message, { cause })
  }
  const message = `The spool cannot be written (${code} at ${path}): nothing is accepted until it can. Check the disk and the folder's permissions.`
  return new StoreError('spool-failed', message, { cause })
}
