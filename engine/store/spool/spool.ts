import type { Logger } from 'pino'
import type { Clock } from '../../../schema/clock.js'
import type { Entry } from '../../../schema/records.js'
import {
  encodeEntry,
  maxRecordBytes,
  type Opening,
  type Position,
  recordCount,
} from '../../../workers/spool/record.js'
import { StoreError } from '../errors.js'
import type { WholeSegment } from '../whole-segments.js'
import { CommitMark, type Committed } from './commit-mark.js'
import { type Recovered, recover } from './recovery.js'
import {
  commitFolder,
  OpenSegment,
  readOpening,
  removeSegment,
  type SealedSegment,
  setAside,
} from './segment.js'

/** Most bytes of a spool on disk unless told otherwise. */
export const defaultLimitBytes = 10 * 1024 ** 3

export interface SpoolOptions {
  readonly folder: string
  readonly wall: Clock
  readonly logger: Logger
  /** Most bytes on disk; more is refused. */
  readonly limitBytes?: number
  /** A segment is sealed at this many samples or bytes, or at `sealAfterMs` when the writer waits for one. */
  readonly segmentSamples?: number
  readonly segmentBytes?: number
  readonly sealAfterMs?: number
  /** Longest time from a write to its commit. */
  readonly commitAfterMs?: number
}

/**
 * What was accepted and is not yet in the store. Append-only segment files; an entry is accepted when `append` returns
 * (it survives the process) and committed when it is on the disk (it survives the machine), at the latest
 * `commitAfterMs` later. Sealed segments are taken one after the other by one writer.
 */
export class Spool {
  readonly id: string
  readonly folder: string
  /** What was in the store before this run; undefined where the oldest segment that is left cannot tell. */
  readonly carried: WholeSegment | undefined
  readonly #wall: Clock
  readonly #logger: Logger
  readonly #limitBytes: number
  readonly #segmentSamples: number
  readonly #segmentBytes: number
  readonly #sealAfterMs: number
  readonly #commitAfterMs: number
  readonly #scratch = Buffer.allocUnsafe(1024 * 1024)
  readonly #sealed: SealedSegment[]
  readonly #commitListeners = new Set<(lastSample: number) => void>()
  readonly #mark: CommitMark
  #active: OpenSegment
  #nextSample: number
  #nextRecord: number
  #sealedBytes: number
  #committed: number
  /** Written to since they were last committed. */
  readonly #dirty = new Set<OpenSegment>()
  /** Take no more records, wait for their commit. */
  #sealing: readonly OpenSegment[] = []
  #commits: Promise<void> = Promise.resolve()
  #commitTimer: NodeJS.Timeout | undefined
  #sealTimer: NodeJS.Timeout | undefined
  #waiter: (() => void) | undefined
  #isClosed = false
  /** Closed to the end: `next` has nothing more to wait for. */
  #isAllSealed = false

  private constructor(options: SpoolOptions, recovered: Recovered, position: Position) {
    this.id = recovered.id
    this.folder = options.folder
    this.#wall = options.wall
    this.#logger = options.logger
    this.#limitBytes = options.limitBytes ?? defaultLimitBytes
    this.#segmentSamples = options.segmentSamples ?? 100_000
    this.#segmentBytes = options.segmentBytes ?? 8 * 1024 ** 2
    this.#sealAfterMs = options.sealAfterMs ?? 1_500
    this.#commitAfterMs = options.commitAfterMs ?? 200
    this.#sealed = [...recovered.left]
    this.#sealedBytes = recovered.left.reduce((sum, segment) => sum + segment.bytes, 0)
    this.#nextSample = position.nextSample
    this.#nextRecord = position.nextRecord
    this.#committed = position.nextSample - 1
    this.carried = carriedBefore(recovered, position)
    const opening = { ...position, ...before(recovered.left.at(-1)) }
    this.#active = OpenSegment.create(options.folder, recovered.nextSegment, opening, this.#wall.now())
    this.#mark = new CommitMark(options.folder)
    const { torn } = recovered
    if (torn !== undefined) {
      const message = `spool: cut off a write that never returned, bytes ${torn.from} to ${torn.to} of ${torn.path}; nobody was told that it is safe`
      this.#logger.warn(torn, message)
    }
    for (const missing of recovered.missing) {
      const message = `spool: bytes ${missing.from} to ${missing.to} of ${missing.path} were on the disk and are gone; what is left of it goes to the database`
      this.#logger.error(missing, message)
    }
  }

  /** `positionInStore` is asked only in a new folder: where an earlier spool's counting stood. */
  static async open(options: SpoolOptions, positionInStore: () => Promise<Position>): Promise<Spool> {
    const recovered = recover(options.folder)
    const spool = new Spool(options, recovered, recovered.position ?? (await positionInStore()))
    await commitFolder(options.folder)
    for (const segment of recovered.empty) await removeSegment(segment)
    return spool
  }

  /** Sequence number of the newest accepted sample. */
  get accepted(): number {
    return this.#nextSample - 1
  }

  /** Sequence number of the newest sample that is on the disk. */
  get committed(): number {
    return this.#committed
  }

  get bytes(): number {
    return this.#sealedBytes + this.#active.bytes
  }

  /** Segments with something in them that are not yet in the store. */
  get waiting(): number {
    return this.#sealed.length + this.#sealing.length + (this.#active.isEmpty ? 0 : 1)
  }

  /** When the oldest segment that waits was begun, Unix ms, 0 for one of an earlier run; undefined: none waits. */
  get waitingSince(): number | undefined {
    const oldest = this.#sealed[0] ?? this.#sealing[0] ?? (this.#active.isEmpty ? undefined : this.#active)
    return oldest && (oldest.openedAt ?? 0)
  }

  /**
   * Accepts an entry; returns the sequence number of its last sample. Throws StoreError and keeps nothing of it:
   * `spool-full`, `disk-full`, `spool-failed` (later it may work), `entry-too-large`, `closed`.
   */
  append(entry: Entry): number {
    if (this.#isClosed) throw new StoreError('closed', 'The store is closed: nothing more is accepted.')
    const stored = this.#wall.now()
    const stamp = { firstSample: this.#nextSample, firstRecord: this.#nextRecord, stored }
    const record = encodeEntry(entry, stamp, this.#scratch)
    if (record.byteLength > maxRecordBytes) {
      const message = `An entry of ${record.byteLength} bytes is larger than the spool's limit of ${maxRecordBytes}. Hand it over in smaller pieces.`
      throw new StoreError('entry-too-large', message)
    }
    if (this.bytes + record.byteLength > this.#limitBytes) {
      const message = `The spool is full (${this.bytes} of ${this.#limitBytes} bytes): the database has been away for too long. Bring it back; reading goes on by itself.`
      throw new StoreError('spool-full', message)
    }
    this.#active.write(record)
    this.#dirty.add(this.#active)
    const count = entry.samples?.count ?? 0
    this.#active.samples += count
    this.#nextSample += count
    this.#nextRecord += recordCount(entry)
    this.#commitTimer ??= setTimeout(() => void this.#tryCommit(), this.#commitAfterMs)
    if (this.#active.samples >= this.#segmentSamples || this.#active.bytes >= this.#segmentBytes) this.#seal()
    else if (this.#waiter !== undefined) this.#armSealing()
    return this.#nextSample - 1
  }

  /** Resolves when everything accepted so far is on the disk, be it that the disk refused it at first. */
  async commit(): Promise<void> {
    const upTo = this.accepted
    await this.#tryCommit()
    while (this.#committed < upTo && !this.#isClosed) {
      await new Promise<void>(resolve => {
        const stop = this.onCommitted(() => {
          stop()
          resolve()
        })
      })
    }
  }

  #tryCommit(): Promise<void> {
    clearTimeout(this.#commitTimer)
    this.#commitTimer = undefined
    this.#commits = this.#commits.then(() => this.#commitDirty())
    return this.#commits
  }

  /** Told the newest committed sample after each commit. Returns the way to stop that. */
  onCommitted(listener: (lastSample: number) => void): () => void {
    this.#commitListeners.add(listener)
    return () => this.#commitListeners.delete(listener)
  }

  /** Number of the newest segment with something in it; undefined when all is in the store. */
  get newestSegment(): number | undefined {
    if (!this.#active.isEmpty) return this.#active.number
    return this.#sealing.at(-1)?.number ?? this.#sealed.at(-1)?.number
  }

  /**
   * The oldest segment, sealed; waits for one. Undefined when the spool is closed and nothing is left, or when `signal`
   * is aborted (which `wake` must tell it).
   */
  async next(signal: AbortSignal): Promise<SealedSegment | undefined> {
    for (;;) {
      if (signal.aborted) return undefined
      const oldest = this.#sealed[0]
      if (oldest !== undefined) return oldest
      // While it closes its last segment is still being sealed.
      if (this.#isAllSealed) return undefined
      await new Promise<void>(resolve => {
        this.#waiter = resolve
        if (!this.#active.isEmpty) this.#armSealing()
      })
    }
  }

  /** The segment is in the store. A damaged one is kept aside. */
  async done(segment: SealedSegment, isDamaged: boolean): Promise<void> {
    if (isDamaged) await setAside(segment)
    else await removeSegment(segment)
    this.#sealed.shift()
    this.#sealedBytes -= segment.bytes
  }

  /** Seals what there is, so that the writer gets it without waiting for more. */
  flush(): Promise<void> {
    if (this.#active.isEmpty) return this.#commits
    this.#seal()
    return this.#commits
  }

  /** Nothing more is accepted; what is there can still be taken with `next`. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    clearTimeout(this.#sealTimer)
    await this.flush()
    await this.#tryCommit()
    clearTimeout(this.#commitTimer)
    this.#active.close()
    this.#mark.close()
    this.#isAllSealed = true
    this.wake()
  }

  #armSealing(delay = Math.max(0, this.#sealAfterMs - (this.#wall.now() - this.#active.openedAt))): void {
    this.#sealTimer ??= setTimeout(
      () => {
        this.#sealTimer = undefined
        if (!this.#isClosed && !this.#active.isEmpty && this.#waiter !== undefined) this.#seal()
      },
      Math.min(this.#sealAfterMs, delay),
    )
  }

  #seal(): void {
    const full = this.#active
    const opening = { nextSample: this.#nextSample, nextRecord: this.#nextRecord, ...before(full) }
    try {
      this.#active = OpenSegment.create(this.folder, full.number + 1, opening, this.#wall.now())
    } catch (error) {
      // The entry is safe where it is; the segment grows until a new one can be made.
      this.#logger.error({ err: error }, 'spool: no new segment could be made; the old one goes on')
      if (!this.#isClosed) this.#armSealing(this.#sealAfterMs)
      return
    }
    clearTimeout(this.#sealTimer)
    this.#sealTimer = undefined
    this.#sealedBytes += full.bytes
    this.#sealing = [...this.#sealing, full]
    this.#dirty.add(full)
    this.#dirty.add(this.#active)
    void this.#tryCommit()
  }

  async #commitDirty(): Promise<void> {
    const upTo = this.accepted
    const dirty = [...this.#dirty]
    const sealing = this.#sealing
    const active = this.#dirty.has(this.#active)
      ? { segment: this.#active.number, bytes: this.#active.bytes }
      : undefined
    this.#dirty.clear()
    try {
      await Promise.all(dirty.map(segment => segment.commit()))
      if (sealing.length > 0) await commitFolder(this.folder)
    } catch (error) {
      this.#logger.error({ err: error }, 'spool: the disk did not confirm a write; trying again')
      for (const segment of dirty) this.#dirty.add(segment)
      if (!this.#isClosed) this.#commitTimer ??= setTimeout(() => void this.#tryCommit(), this.#commitAfterMs)
      return
    }
    if (active !== undefined) this.#writeMark(active)
    this.#committed = upTo
    for (const listener of this.#commitListeners) listener(upTo)
    // Only now: a token must never stand for two contents, so no bytes go out that could still be lost.
    for (const segment of sealing) {
      segment.close()
      this.#sealed.push(segment.seal())
    }
    // Those that were sealed meanwhile stand behind them. Until here they count as waiting: a flush waits for them.
    this.#sealing = this.#sealing.slice(sealing.length)
    if (sealing.length > 0) this.wake()
  }

  /** Before anybody is told. One that cannot be written costs nothing but that a cut would be taken for a torn write. */
  #writeMark(committed: Committed): void {
    try {
      this.#mark.write(committed)
    } catch (error) {
      this.#logger.warn({ err: error }, 'spool: what is on the disk could not be written down')
    }
  }

  /** Lets `next` look again. */
  wake(): void {
    const waiter = this.#waiter
    this.#waiter = undefined
    waiter?.()
  }
}

function carriedBefore({ left, nextSegment }: Recovered, position: Position): WholeSegment | undefined {
  const [oldest] = left
  if (oldest === undefined) return { number: nextSegment - 1, end: position }
  const end = readOpening(oldest)
  return end && { number: oldest.number - 1, end }
}

/** What a segment keeps of the one before it. */
const before = (segment: Pick<SealedSegment, 'number' | 'bytes'> | undefined): Pick<Opening, 'before'> =>
  segment === undefined ? {} : { before: { number: segment.number, bytes: segment.bytes } }
