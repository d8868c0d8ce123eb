import { existsSync, readdirSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type BackupReport, backup, isBackup } from './backup.js'
import type { Database } from './database.js'

const pattern = /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ$/

export interface BackupSeriesOptions {
  /** Folder of the backups; each is a folder in it, named by when it was begun. */
  readonly folder: string
  readonly everyMs: number
  /** The newest so many stay. */
  readonly keep: number
}

/** Backups that are taken again and again. What else lies in the folder is left alone. */
export class BackupSeries {
  readonly #options: BackupSeriesOptions

  constructor(options: BackupSeriesOptions) {
    this.#options = options
  }

  /** When the newest whole one was begun, Unix ms; undefined where there is none. */
  get newest(): number | undefined {
    const name = this.#names().findLast(each => isBackup(join(this.#options.folder, each)))
    if (name === undefined) return undefined
    return Date.parse(`${name.slice(0, 11)}${name.slice(11).replaceAll('-', ':')}`)
  }

  isDue(now: number): boolean {
    const { newest } = this
    return newest === undefined || now - newest >= this.#options.everyMs
  }

  /** Takes one, then removes those that are too many, and what earlier ones left half done. */
  async take(database: Database, dataDir: string, now: number): Promise<BackupReport> {
    const { folder, keep } = this.#options
    const name = `${new Date(now).toISOString().slice(0, 19).replaceAll(':', '-')}Z`
    await mkdir(folder, { recursive: true })
    for (const half of this.#names().filter(each => !isBackup(join(folder, each))))
      await rm(join(folder, half), { recursive: true, force: true })
    const report = await backup(database, dataDir, join(folder, name), now)
    for (const old of this.#names().slice(0, -keep)) await rm(join(folder, old), { recursive: true })
    return report
  }

  #names(): string[] {
    const { folder } = this.#options
    if (!existsSync(folder)) return []
    return readdirSync(folder)
      .filter(name => pattern.test(name))
      .sort()
  }
}
