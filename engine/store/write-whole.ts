import { createWriteStream } from 'node:fs'
import { rename, rm, stat } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/** Writes a stream into a file that is whole or not there; its size in bytes. Throws what the stream or the disk does. */
export async function writeWhole(stream: Readable, file: string, signal?: AbortSignal): Promise<number> {
  const part = `${file}.part`
  try {
    await pipeline(stream, createWriteStream(part), { signal })
    await rename(part, file)
  } catch (error) {
    await rm(part, { force: true })
    throw error
  }
  return (await stat(file)).size
}
