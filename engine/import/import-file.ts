import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { EngineError } from '../errors.js'
import { type ImportAccount, type ImportBlock, rowsOfBlock } from './block.js'
import { BlockMaker, type ImportContext } from './block-maker.js'
import type { BlockOutcome } from './import-desk.js'
import { readRows } from './import-rows.js'
import type { Mapping } from './mapping.js'

export interface FileImport {
  readonly path: string
  readonly mapping: Mapping
  readonly context: ImportContext
  readonly signal: AbortSignal
  /** Resolves when the block is safe. */
  take(block: ImportBlock): Promise<BlockOutcome>
  onProgress(account: ImportAccount): void
}

/** Brings a file in, block by block. Throws EngineError; what was taken until then stays, and is not taken again. */
export async function importFile(wanted: FileImport): Promise<ImportAccount> {
  const { path, mapping, context, signal } = wanted
  const file = await hashOfFile(path)
  const key = { file, mapping: hashOf(JSON.stringify(mapping)), name: basename(path) }
  const { columns, rows } = await readRows(path, mapping)
  const maker = new BlockMaker(key, mapping, columns, context)
  let account: ImportAccount = { rows: 0, taken: 0, known: 0, refused: {}, doubted: {} }
  const close = async (isLast: boolean): Promise<void> => {
    const block = maker.close(isLast)
    account = added(account, block, await wanted.take(block))
    wanted.onProgress(account)
  }
  for await (const row of rows) {
    // Only when more comes is it known that a full block is not the last.
    if (maker.rows === rowsOfBlock) await close(false)
    if (signal.aborted) return account
    maker.take(row)
  }
  await close(true)
  return account
}

function added(account: ImportAccount, block: ImportBlock, outcome: BlockOutcome): ImportAccount {
  const refused: Record<string, number> = { ...account.refused }
  const doubted: Record<string, number> = { ...account.doubted }
  for (const { rule } of block.rejects) {
    const counts = rule.startsWith('value.') ? doubted : refused
    counts[rule] = (counts[rule] ?? 0) + 1
  }
  return {
    rows: account.rows + block.rows,
    taken: account.taken + (outcome === 'taken' ? block.taken : 0),
    known: account.known + (outcome === 'known' ? block.rows : 0),
    refused,
    doubted,
  }
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32)

async function hashOfFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  try {
    if (!(await stat(path)).isFile())
      throw new Error('it is no file; an import reads it twice, so write what it tells into one')
    await pipeline(createReadStream(path), hash)
  } catch (cause) {
    const { code, message: words } = cause as NodeJS.ErrnoException
    const why = code === 'ENOENT' ? 'there is no such file' : words
    throw new EngineError('bad-input', `${path} cannot be read: ${why}.`, { cause })
  }
  return hash.digest('hex').slice(0, 32)
}
