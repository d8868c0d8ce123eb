import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { csvRows } from '../../adapters/csv.js'
import { moduleUrl, sourceExecArgv } from '../../workers/source.js'
import { EngineError } from '../errors.js'

/** A row of a file, its fields in the order of the columns; an absent value is an empty field. */
export interface ImportRow {
  /** Line of a CSV, row of a Parquet file, from 1. */
  readonly place: number
  readonly fields: readonly string[]
  /** As it stands in the file. */
  readonly raw: string
}

export interface ImportRows {
  readonly columns: readonly string[]
  readonly rows: AsyncIterable<ImportRow>
}

export interface RowOptions {
  readonly delimiter?: string | undefined
  readonly encoding: string
}

/** The rows of a CSV or Parquet file, as they come. Throws EngineError 'bad-input', also while they come. */
export async function readRows(path: string, options: RowOptions): Promise<ImportRows> {
  const rows = path.toLowerCase().endsWith('.parquet') ? parquetRows(path) : textRows(path, options)
  const first = await rows.next()
  if (first.done === true) throw new EngineError('bad-input', `${path} is empty.`)
  return { columns: first.value.fields.map(name => name.trim()), rows }
}

async function* textRows(path: string, { delimiter, encoding }: RowOptions): AsyncGenerator<ImportRow> {
  try {
    for await (const { line, fields, raw } of csvRows(decoded(path, encoding), delimiter))
      yield { place: line, fields, raw }
  } catch (cause) {
    throw fault(path, cause)
  }
}

async function* decoded(path: string, encoding: string): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding, { fatal: true })
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }))
    yield decoder.decode(chunk, { stream: true })
  yield decoder.decode()
}

async function* parquetRows(path: string): AsyncGenerator<ImportRow> {
  const child = spawn(
    process.execPath,
    [...sourceExecArgv(import.meta.url), fileURLToPath(moduleUrl('./parquet-child', import.meta.url)), path],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const ended = once(child, 'close') as Promise<[number | null, string | null]>
  let said = ''
  child.stderr.on('data', chunk => {
    said += chunk
  })
  try {
    let place = 0
    for await (const raw of createInterface({ input: child.stdout, crlfDelay: Number.POSITIVE_INFINITY })) {
      const values = JSON.parse(raw) as unknown[]
      yield { place: place++, raw, fields: values.map(textOf) }
    }
    const [code, signal] = await ended
    if (code !== 0) throw new Error(said || `the reader ended with ${signal ?? code}`)
  } catch (cause) {
    throw fault(path, cause)
  } finally {
    child.kill('SIGKILL')
  }
}

const textOf = (value: unknown): string => {
  if (value === null || value === undefined) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

function fault(path: string, cause: unknown): EngineError {
  if (cause instanceof EngineError) return cause
  const { code, message } = cause as NodeJS.ErrnoException
  const known: Record<string, string> = {
    ENOENT: 'there is no such file',
    EISDIR: 'it is a folder',
    ERR_ENCODING_INVALID_ENCODED_DATA: 'it is not in the encoding that the mapping says (encoding: utf-8)',
    ERR_ENCODING_NOT_SUPPORTED: 'the mapping names an encoding that there is not',
  }
  return new EngineError('bad-input', `${path} cannot be read: ${known[code ?? ''] ?? message}.`, { cause })
}
