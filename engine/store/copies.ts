import type { Logger } from 'pino'
import { Archive, tellWaiting, type WaitingDays, waitingDays } from './archive.js'
import { BackupSeries, type BackupSeriesOptions } from './backup-series.js'
import { Database } from './database.js'

export interface CopiesParts {
  /** Where the database answers. */
  readonly url: string
  readonly dataDir: string
  /** Folder for raw telemetry before it is dropped; none unless given. */
  readonly archive?: string
  readonly backups?: BackupSeriesOptions
  /** When the oldest of what is not yet in the database was accepted, Unix ms at most; undefined: all is in. */
  readonly waitingSince: () => number | undefined
  /** Why that does not go in; undefined where nothing is known. */
  readonly whyWaiting?: () => string | undefined
  readonly wall: { now(): number }
  readonly logger: Logger
}

/** What is copied out of the database while it runs: the archive and the backups. */
export class Copies {
  readonly #parts: CopiesParts
  readonly #archive: Archive | undefined
  readonly #backups: BackupSeries | undefined
  readonly #failures = new Map<'archive' | 'backup', string>()
  #working: Promise<void> | undefined
  readonly #stop = new AbortController()

  constructor(parts: CopiesParts) {
    this.#parts = parts
    this.#archive = parts.archive === undefined ? undefined : new Archive(parts.archive)
    this.#backups = parts.backups && new BackupSeries(parts.backups)
  }

  /** What did not work the last time, and what waits, in words. */
  get warnings(): string[] {
    const waiting = this.#waiting
    if (waiting === undefined) return [...this.#failures.values()]
    return [...this.#failures.values(), `the archive at ${this.#parts.archive}: ${tellWaiting(waiting)}`]
  }

  /** Whether days that are over cannot be archived yet. */
  get isWaiting(): boolean {
    return this.#waiting !== undefined
  }

  get #waiting(): WaitingDays | undefined {
    const { wall, waitingSince, whyWaiting } = this.#parts
    return this.#archive && waitingDays(wall.now(), waitingSince(), whyWaiting?.())
  }

  /** 1 while the last try has failed. */
  isFailing(what: 'archive' | 'backup'): boolean {
    return this.#failures.has(what)
  }

  /** When the newest backup was begun, Unix ms; 0 where there is none. */
  get newestBackup(): number {
    return this.#backups?.newest(this.#parts.wall.now()) ?? 0
  }

  /** Does what is due; call it every few minutes. Never throws. */
  tick(): Promise<void> {
    if (this.#stop.signal.aborted || (this.#archive ?? this.#backups) === undefined) return Promise.resolve()
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined
    })
    return this.#working
  }

  /** Waits for the day that is on its way into the archive; a backup is broken off, and due again at the next start. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#working
  }

  async #work(): Promise<void> {
    const { url, wall, waitingSince, logger, dataDir, archive, backups } = this.#parts
    const { signal } = this.#stop
    const database = new Database(url)
    try {
      await this.#try('archive', `the archive at ${archive}`, async () => {
        if (this.#archive === undefined) return
        await this.#archive.noteWaiting(this.#waiting, wall.now())
        for await (const { day, files } of this.#archive.add(database, wall.now(), waitingSince)) {
          const rows = files.reduce((sum, file) => sum + file.rows, 0)
          logger.info({ day, rows }, `archive: raw telemetry accepted on ${day} is in ${archive}`)
          if (signal.aborted) return
        }
      })
      await this.#try('backup', `the backup in ${backups?.folder}`, async () => {
        if (signal.aborted || !this.#backups?.isDue(wall.now())) return
        const { rows } = await this.#backups.take(database, dataDir, wall.now(), signal)
        logger.info({ rows }, `backup: ${rows} rows are in ${backups!.folder}`)
      })
    } finally {
      await database.close()
    }
  }

  async #try(what: 'archive' | 'backup', name: string, work: () => Promise<void>): Promise<void> {
    try {
      await work()
      this.#failures.delete(what)
    } catch (error) {
      if (error === this.#stop.signal.reason) return
      const why = error instanceof Error ? error.message : String(error)
      const lost = what === 'archive' ? ' Raw telemetry is dropped after 90 days, archived or not.' : ''
      const message = `${name} cannot be written (${why}); trying again.${lost}`
      this.#failures.set(what, message)
      this.#parts.logger.error({ err: error }, message)
    }
  }
}
