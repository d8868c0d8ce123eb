import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

/** What is kept of a file, to know it again. */
export interface WrittenFile {
  /** Below the folder of all of them. */
  readonly path: string
  readonly bytes: number
  readonly sha256: string
}

export async function hashOf(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash, { signal })
  return hash.digest('hex')
}

/** Heeded and told while files are read or written, one by one. */
export interface Work<Progress> {
  /** Aborted: ends with an error, as soon as it can. */
  readonly signal?: AbortSignal
  /** Told after each file. */
  readonly onProgress?: (progress: Progress) => void
}

/** What is wrong with files of a folder; nothing: they are as they were written. Tells how many were read. */
export async function faultsOf(
  folder: string,
  files: readonly WrittenFile[],
  { signal, onProgress }: Work<number> = {},
): Promise<string[]> {
  const faults: string[] = []
  for (const [i, { path, bytes, sha256 }] of files.entries()) {
    signal?.throwIfAborted()
    const file = join(folder, path)
    const size = await stat(file).then(
      found => found.size,
      () => undefined,
    )
    if (size === undefined) faults.push(`${file} is missing`)
    else if (size !== bytes || (await hashOf(file, signal)) !== sha256)
      faults.push(`${file} is not as it was written`)
    onProgress?.(i + 1)
  }
  return faults
}
