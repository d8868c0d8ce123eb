import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const fileOf = (dataDir: string): string => join(dataDir, 'clickhouse.url')

/** Where the ClickHouse of a running engine answers, for verbs that want to read from it. */
export function writeAddress(dataDir: string, url: string): void {
  writeFileSync(fileOf(dataDir), url)
}

export function removeAddress(dataDir: string): void {
  rmSync(fileOf(dataDir), { force: true })
}

/** Undefined where no engine has said so. */
export function readAddress(dataDir: string): string | undefined {
  try {
    return readFileSync(fileOf(dataDir), 'utf8').trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
