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

export async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

/** What is wrong with files of a folder; nothing: they are as they were written. */
export async function faultsOf(folder: string, files: readonly WrittenFile[]): Promise<string[]> {
  const faults: string[] = []
  for (const { path, bytes, sha256 } of files) {
    const file = join(folder, path)
    const size = await stat(file).then(
      found => found.size,
      () => undefined,
    )
    if (size === undefined) faults.push(`${file} is missing`)
    else if (size !== bytes || (await hashOf(file)) !== sha256)
      faults.push(`${file} is not as it was written`)
  }
  return faults
}
