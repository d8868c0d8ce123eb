import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Clock } from '../../schema/clock.js'
import type { Blocks, Damage } from '../../workers/blocks.js'
import { PoolError, type WorkerPool } from '../../workers/pool.js'
import type { TableBlock } from '../../workers/spool/block-builder.js'
import type { ByteRange } from '../../workers/spool/record.js'
import type { Database } from './database.js'
import { StoreError } from './errors.js'
import { isRefusal, RefusedBlocks } from './refused-blocks.js'
import { RollUp } from './roll-up.js'
import { asidePath, type SealedSegment } from './spool/segment.js'
import type { Spool } from './spool/spool.js'
import { markWhole, type WholeSegment } from './whole-segments.js'

/** Longest time between two marks of what is in as a whole, ms. */
const markEveryMs = 10_000

export interface WriterFigures {
  /** Rows inserted since the start, repeats that counted once included. */
  readonly rowsWritten: number
  /** Length of the last segment's inserts, ms. */
  readonly insertMs: number
  readonly retries: number
  /** Segments set aside because something in them could not be read. */
  readonly damagedSegments: number
  /** Blocks that the database would not have, set aside; those of earlier runs included. */
  readonly refusedBlocks: number
  /** Why the last try failed; undefined when it did not. */
  readonly lastError: string | undefined
}

interface Waiter {
  readonly number: number
  resolve(): void
  reject(error: StoreError): void
}

/**
 * Carries sealed segments into the database, one after the other and each as often as it takes. A segment's blocks go
 * in under its own tokens, so that a repeat after a failure, or after a crash, counts once. A block that the database refuses
 * for what is in it is set aside.
 */
export class Writer {
  readonly #spool: Spool
  readonly #database: Database
  readonly #pool: WorkerPool
  readonly #logger: Logger
  readonly #wall: Clock
  readonly #rollUp: RollUp
  readonly #refused: RefusedBlocks
  readonly #waiters = new Set<Waiter>()
  #figures: WriterFigures = {
    rowsWritten: 0,
    insertMs: 0,
    retries: 0,
    damagedSegments: 0,
    refusedBlocks: 0,
    lastError: undefined,
  }
  #writtenUpTo = -1
  #markedAt = Number.NEGATIVE_INFINITY
  #hasEnded = false

  constructor(spool: Spool, database: Database, pool: WorkerPool, logger: Logger, wall: Clock) {
    this.#spool = spool
    this.#database = database
    this.#pool = pool
    this.#logger = logger
    this.#wall = wall
    this.#rollUp = new RollUp(database)
    this.#refused = new RefusedBlocks(join(spool.folder, 'refused'))
    this.#figures = { ...this.#figures, refusedBlocks: this.#refused.count }
  }

  get figures(): WriterFigures {
    return this.#figures
  }

  /** See RollUp. */
  get rolledUp(): number | undefined {
    return this.#rollUp.upTo
  }

  /** Until the spool is closed and empty, or `signal` says to leave the rest. */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.#spool.wake(), { once: true })
    for (;;) {
      const segment = await this.#spool.next(signal)
      if (segment === undefined || !(await this.#carry(segment, signal))) break
    }
    this.#hasEnded = true
    this.#giveUp(closed())
  }

  /**
   * Resolves when the segment of that number, and all before it, are in the database. Rejects with StoreError:
   * `segment-unreadable` where one of them cannot be made into blocks, `closed` where nothing more is carried.
   */
  written(number: number): Promise<void> {
    if (this.#writtenUpTo >= number) return Promise.resolve()
    if (this.#hasEnded) return Promise.reject(closed())
    return new Promise((resolve, reject) => this.#waiters.add({ number, resolve, reject }))
  }

  async #carry(segment: SealedSegment, signal: AbortSignal): Promise<boolean> {
    for (let delay = 100; !signal.aborted; delay = Math.min(1_000, delay * 2)) {
      try {
        const samples = await this.#insert(segment, signal)
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
        // A database comes back; of this nobody knows, so nobody is kept waiting.
        if (error instanceof StoreError) this.#giveUp(error)
        await pause(delay, undefined, { signal }).catch(() => undefined)
      }
    }
    return false
  }

  /** Returns how many samples were in it. */
  async #insert(segment: SealedSegment, signal: AbortSignal): Promise<number> {
    const { blocks, samples, next, damage: found, bytes } = await this.#read(segment)
    const damage = withMissing(found, { from: bytes, to: segment.bytes })
    const startedAt = performance.now()
    let rows = 0
    const refused: TableBlock[] = []
    for (const block of blocks) {
      try {
        await this.#database.insertBlock(block.table, block.body, this.#token(segment, block), signal)
        rows += block.rows
      } catch (error) {
        if (!isRefusal(error)) throw error
        refused.push(block)
      }
    }
    for (const block of refused) rows += await this.#insertOrKeep(segment, block, signal)
    if (next !== undefined) await this.#mark({ number: segment.number, end: next }, signal)
    const isDamaged = damage.length > 0
    if (isDamaged) {
      // Before it is: who dies in between tells of it once more.
      this.#logger.error(
        { path: asidePath(segment), damage },
        `store: bytes ${damage.map(placeOf).join(', ')} of a segment could not be read; the rest is in the database, the file is set aside`,
      )
    }
    await this.#spool.done(segment, isDamaged)
    this.#figures = {
      ...this.#figures,
      rowsWritten: this.#figures.rowsWritten + rows,
      insertMs: performance.now() - startedAt,
      damagedSegments: this.#figures.damagedSegments + (isDamaged ? 1 : 0),
      lastError: undefined,
    }
    return samples
  }

  /**
   * A second try for a block that was refused, when all others are in; then it is set aside, or it would hold up all that
   * comes after it for ever. Returns how many rows are in.
   */
  async #insertOrKeep(segment: SealedSegment, block: TableBlock, signal: AbortSignal): Promise<number> {
    const token = this.#token(segment, block)
    try {
      await this.#database.insertBlock(block.table, block.body, token, signal)
      return block.rows
    } catch (error) {
      if (!isRefusal(error)) throw error
      const path = await this.#refused.keep(block, token, error, this.#wall.now())
      this.#figures = { ...this.#figures, refusedBlocks: this.#refused.count }
      this.#logger.error(
        { path, table: block.table, rows: block.rows, error: error.message },
        'store: the database will not have a block; it was set aside with its reason, what comes after it goes on',
      )
      return 0
    }
  }

  /** When nothing more waits and, where there is always more, now and then: each mark is an insert of its own. */
  async #mark(whole: WholeSegment, signal: AbortSignal): Promise<void> {
    const now = performance.now()
    if (this.#spool.waiting > 1 && now - this.#markedAt < markEveryMs) return
    await markWhole(this.#database, this.#spool.id, whole, this.#wall.now(), signal)
    this.#markedAt = now
  }

  #token(segment: SealedSegment, { table }: TableBlock): string {
    return `${this.#spool.id}-${segment.number}-${table}`
  }

  async #read(segment: SealedSegment): Promise<Blocks> {
    try {
      return await this.#pool.run('blocks', { path: segment.path })
    } catch (cause) {
      if (!(cause instanceof PoolError) || cause.code !== 'task-failed') throw cause
      const message = `Segment ${segment.path} of the spool cannot be made into blocks (${cause.message}). It is kept and tried again; what comes after it waits. Look at the disk, or move the file away to go on without it.`
      throw new StoreError('segment-unreadable', message, { cause })
    }
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

  #giveUp(error: StoreError): void {
    for (const waiter of this.#waiters) waiter.reject(error)
    this.#waiters.clear()
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

/** What cannot be read, and what is not even there any more: one stretch where the one ends in the other. */
function withMissing(damage: readonly Damage[], missing: ByteRange): readonly Damage[] {
  if (missing.from >= missing.to) return damage
  const last = damage.at(-1)
  if (last?.to !== missing.from) return [...damage, missing]
  return [...damage.slice(0, -1), { ...last, to: missing.to }]
}

const placeOf = ({ from, to, why }: Damage): string =>
  `${from} to ${to}${why === undefined ? '' : ` (${why})`}`

const closed = (): StoreError =>
  new StoreError(
    'closed',
    'The store was closed before all of it was in the database; the rest is in the spool.',
  )
