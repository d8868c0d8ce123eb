import { existsSync, readdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { makeOutputFolder } from '../make-folder.js'
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

  /**
   * When the newest whole one was begun, Unix ms; undefined where there is none. One that bears a time after `now` was
   * taken while the clock was ahead: how old it is nobody knows.
   */
  newest(now: number): number | undefined {
    return this.#names(now)
      .filter(name => isBackup(join(this.#options.folder, name)))
      .map(timeOf)
      .findLast(time => time <= now)
  }

  isDue(now: number): boolean {
    const newest = this.newest(now)
    return newest === undefined || now - newest >= this.#options.everyMs
  }

  /** Takes one, unless `signal` stops it, then removes those that are too many, and what earlier ones left half done. */
  async take(database: Database, dataDir: string, now: number, signal: AbortSignal): Promise<BackupReport> {
    const { folder, keep } = this.#options
    const name = `${new Date(now).toISOString().slice(0, 19).replaceAll(':', '-')}Z`
    makeOutputFolder(folder)
    for (const half of this.#names(now).filter(each => !isBackup(join(folder, each))))
      await rm(join(folder, half), { recursive: true, force: true })
    const report = await backup(database, dataDir, join(folder, name), now, { signal })
    for (const old of this.#names(now).slice(0, -keep)) await rm(join(folder, old), { recursive: true })
    return report
  }

  /** Oldest first; those that bear a time after `now` before all others, since they are not what was taken last. */
  #names(now: number): string[] {
    const { folder } = this.#options
    if (!existsSync(folder)) return []
    const names = readdirSync(folder)
      .filter(name => pattern.test(name))
      .sort()
    const isAhead = (name: string): boolean => timeOf(name) > now
    return [...names.filter(isAhead), ...names.filter(name => !isAhead(name))]
  }
}

/** When the backup of that name was begun, Unix ms. */
const timeOf = (name: string): number =>
  Date.parse(`${name.slice(0, 11)}${name.slice(11).replaceAll('-', ':')}`)
