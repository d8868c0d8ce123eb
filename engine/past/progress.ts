import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { EngineError } from '../errors.js'

const progressFile = z.object({
  /** What the past is made from: another plan cannot go on with it. */
  plan: z.string(),
  /** Begin and end, Unix ms. */
  from: z.number(),
  to: z.number(),
})
export type Progress = z.infer<typeof progressFile>

const name = 'past.json'

/** How far the past in a data folder has come; undefined where there is none. */
export function readProgress(folder: string): Progress | undefined {
  let text: string
  try {
    text = readFileSync(join(folder, name), 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new EngineError('data-dir-not-writable', `${join(folder, name)} cannot be read.`, { cause })
  }
  const read = progressFile.safeParse(JSON.parse(text))
  if (read.success) return read.data
  const message = `${join(folder, name)} is not what it was written as; the past in this folder cannot be gone on with.`
  throw new EngineError('bad-input', message, { cause: read.error })
}

/** Whole or not at all: half a file would lose the past that is there. */
export function writeProgress(folder: string, progress: Progress): void {
  const path = join(folder, name)
  writeFileSync(`${path}.new`, JSON.stringify(progress))
  renameSync(`${path}.new`, path)
}
