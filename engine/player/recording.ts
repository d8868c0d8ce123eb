import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { EngineError } from '../errors.js'

const gzipMagic = [0x1f, 0x8b] as const

/**
 * The rows of a recorded log in the file's order, a few hundred at a time, blank lines left out. Every byte is kept
 * (as latin1), so that the log can be sent on unchanged. Throws EngineError `bad-input` where the file cannot be read.
 */
export async function* readRows(path: string): AsyncGenerator<readonly string[], void, void> {
  let rest = ''
  try {
    for await (const text of await openText(path)) {
      const lines = (rest + String(text)).split('\n')
      rest = lines.pop() ?? ''
      const rows = lines.filter(line => line.trim() !== '')
      if (rows.length > 0) yield rows
    }
  } catch (cause) {
    throw new EngineError('bad-input', explain(path, cause), { cause })
  }
  if (rest.trim() !== '') yield [rest]
}

async function openText(path: string): Promise<Readable> {
  const isPacked = await startsWithGzip(path)
  if (!isPacked && path.endsWith('.gz')) throw new Error('it is not gzip, though its name ends in .gz')
  const file = createReadStream(path)
  if (!isPacked) return file.setEncoding('latin1')
  const text = createGunzip().setEncoding('latin1')
  // Hands the file's errors on to the reader of the text, and closes the file when the reader stops early.
  pipeline(file, text, () => undefined)
  return text
}

async function startsWithGzip(path: string): Promise<boolean> {
  const file = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0)
    return bytesRead === 2 && buffer[0] === gzipMagic[0] && buffer[1] === gzipMagic[1]
  } finally {
    await file.close()
  }
}

function explain(path: string, cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException
  switch (code) {
    case 'ENOENT':
      return `there is no file ${path}. Check the path.`
    case 'EISDIR':
      return `${path} is a folder. Name the log file in it.`
    case 'EACCES':
      return `${path} may not be read. Check its permissions.`
    case 'Z_BUF_ERROR':
      return `${path} is cut off: the gzip ends too early. Copy it again.`
    case 'Z_DATA_ERROR':
      return `${path} is damaged: ${message}. Copy it again.`
  }
  return `${path} cannot be read: ${message}`
}
