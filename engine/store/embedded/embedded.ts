import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { accessSync, constants, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Logger } from 'pino'
import { moduleUrl, sourceExecArgv } from '../../../workers/source.js'
import { StoreError } from '../errors.js'
import type { FromChild, ToChild } from './messages.js'

export interface EmbeddedOptions {
  /** Folder of the database; made where it is missing. One process at a time. */
  readonly path: string
  /** Port on loopback; 0 = any free one. It stays the same over restarts. */
  readonly port?: number
  readonly logger: Logger
  /** How long to wait for an earlier process to let go of the folder, ms. */
  readonly lockPatienceMs?: number
}

export interface Embedded {
  /** `http://127.0.0.1:{port}`. */
  readonly url: string
  /** For the header `x-gemba-writer`; made anew at each start. */
  readonly secret: string
  /** Process id of the database now; undefined between two of them. */
  readonly pid: number | undefined
  /** How often it had to be started again. */
  readonly restarts: number
  /** Told when the database died and was not stopped; it is started again by itself. */
  onExit(listener: (reason: string) => void): void
  stop(): Promise<void>
}

/** Starts the embedded database. Throws StoreError: 'data-dir-locked', 'data-dir-not-writable', 'store-failed'. */
export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  makeWritable(options.path)
  const supervisor = new Supervisor(options)
  await supervisor.start()
  return supervisor
}

function makeWritable(path: string): void {
  try {
    mkdirSync(path, { recursive: true })
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? String(cause)
    const message = `The folder ${path} cannot be written (${why}). Choose another with --data, or make it writable for this user.`
    throw new StoreError('data-dir-not-writable', message, { cause })
  }
}

/** A start that is killed is tried again after 200 ms, twice as long, and so on to this: five times in all. */
const longestDelayOfStart = 1_600

/** The process was ended from outside, or by a fault of its own, before it could say why. */
class KilledError extends StoreError {
  readonly signal: NodeJS.Signals

  constructor(path: string, signal: NodeJS.Signals) {
    const advice =
      signal === 'SIGKILL' || signal === 'SIGTERM'
        ? 'Look for what ends it: where memory is short the system does (dmesg tells), or a limit of the container.'
        : `Its files may be damaged: look at the disk of ${path}, or restore a backup.`
    super(
      'store-failed',
      `The embedded database was ended by ${signal} each time while it started. ${advice}`,
    )
    this.signal = signal
  }
}

/** One life of the database's process. */
interface Running {
  readonly process: ChildProcess
  readonly port: number
  readonly exited: Promise<string>
}

class Supervisor implements Embedded {
  readonly secret = randomBytes(32).toString('base64url')
  readonly #options: EmbeddedOptions
  readonly #payloadFolder: string
  readonly #listeners: ((reason: string) => void)[] = []
  #port: number
  #running: Running | undefined
  #isStopping = false
  #wake: (() => void) | undefined
  #restarting: Promise<void> = Promise.resolve()
  restarts = 0

  constructor(options: EmbeddedOptions) {
    this.#options = options
    this.#port = options.port ?? 0
    this.#payloadFolder = join(payloadRoot(), `gemba-${process.pid}-${randomUUID()}`)
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  get pid(): number | undefined {
    return this.#running?.process.pid
  }

  onExit(listener: (reason: string) => void): void {
    this.#listeners.push(listener)
  }

  async start(): Promise<void> {
    sweepPayloads()
    const until = Date.now() + (this.#options.lockPatienceMs ?? 5_000)
    for (let delay = 200; ; ) {
      try {
        await this.#launch()
        return
      } catch (error) {
        if (error instanceof KilledError && delay <= longestDelayOfStart && !this.#isStopping) {
          this.#options.logger.error(
            { reason: error.signal },
            'the embedded database died while it started; trying again',
          )
          await this.#pause(delay)
          delay *= 2
          continue
        }
        // A process that was just killed may hold the folder for a moment longer.
        if (!isLocked(error) || Date.now() >= until) throw error
        await this.#pause(200)
      }
    }
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    this.#wake?.()
    if (this.#running !== undefined) await end(this.#running)
    await this.#restarting
    rmSync(this.#payloadFolder, { recursive: true, force: true })
  }

  async #launch(): Promise<void> {
    const running = await launch(
      {
        kind: 'start',
        path: this.#options.path,
        port: this.#port,
        secret: this.secret,
        payloadFolder: this.#payloadFolder,
        readerMemory: Math.floor(totalmem() / 4),
      },
      this.#options.logger,
    )
    this.#port = running.port
    this.#running = running
    void running.exited.then(reason => this.#died(reason))
  }

  #died(reason: string): void {
    this.#running = undefined
    if (this.#isStopping) return
    this.#options.logger.error({ reason }, 'the embedded database died; starting it again')
    for (const listener of this.#listeners) listener(reason)
    this.#restarting = this.#restart()
  }

  async #restart(): Promise<void> {
    for (let delay = 100; !this.#isStopping; delay = Math.min(5_000, delay * 2)) {
      await this.#pause(delay)
      if (this.#isStopping) return
      try {
        await this.#launch()
        this.restarts++
        if (this.#isStopping && this.#running !== undefined) await end(this.#running)
        return
      } catch (error) {
        this.#options.logger.error({ err: error }, 'the embedded database did not start; trying again')
      }
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise(resolve => {
      const timer = setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

async function end(running: Running): Promise<void> {
  const impatient = setTimeout(() => running.process.kill('SIGKILL'), 10_000)
  if (running.process.connected) running.process.send({ kind: 'stop' } satisfies ToChild)
  await running.exited
  clearTimeout(impatient)
}

function launch(start: Extract<ToChild, { kind: 'start' }>, logger: Logger): Promise<Running> {
  const child = fork(fileURLToPath(moduleUrl('./child', import.meta.url)), {
    execArgv: sourceExecArgv(import.meta.url),
    // Each running statement holds a thread of this pool.
    env: { ...process.env, UV_THREADPOOL_SIZE: '16' },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let complaints = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaints = (complaints + text).slice(-4_000)
    logger.debug({ text: text.trim() }, 'embedded database')
  })
  // 'close' and not 'exit': by then everything it had to say has arrived.
  let endedBy: NodeJS.Signals | null = null
  const exited = new Promise<string>(resolve => {
    child.once('close', (code, signal) => {
      endedBy = signal
      const last = complaints.trim().split('\n').at(-1) ?? ''
      resolve(`${signal ?? `exit code ${code}`}${last === '' ? '' : `: ${last}`}`)
    })
  })
  return new Promise((resolve, reject) => {
    let failure = ''
    child.once('error', cause => {
      reject(
        new StoreError('store-failed', `The embedded database cannot be started: ${cause.message}`, {
          cause,
        }),
      )
    })
    child.on('message', (message: FromChild) => {
      if (message.kind === 'listening') resolve({ process: child, port: message.port, exited })
      else {
        failure = message.message
        child.kill('SIGKILL')
      }
    })
    void exited.then(reason => {
      // A failure that it told was answered with a signal of ours.
      const isKilled = failure === '' && endedBy !== null
      reject(
        isKilled
          ? new KilledError(start.path, endedBy!)
          : startError(start, failure, `${complaints}\n${reason}`),
      )
    })
    child.send(start)
  })
}

function startError(start: { path: string; port: number }, failure: string, complaints: string): StoreError {
  if (complaints.includes('Cannot lock file')) {
    const message = `The database folder ${start.path} is in use by another process. Stop that one, or choose another folder with --data.`
    return new StoreError('data-dir-locked', message)
  }
  if (failure.includes('EADDRINUSE')) {
    const message = `Port ${start.port} of the embedded database is in use. Choose another with --clickhouse-port, or 0 for any free one.`
    return new StoreError('store-failed', message)
  }
  const why = complaints.trim().split('\n').at(-1) ?? ''
  const message = `The embedded database at ${start.path} did not start: ${failure || why}. Look at the folder's disk and permissions.`
  return new StoreError('store-failed', message, { cause: complaints })
}

const isLocked = (error: unknown): boolean => error instanceof StoreError && error.code === 'data-dir-locked'

/** In memory where the system has such a place. */
const payloadRoot = (): string => (existsSync('/dev/shm') ? '/dev/shm' : tmpdir())

/** Takes away what processes left that were killed. */
function sweepPayloads(): void {
  for (const name of readdirSync(payloadRoot())) {
    const owner = /^gemba-(\d+)-[0-9a-f-]{36}$/.exec(name)?.[1]
    if (owner !== undefined && !isAlive(Number(owner)))
      rmSync(join(payloadRoot(), name), { recursive: true, force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
