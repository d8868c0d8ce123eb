import { mkdirSync, readdirSync } from 'node:fs'
import { mkdir, open, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { ClickHouseError } from '@clickhouse/client'
import type { TableBlock } from '../../workers/spool/block-builder.js'
import { commitFolder } from './spool/segment.js'

/**
 * Errors of ClickHouse's that say: these values do not go into this table, today or tomorrow. All others (out of memory,
 * too many parts, read-only, a table or column that is missing) somebody can mend, and the block waits for that.
 */
const refusals = new Set([
  '6', // CANNOT_PARSE_TEXT
  '27', // CANNOT_PARSE_INPUT_ASSERTION_FAILED
  '33', // CANNOT_READ_ALL_DATA
  '53', // TYPE_MISMATCH
  '69', // ARGUMENT_OUT_OF_BOUND
  '70', // CANNOT_CONVERT_TYPE
  '117', // INCORRECT_DATA
  '131', // TOO_LARGE_STRING_SIZE
  '190', // SIZES_OF_ARRAYS_DONT_MATCH
  '321', // VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE
  '349', // CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN
  '407', // DECIMAL_OVERFLOW
  '469', // VIOLATED_CONSTRAINT
])

/** Whether the database has refused what a block says, and would again. */
export const isRefusal = (error: unknown): error is ClickHouseError =>
  error instanceof ClickHouseError && refusals.has(error.code)

/** Blocks that the database would not have: kept as they are, in Native format, each with its reason beside it. */
export class RefusedBlocks {
  readonly folder: string
  #count: number

  constructor(folder: string) {
    this.folder = folder
    mkdirSync(folder, { recursive: true })
    this.#count = readdirSync(folder).filter(name => name.endsWith('.native')).length
  }

  /** How many are kept, those of earlier runs included. */
  get count(): number {
    return this.#count
  }

  /** Resolves with the path of the block when it is on the disk: afterwards its segment may go. */
  async keep({ table, rows, body }: TableBlock, token: string, error: Error, now: number): Promise<string> {
    await mkdir(this.folder, { recursive: true })
    const path = join(this.folder, `${token}.native`)
    const told = { table, rows, token, refused: new Date(now).toISOString(), reason: error.message }
    await write(join(this.folder, `${token}.json`), `${JSON.stringify(told, null, 2)}\n`)
    await write(path, body)
    await commitFolder(this.folder)
    this.#count++
    return path
  }
}

async function write(path: string, content: string | Uint8Array): Promise<void> {
  const part = `${path}.part`
  const file = await open(part, 'w')
  try {
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(part, path)
}
