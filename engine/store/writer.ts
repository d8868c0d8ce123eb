import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { WorkerPool } from '../../workers/pool.js'
import type { Database } from './database.js'
import { RollUp } from './roll-up.js'
import type { SealedSegment } from './spool/segment.js'
import type { Spool } from './spool/spool.js'

export interface WriterFigures {
  /** Rows inserted since the start, repeats that counted once included. */
  readonly rowsWritten: number
  /** Length of the last segment's inserts, ms. */
  readonly insertMs: number
  readonly retries: number
  /** Segments set aside because something in them could not be read. */
  readonly damagedSegments: number
  /** Why the last try failed; undefined when it did not. */
  readonly lastError: string | undefined
}

/**
 * Carries sealed segments into the database, one after the other and each as often as it takes. A segment's blocks go
 * in under its own tokens, so that a repeat after a failure, or after a crash, counts once.
 */
export class Writer {
  readonly #spool: Spool
  readonly #database: Database
  readonly #pool: WorkerPool
  readonly #logger: Logger
  readonly #rollUp: RollUp
  readonly #waiters = new Set<{ readonly number: number; readonly resolve: () => void }>()
  #figures: WriterFigures = {
    rowsWritten: 0,
    insertMs: 0,
    retries: 0,
    damagedSegments: 0,
    lastError: undefined,
  }
  #writtenUpTo = -1

  constructor(spool: Spool, database: Database, pool: WorkerPool, logger: Logger) {
    this.#spool = spool
    this.#database = database
    this.#pool = pool
    this.#logger = logger
    this.#rollUp = new RollUp(database)
  }

  get figures(): WriterFigures {
    return this.#figures
  }

  /** Until the spool is closed and empty, or `signal` says to leave the rest. */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.#spool.wake(), { once: true })
    for (;;) {
      const segment = await this.#spool.next(signal)
      if (segment === undefined || !(await this.#carry(segment, signal))) return
    }
  }

  /** Resolves when the segment of that number, and all before it, are in the database. */
  written(number: number): Promise<void> {
    if (this.#writtenUpTo >= number) return Promise.resolve()
    return new Promise(resolve => this.#waiters.add({ number, resolve }))
  }

  async #carry(segment: SealedSegment, signal: AbortSignal): Promise<boolean> {
    for (let delay = 100; !signal.aborted; delay = Math.min(1_000, delay * 2)) {
      try {
        const samples = await this.#insert(segment)
        this.#advance(segment.number)
        await this.#addUp(samples)
        return true
      } catch (error) {
        const lastError = error instanceof Error ? error.message : String(error)
        // Once for each trouble, not once for each try.
        if (this.#figures.lastError === undefined) {
          const waiting = { error: lastError, segment: segment.number }
          this.#logger.warn(waiting, 'store: the database does not take a segment; it waits in the spool')
        }
        this.#figures = { ...this.#figures, retries: this.#figures.retries + 1, lastError }
        await pause(delay, undefined, { signal }).catch(() => undefined)
      }
    }
    return false
  }

  /** Returns how many samples were in it. */
  async #insert(segment: SealedSegment): Promise<number> {
    const { blocks, samples, damage } = await this.#pool.run('blocks', { path: segment.path })
    const startedAt = performance.now()
    let rows = 0
    for (const { table, rows: count, body } of blocks) {
      await this.#database.insertBlock(table, body, `${this.#spool.id}-${segment.number}-${table}`)
      rows += count
    }
    const keptAt = await this.#spool.done(segment, damage.length > 0)
    if (keptAt !== undefined) {
      this.#logger.error(
        { path: keptAt, damage },
        `store: bytes ${damage.map(({ from, to }) => `${from} to ${to}`).join(', ')} of a segment could not be read; the rest is in the database, the file was set aside`,
      )
    }
    this.#figures = {
      ...this.#figures,
      rowsWritten: this.#figures.rowsWritten + rows,
      insertMs: performance.now() - startedAt,
      damagedSegments: this.#figures.damagedSegments + (keptAt === undefined ? 0 : 1),
      lastError: undefined,
    }
    return samples
  }

  /** Late is better than in the way: the minutes are right without it, only slower to read. */
  async #addUp(samples: number): Promise<void> {
    try {
      await this.#rollUp.after(samples, performance.now())
    } catch (error) {
      const trouble = { error: error instanceof Error ? error.message : String(error) }
      this.#logger.warn(trouble, 'store: minutes were not added up; trying again after the next segment')
    }
  }

  #advance(number: number): void {
    this.#writtenUpTo = number
    for (const waiter of this.#waiters) {
      if (waiter.number > number) continue
      this.#waiters.delete(waiter)
      waiter.resolve()
    }
  }
}
