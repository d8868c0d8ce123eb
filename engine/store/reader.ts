import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { DataDirectory } from '../data-directory.js'
import { EngineError } from '../errors.js'
import { readAddress } from './address-file.js'
import { Database } from './database.js'
import { startEmbedded } from './embedded/embedded.js'

export interface ReaderOptions {
  readonly dataDir: string
  readonly clickhouseUrl?: string
  readonly logger: Logger
}

/** A database to read from. */
export interface StoreReader {
  readonly database: Database
  close(): Promise<void>
}

/**
 * Opens the history for a verb: your own ClickHouse, that of the engine that runs on the folder, or, where none does,
 * the folder itself for as long as the verb takes. It cannot write. Throws EngineError `bad-input` where there is no
 * history, `store-unavailable`, `data-dir-not-writable`.
 */
export async function openReader({ dataDir, clickhouseUrl, logger }: ReaderOptions): Promise<StoreReader> {
  if (clickhouseUrl !== undefined) return readerOf(new Database(clickhouseUrl))
  const path = join(dataDir, 'clickhouse')
  if (!existsSync(path)) {
    const message = `There is no history in ${dataDir}. Name the data folder of the engine with --data, or your own ClickHouse with --clickhouse-url.`
    throw new EngineError('bad-input', message)
  }
  let folder: DataDirectory
  try {
    folder = await DataDirectory.open(dataDir)
  } catch (error) {
    const running = error instanceof EngineError && error.code === 'data-dir-locked'
    const address = running ? readAddress(dataDir) : undefined
    if (address === undefined) throw error
    return readerOf(new Database(address))
  }
  try {
    const embedded = await startEmbedded({ path, logger })
    return readerOf(new Database(embedded.url), async () => {
      await embedded.stop()
      await folder.close()
    })
  } catch (cause) {
    await folder.close()
    throw new EngineError('store-unavailable', cause instanceof Error ? cause.message : String(cause), {
      cause,
    })
  }
}

const readerOf = (database: Database, leave = async (): Promise<void> => undefined): StoreReader => ({
  database,
  async close() {
    await database.close()
    await leave()
  },
})
