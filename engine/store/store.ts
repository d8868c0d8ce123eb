import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Clock } from '../../schema/clock.js'
import type { Plant } from '../../schema/plant.js'
import type { Entry, TwinSnapshot } from '../../schema/records.js'
import { databaseName } from '../../schema/tables/definition.js'
import { rowTables } from '../../schema/tables/row-tables.js'
import { createPool, type WorkerPool } from '../../workers/pool.js'
import type { Position } from '../../workers/spool/record.js'
import type { Registry } from '../floor/floor.js'
import { removeAddress, writeAddress } from './address-file.js'
import { Database } from './database.js'
import { writeDimensions } from './dimensions.js'
import { type Embedded, startEmbedded } from './embedded/embedded.js'
import { StoreError } from './errors.js'
import {
  exportHistory,
  type HistoryQuery,
  readHistory,
  type SignalHistory,
  type TableFormat,
} from './history.js'
import { migrate } from './migrations/migrate.js'
import {
  type KnownVersion,
  listPlantVersions,
  type PlantVersion,
  readPlantVersion,
  writePlantVersion,
} from './plant-versions.js'
import { type RejectQuery, type RejectRecord, readRejects } from './reject-history.js'
import { Spool, type SpoolOptions } from './spool/spool.js'
import { type FloorAt, readFloorAt } from './state-at.js'
import { readTextHistory, type TextHistory, type TextHistoryQuery } from './text-history.js'
import { markWhole } from './whole-segments.js'
import { Writer, type WriterFigures } from './writer.js'

export interface StoreOptions {
  /** Folder for `clickhouse/` and `spool/`. */
  readonly dataDir: string
  /** Your own ClickHouse; without it the embedded one is started. */
  readonly clickhouseUrl?: string
  /** Port of the embedded one on loopback; 0 = any free one. */
  readonly clickhousePort?: number
  readonly logger: Logger
  readonly wall: Clock
  /** Worker threads to share; without it the store has one of its own. */
  readonly pool?: WorkerPool
  readonly spool?: Partial<Omit<SpoolOptions, 'folder' | 'wall' | 'logger'>>
  /** How long to wait for an earlier process to let go of the database, ms. */
  readonly lockPatienceMs?: number
}

interface StoreStatus extends WriterFigures {
  /** The database answers and has its tables. */
  readonly isReady: boolean
  /** Sequence number of the newest sample that was accepted, and that is on the disk. */
  readonly accepted: number
  readonly committed: number
  readonly spoolBytes: number
  /** Segments not yet in the database. */
  readonly segmentsWaiting: number
  /** When the oldest of these was begun, Unix ms, 0 for one of an earlier run; undefined: none waits. */
  readonly waitingSince: number | undefined
  /** How often the embedded database had to be started again. */
  readonly databaseRestarts: number
}

/** Everything that happened, for ever: accepted into a spool, carried into ClickHouse, read back. */
export interface Store {
  /** Where ClickHouse answers; the embedded one is read-only for everybody else. */
  readonly url: string
  /** Resolves when the database answers and has its tables. */
  readonly ready: Promise<void>
  /**
   * Accepts an entry as a whole; returns the sequence number of its last sample. Throws StoreError: `spool-full`,
   * `disk-full`, `spool-failed` (stop reading, try again later), `entry-too-large`, `closed`.
   */
  append(entry: Entry): number
  /** Resolves when everything accepted so far is on the disk. */
  commit(): Promise<void>
  /** Told the sequence number of the newest sample on the disk, after each commit. */
  onCommitted(listener: (lastSample: number) => void): () => void
  /** Resolves when everything accepted so far can be read from the database. */
  flush(): Promise<void>
  history(query: HistoryQuery): Promise<SignalHistory[]>
  /** The same as one table in another program's format. */
  exportHistory(query: HistoryQuery, format: TableFormat): Promise<Uint8Array>
  textHistory(query: TextHistoryQuery): Promise<TextHistory>
  rejects(query: RejectQuery): Promise<RejectRecord[]>
  /** The whole floor at an instant, Unix ms; `signals` (by index) and `machines`: those that are wanted. */
  floorAt(at: number, signals: readonly number[], machines: readonly string[]): Promise<FloorAt>
  /** The newest snapshot of every twin, those of an earlier run that were still in the spool included. */
  latestSnapshots(): Promise<TwinSnapshot[]>
  /** For reading; parameters are `{name:Type}` in the text. */
  query<Row>(sql: string, parameters?: Record<string, unknown>): Promise<Row[]>
  /** The same as bytes in one of ClickHouse's formats. */
  bytes(sql: string, parameters: Record<string, unknown>, format: string): Promise<Uint8Array>
  /** Keeps the plant model that is in force from `since` on, floor time; nothing where it was in force before. */
  keepPlant(version: PlantVersion, since: number): Promise<void>
  /** The versions of the plant, in the order in which they came into force. */
  plantVersions(): Promise<readonly KnownVersion[]>
  /** The plant model of a version; undefined where there is none. */
  plantOf(hash: string): Promise<Plant | undefined>
  /** Writes what the indexes of machines and signals mean. */
  upsertDimensions(registry: Registry): Promise<void>
  status(): StoreStatus
  /** Accepts nothing more, carries over what is left for at most `drainMs` (10 s), stops the database. */
  close(drainMs?: number): Promise<{ readonly rowsWritten: number; readonly segmentsLeft: number }>
}

/**
 * Opens the store. Throws StoreError: `data-dir-locked`, `data-dir-not-writable`, `store-failed`, `spool-damaged`,
 * `migration-failed`; `store-unreachable` only where there is no spool yet to tell where counting stood. Afterwards
 * the database may be away for as long as the spool has room.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { logger } = options
  let embedded: Embedded | undefined
  let database: Database | undefined
  try {
    if (options.clickhouseUrl === undefined) {
      embedded = await startEmbedded({
        path: join(options.dataDir, 'clickhouse'),
        port: options.clickhousePort ?? 0,
        logger,
        ...(options.lockPatienceMs === undefined ? {} : { lockPatienceMs: options.lockPatienceMs }),
      })
    }
    const url = embedded?.url ?? options.clickhouseUrl!
    const opened = new Database(url, embedded?.secret)
    database = opened
    if (embedded !== undefined) {
      await migrate(opened, logger)
      // Not your own: its address may bear a password.
      writeAddress(options.dataDir, url)
    }
    const spool = await Spool.open(
      { ...options.spool, folder: join(options.dataDir, 'spool'), wall: options.wall, logger },
      () => positionInStore(opened, logger, url),
    )
    return new RunningStore(options, url, embedded, opened, spool)
  } catch (error) {
    await database?.close()
    await embedded?.stop()
    throw error
  }
}

class RunningStore implements Store {
  readonly url: string
  readonly ready: Promise<void>
  readonly #logger: Logger
  readonly #wall: Clock
  readonly #dataDir: string
  readonly #embedded: Embedded | undefined
  readonly #database: Database
  readonly #spool: Spool
  readonly #writer: Writer
  readonly #pool: WorkerPool
  readonly #ownsPool: boolean
  readonly #leave = new AbortController()
  readonly #running: Promise<void>
  #isReady = false
  #closing: Promise<{ rowsWritten: number; segmentsLeft: number }> | undefined

  constructor(
    options: StoreOptions,
    url: string,
    embedded: Embedded | undefined,
    database: Database,
    spool: Spool,
  ) {
    this.url = url
    this.#logger = options.logger
    this.#wall = options.wall
    this.#dataDir = options.dataDir
    this.#embedded = embedded
    this.#database = database
    this.#spool = spool
    this.#ownsPool = options.pool === undefined
    this.#pool = options.pool ?? createPool({ maxThreads: 1 })
    this.#writer = new Writer(spool, database, this.#pool, options.logger, options.wall)
    this.ready = this.#connect()
    this.#running = this.ready.then(
      () => this.#writer.run(this.#leave.signal),
      // Closed before the database was ever there: what was accepted stays in the spool.
      () => undefined,
    )
    // Whoever waits for it hears of it; nobody has to.
    this.ready.catch(() => undefined)
  }

  append(entry: Entry): number {
    return this.#spool.append(entry)
  }

  commit(): Promise<void> {
    return this.#spool.commit()
  }

  onCommitted(listener: (lastSample: number) => void): () => void {
    return this.#spool.onCommitted(listener)
  }

  async flush(): Promise<void> {
    const newest = this.#spool.newestSegment
    if (newest === undefined) return
    await this.#spool.flush()
    await this.#writer.written(newest)
  }

  async history(query: HistoryQuery): Promise<SignalHistory[]> {
    return readHistory(this.#database, query, this.#writer.rolledUp)
  }

  exportHistory(query: HistoryQuery, format: TableFormat): Promise<Uint8Array> {
    return exportHistory(this.#database, query, format, this.#writer.rolledUp)
  }

  async textHistory(query: TextHistoryQuery): Promise<TextHistory> {
    return readTextHistory(this.#database, query)
  }

  rejects(query: RejectQuery): Promise<RejectRecord[]> {
    return readRejects(this.#database, query)
  }

  floorAt(at: number, signals: readonly number[], machines: readonly string[]): Promise<FloorAt> {
    return readFloorAt(this.#database, at, signals, machines)
  }

  async latestSnapshots(): Promise<TwinSnapshot[]> {
    await this.flush()
    const rows = await this.#database.query<Omit<TwinSnapshot, 'time'> & { time: string }>(
      `SELECT address, toString(toUnixTimestamp64Milli(ts)) AS time, definition, version, snapshot
      FROM ${databaseName}.twin_snapshots FINAL ORDER BY address`,
    )
    return rows.map(row => ({ ...row, time: Number(row.time) }))
  }

  query<Row>(sql: string, parameters: Record<string, unknown> = {}): Promise<Row[]> {
    return this.#database.query<Row>(sql, parameters)
  }

  bytes(sql: string, parameters: Record<string, unknown>, format: string): Promise<Uint8Array> {
    return this.#database.export(sql, parameters, format)
  }

  async keepPlant(version: PlantVersion, since: number): Promise<void> {
    await this.ready
    await writePlantVersion(this.#database, version, since, this.#wall.now())
  }

  plantVersions(): Promise<readonly KnownVersion[]> {
    return listPlantVersions(this.#database)
  }

  plantOf(hash: string): Promise<Plant | undefined> {
    return readPlantVersion(this.#database, hash)
  }

  async upsertDimensions(registry: Registry): Promise<void> {
    await this.ready
    await writeDimensions(this.#database, registry, this.#wall.now())
  }

  status(): StoreStatus {
    return {
      ...this.#writer.figures,
      isReady: this.#isReady,
      accepted: this.#spool.accepted,
      committed: this.#spool.committed,
      spoolBytes: this.#spool.bytes,
      segmentsWaiting: this.#spool.waiting,
      waitingSince: this.#spool.waitingSince,
      databaseRestarts: this.#embedded?.restarts ?? 0,
    }
  }

  close(drainMs = 10_000): Promise<{ rowsWritten: number; segmentsLeft: number }> {
    this.#closing ??= this.#close(drainMs)
    return this.#closing
  }

  async #close(drainMs: number): Promise<{ rowsWritten: number; segmentsLeft: number }> {
    const impatient = setTimeout(() => this.#leave.abort(), drainMs)
    await this.#spool.close()
    await this.#running
    clearTimeout(impatient)
    this.#leave.abort()
    await this.#database.close()
    await this.#embedded?.stop()
    removeAddress(this.#dataDir)
    if (this.#ownsPool) await this.#pool.close()
    return { rowsWritten: this.#writer.figures.rowsWritten, segmentsLeft: this.#spool.waiting }
  }

  async #connect(): Promise<void> {
    for (let delay = 100; ; delay = Math.min(5_000, delay * 2)) {
      try {
        await migrate(this.#database, this.#logger)
        const { id, carried } = this.#spool
        if (carried !== undefined) await markWhole(this.#database, id, carried, this.#wall.now())
        this.#isReady = true
        return
      } catch (error) {
        if (delay === 100)
          this.#logger.warn({ error: String(error) }, 'store: the database does not answer; trying again')
        await pause(delay, undefined, { signal: this.#leave.signal }).catch(() => {
          throw new StoreError('closed', 'The store was closed before its database answered.', {
            cause: error,
          })
        })
      }
    }
  }
}

/** Tables whose rows are numbered as records. */
const recordTables = [
  'state_changes',
  'twin_events',
  'rejects',
  'twin_snapshots',
  ...rowTables.map(({ name }) => name),
]

/** Where counting goes on when there is no spool to tell. */
async function positionInStore(database: Database, logger: Logger, url: string): Promise<Position> {
  const next = (table: string): string => `(SELECT toString(max(seq) + 1) FROM ${databaseName}.${table})`
  try {
    await migrate(database, logger)
    const [row] = await database.query<{ sample: string; records: string[] }>(
      `SELECT ${next('telemetry')} AS sample, [${recordTables.map(next).join(', ')}] AS records`,
    )
    return { nextSample: Number(row!.sample), nextRecord: Math.max(...row!.records.map(Number)) }
  } catch (cause) {
    if (cause instanceof StoreError) throw cause
    const message = `ClickHouse at ${new URL(url).host} does not answer (${String(cause)}). At the first start it must be there: check the address, or leave it out to use the embedded one.`
    throw new StoreError('store-unreachable', message, { cause })
  }
}
