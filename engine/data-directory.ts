import { createHash, randomBytes } from 'node:crypto'
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { diskFull } from './disk-room.js'
import { EngineError } from './errors.js'
import { emptyIndexBook, type IndexBook } from './floor/registry.js'
import { makeFolder } from './make-folder.js'
import { isDiskFull } from './store/disk-full.js'

/** Lies in a folder while a backup is restored into it: what is there by then is a part of a history. */
const restoreMark = 'restore-unfinished'

type Texts = readonly (readonly [code: number, text: string])[]

/** When the engine last ran, by the floor's clock and the wall's, Unix ms. */
export interface LastAlive {
  readonly floorTime: number
  readonly wallTime: number
}

/**
 * The folder that keeps everything of one plant. It holds what must be known before the store is there: which index
 * names which signal, which code which text, and when the engine last ran. One engine at a time.
 */
export class DataDirectory {
  readonly path: string
  readonly #lock: Server

  private constructor(path: string, lock: Server) {
    this.path = path
    this.#lock = lock
  }

  /**
   * Opens the folder, making it where it is missing. Throws EngineError: not writable, full, in use, or `bad-input` where
   * a restore has not come to its end, unless it is opened `toRestore`.
   */
  static async open(path: string, { toRestore = false } = {}): Promise<DataDirectory> {
    let real: string
    try {
      makeFolder(resolve(path))
      real = realpathSync(path)
      accessSync(real, constants.W_OK | constants.X_OK)
      const probe = join(real, '.write-probe')
      writeFileSync(probe, '')
      rmSync(probe)
    } catch (cause) {
      if (isDiskFull(cause)) throw diskFull(path, (cause as Error).message, cause)
      const why = (cause as NodeJS.ErrnoException).code ?? String(cause)
      const message = `The data folder ${path} cannot be written (${why}). Choose another with --data, or make it writable for this user.`
      throw new EngineError('data-dir-not-writable', message, { cause })
    }
    const directory = new DataDirectory(real, await lock(real))
    if (toRestore || !DataDirectory.isHalfRestored(real)) return directory
    await directory.close()
    const message = `The data folder ${path} holds a part of a backup: its restore was cut off. Run gemba restore into it again, which begins anew, or choose another folder with --data.`
    throw new EngineError('bad-input', message)
  }

  /** What is known of a folder in which an engine runs, without taking it. */
  static look(path: string): { readonly indexBook: IndexBook; readonly lastAlive: LastAlive | undefined } {
    const json = <T>(name: string): T | undefined => {
      const text = readOrNothing(join(path, name))
      return text === undefined ? undefined : (parsedOrNothing(text) as T | undefined)
    }
    return { indexBook: json('registry.json') ?? emptyIndexBook, lastAlive: json('alive.json') }
  }

  /** Whether a restore into the folder has begun and not ended. */
  static isHalfRestored(path: string): boolean {
    return existsSync(join(path, restoreMark))
  }

  beginRestore(): void {
    this.#writeWhole(restoreMark, '')
  }

  endRestore(): void {
    rmSync(join(this.path, restoreMark), { force: true })
  }

  /** What this installation is called where others of its kind may be; chosen by chance, once. */
  installation(): string {
    const known = this.#read('installation')?.trim()
    if (known) return known
    const name = randomBytes(4).toString('hex')
    this.#writeWhole('installation', `${name}\n`)
    return name
  }

  readIndexBook(): IndexBook {
    return this.#readJson('registry.json') ?? emptyIndexBook
  }

  writeIndexBook(book: IndexBook): void {
    this.#writeWhole('registry.json', JSON.stringify(book), true)
  }

  readTexts(): Texts {
    const lines = this.#read('dictionary.jsonl')?.split('\n') ?? []
    const texts: (readonly [number, string])[] = []
    for (const line of lines) {
      const text = parsedOrNothing(line)
      // A line cut off by a crash was never used: its samples were not accepted.
      if (Array.isArray(text) && typeof text[0] === 'number' && typeof text[1] === 'string')
        texts.push([text[0], text[1]])
    }
    return texts
  }

  /** Must return before a sample that uses these codes is accepted. */
  appendTexts(texts: Texts): void {
    const lines = texts.map(text => JSON.stringify(text)).join('\n')
    writeSafely(join(this.path, 'dictionary.jsonl'), 'a', `\n${lines}`)
  }

  readLastAlive(): LastAlive | undefined {
    return this.#readJson('alive.json')
  }

  writeLastAlive(alive: LastAlive): void {
    this.#writeWhole('alive.json', JSON.stringify(alive))
  }

  /** Where a kind of adapter keeps files of its own. */
  folder(adapter: string): string {
    return join(this.path, adapter)
  }

  close(): Promise<void> {
    return new Promise(resolve => this.#lock.close(() => resolve()))
  }

  #read(name: string): string | undefined {
    return readOrNothing(join(this.path, name))
  }

  #readJson<T>(name: string): T | undefined {
    const text = this.#read(name)
    return text === undefined ? undefined : (parsedOrNothing(text) as T | undefined)
  }

  /** All or nothing: a reader sees the old file or the new one, and where `isSafe` so does one after a loss of power. */
  #writeWhole(name: string, text: string, isSafe = false): void {
    const path = join(this.path, name)
    if (isSafe) writeSafely(`${path}.new`, 'w', text)
    else writeFileSync(`${path}.new`, text)
    renameSync(`${path}.new`, path)
    if (isSafe) syncFolder(this.path)
  }
}

/** Returns when the disk has it. */
function writeSafely(path: string, flag: 'a' | 'w', text: string): void {
  const isNew = !existsSync(path)
  const file = openSync(path, flag)
  try {
    writeFileSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  if (isNew) syncFolder(dirname(path))
}

/** A new name is safe with its folder only; Windows knows no such thing. */
function syncFolder(path: string): void {
  if (process.platform === 'win32') return
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

function readOrNothing(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function parsedOrNothing(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A listening socket is a lock that the system takes away from a dead process, however it died. */
async function lock(folder: string): Promise<Server> {
  const name = `gemba-${createHash('sha256').update(folder).digest('hex').slice(0, 24)}.sock`
  const path = process.platform === 'win32' ? `\\\\.\\pipe\\${name}` : join(tmpdir(), name)
  for (let attempt = 0; attempt < 2; attempt++) {
    const server = await listen(path)
    if (server !== undefined) return server
    if (await answers(path)) {
      const message = `The data folder ${folder} is in use by another gemba. Stop that one, or choose another folder with --data.`
      throw new EngineError('data-dir-locked', message)
    }
    rmSync(path, { force: true })
  }
  throw new EngineError('data-dir-locked', `The data folder ${folder} cannot be locked (${path}). Try again.`)
}

function listen(path: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer(socket => socket.destroy())
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined)
      else reject(error)
    })
    server.listen(path, () => {
      server.unref()
      resolve(server)
    })
  })
}

function answers(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
