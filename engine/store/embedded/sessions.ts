import { randomUUID } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { type ChdbResult, drainPending, Session } from 'chdb'
import { databaseName } from '../../../schema/tables/definition.js'
import { AnswerPipe, type TakePiece } from './answer-pipe.js'
import type { ReaderBounds } from './guard.js'
import { quoted } from './parameters.js'
import type { InsertStatement, ReadStatement } from './statement.js'
import { StatementError } from './statement-error.js'

/** What goes with a statement. */
export interface RunOptions {
  /** By which `kill` finds it. */
  readonly runId: string
  readonly database: string
  readonly settings: ReadonlyMap<string, string>
  readonly format: string
}

/** One connection. It runs one statement at a time, so it is lent out. */
class Connection {
  readonly #session: Session
  readonly #base: ReadonlyMap<string, string>
  #database = ''

  constructor(session: Session, base: ReadonlyMap<string, string>) {
    this.#session = session
    this.#base = base
  }

  async start(isReadOnly: boolean): Promise<void> {
    const settings = [...this.#base].map(([name, value]) => `${name} = ${quoted(value)}`)
    if (settings.length > 0) await this.#session.queryAsync(`SET ${settings.join(', ')}`)
    if (isReadOnly) await this.#session.queryAsync('SET readonly = 2')
  }

  async run(sql: string, options: RunOptions): Promise<ChdbResult> {
    const own = [...options.settings]
    // Settings stick to a connection: they are put before the statement and taken back after it.
    const before = [`SET log_comment = ${quoted(options.runId)}`]
    for (const [name, value] of own) before.push(`SET ${name} = ${quoted(value)}`)
    if (options.database !== this.#database) before.push(`USE ${identifier(options.database)}`)
    try {
      const result = await this.#session.queryAsync(`${before.join('; ')}; ${sql}`, {
        format: options.format,
      })
      this.#database = options.database
      return result
    } catch (error) {
      this.#database = ''
      // A failed statement stays in the list of running ones until its connection is used again.
      await this.#session.queryAsync("SET log_comment = ''").catch(() => undefined)
      throw StatementError.from(error)
    } finally {
      for (const [name] of own) await this.#restore(name)
    }
  }

  close(): void {
    this.#session.close()
  }

  async #restore(name: string): Promise<void> {
    const base = this.#base.get(name)
    const value = base === undefined ? 'DEFAULT' : quoted(base)
    // A setting that the engine does not know was never set.
    await this.#session.queryAsync(`SET ${name} = ${value}`).catch(() => undefined)
  }
}

/** Lends connections, and what belongs to them, in the order of asking. */
class Pool<C> {
  readonly #free: C[]
  readonly #queue: ((connection: C) => void)[] = []
  readonly #maxQueue: number

  constructor(connections: readonly C[], maxQueue: number) {
    this.#free = [...connections]
    this.#maxQueue = maxQueue
  }

  async use<T>(work: (connection: C) => Promise<T>): Promise<T> {
    const connection = this.#free.pop() ?? (await this.#wait())
    try {
      return await work(connection)
    } finally {
      const next = this.#queue.shift()
      if (next === undefined) this.#free.push(connection)
      else next(connection)
    }
  }

  #wait(): Promise<C> {
    if (this.#queue.length >= this.#maxQueue) {
      const message = `Too many simultaneous queries: ${this.#queue.length} are waiting`
      throw new StatementError(202, message)
    }
    return new Promise(resolve => this.#queue.push(resolve))
  }
}

export interface SessionsOptions {
  /** Folder of the database. */
  readonly path: string
  /** Folder for payloads on their way in; in memory where the system has such a place. */
  readonly payloadFolder: string
  /** Most memory one reader's statement may use, bytes. */
  readonly readerMemory: number
}

/** The embedded engine: one connection that writes, four that read for us, two that read for others, one for control. */
export class Sessions {
  readonly #payloadFolder: string
  readonly #all: Connection[] = []
  readonly #writer: Pool<Connection>
  readonly #ownReaders: Pool<Connection>
  readonly #readers: Pool<{ readonly connection: Connection; readonly pipe: AnswerPipe }>
  readonly #control: Pool<Connection>
  readonly readerBounds: ReaderBounds
  tableFunctions: readonly string[] = []
  version = ''
  timezone = 'UTC'

  private constructor(options: SessionsOptions, pipes: readonly AnswerPipe[]) {
    this.#payloadFolder = options.payloadFolder
    const connection = (base: Record<string, string> = {}): Connection => {
      const made = new Connection(
        new Session(options.path, { connectionArgs: engineArguments }),
        new Map(Object.entries(base)),
      )
      this.#all.push(made)
      return made
    }
    this.readerBounds = { max_memory_usage: options.readerMemory, max_execution_time: 300 }
    const bounded = Object.fromEntries(
      Object.entries(this.readerBounds).map(([name, most]) => [name, String(most)]),
    )
    this.#writer = new Pool([connection({ async_insert: '0' })], 1_000)
    this.#control = new Pool([connection()], 1_000)
    this.#ownReaders = new Pool([connection(), connection(), connection(), connection()], 1_000)
    this.#readers = new Pool(
      pipes.map(pipe => ({ connection: connection(bounded), pipe })),
      100,
    )
  }

  static async open(options: SessionsOptions): Promise<Sessions> {
    await mkdir(options.payloadFolder, { recursive: true, mode: 0o700 })
    const pipes = [0, 1].map(() => AnswerPipe.make(`${options.payloadFolder}/${randomUUID()}`))
    const sessions = new Sessions(options, await Promise.all(pipes))
    const [writer, control, ...readers] = sessions.#all
    await writer!.start(false)
    await control!.start(false)
    // The engine's own database `default` shows the file system. It comes back at each start.
    await sessions.#admin('DROP DATABASE IF EXISTS default')
    await sessions.#admin(`CREATE DATABASE IF NOT EXISTS ${databaseName}`)
    for (const reader of readers) await reader.start(true)
    sessions.tableFunctions = (await sessions.#admin('SELECT name FROM system.table_functions')).split('\n')
    const [version = '', timezone = 'UTC'] = (await sessions.#admin('SELECT version(), timezone()'))
      .trim()
      .split('\t')
    sessions.version = version
    sessions.timezone = timezone
    return sessions
  }

  read(sql: string, options: RunOptions): Promise<ChdbResult> {
    return this.#ownReaders.use(connection => connection.run(sql, options))
  }

  /** The answer to somebody else's query in pieces; a connection is his until he has taken the last. */
  stream(statement: ReadStatement, options: RunOptions, take: TakePiece): Promise<ChdbResult> {
    return this.#readers.use(({ connection, pipe }) => {
      const [query, settings] = statement.parts
      const sql = `${query} INTO OUTFILE ${quoted(pipe.path)} APPEND FORMAT ${options.format} ${settings}`
      return pipe.carry(() => connection.run(sql, options), take)
    })
  }

  write(sql: string, options: RunOptions): Promise<ChdbResult> {
    return this.#writer.use(connection => connection.run(sql, options))
  }

  /**
   * Rows go in through a file in memory and never inside the statement: there a blank line in them would end the
   * INSERT and the rest would run as SQL.
   */
  async insert(statement: InsertStatement, rows: Uint8Array, options: RunOptions): Promise<ChdbResult> {
    const file = `${this.#payloadFolder}/${randomUUID()}`
    await writeFile(file, rows, { mode: 0o600 })
    try {
      const sql = `${statement.head} FROM INFILE ${quoted(file)} ${statement.settings} FORMAT ${statement.format}`
      return await this.write(sql, options)
    } finally {
      await rm(file, { force: true })
    }
  }

  /** Asks a running read to stop; does nothing when it has already ended. */
  async kill(runId: string): Promise<void> {
    await this.#admin(`KILL QUERY WHERE Settings['log_comment'] = ${quoted(runId)} ASYNC`)
  }

  async close(): Promise<void> {
    await this.#admin("KILL QUERY WHERE query_kind = 'Select' ASYNC").catch(() => undefined)
    await drainPending()
    for (const connection of this.#all) connection.close()
    await drainPending()
    await rm(this.#payloadFolder, { recursive: true, force: true })
  }

  async #admin(sql: string): Promise<string> {
    const options: RunOptions = {
      runId: 'control',
      database: 'system',
      settings: new Map(),
      format: 'TSVRaw',
    }
    return (await this.#control.use(connection => connection.run(sql, options))).text()
  }
}

/** The embedded engine's own defaults are those of a command line tool. */
const engineArguments = [
  '--background_pool_size=16',
  '--background_schedule_pool_size=8',
  `--mark_cache_size=${512 * 1024 ** 2}`,
]

const identifier = (name: string): string => {
  if (/[`\\]/.test(name)) throw new StatementError(81, `Database ${JSON.stringify(name)} does not exist`)
  return `\`${name}\``
}
