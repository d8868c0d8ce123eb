import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { textIn } from '../../adapters/csv.js'
import { workOrderFields } from '../../schema/work-order.js'
import type { OrderFileFormat } from '../../schema/work-order-sources.js'
import { csv } from '../api/csv.js'
import type { OrderBook } from './order-book.js'
import { OrderFileFault, orderFileEndings, type ReadOrders, readOrderFile } from './order-file.js'

/** A file counts as written when it has not changed for this long, ms. */
const settleMs = 3_000
/** What looks cut off may still be written: it is given this long, ms. */
const patienceMs = 30_000
const largestFile = 64 * 1024 * 1024

export interface DropFolderParts {
  readonly path: string
  readonly format: OrderFileFormat
  readonly book: Pick<OrderBook, 'take' | 'failed'>
  readonly wall: { now(): number }
  readonly logger: Logger
  /** True while the spool takes nothing (a full disk): files wait where they are. */
  isBlocked(): boolean
}

interface Seen {
  readonly size: number
  readonly changed: number
  /** Since when it is as it is, wall time, Unix ms. */
  readonly since: number
  /** Taken, and could not be moved away. */
  readonly isDone?: boolean
}

/**
 * A folder that files with work orders are dropped into. A file is taken when it is whole, and moved to `done` when
 * its orders are durable; what cannot be taken is told in `refused`, row by row. After a crash between the two it is
 * taken again, which changes nothing.
 */
export class DropFolder {
  readonly #parts: DropFolderParts
  readonly #seen = new Map<string, Seen>()
  readonly #told = new Set<string>()
  #isLooking = false

  constructor(parts: DropFolderParts) {
    this.#parts = parts
  }

  /** Takes what is whole by now, oldest first; call it every second or two. Never throws. */
  async look(): Promise<void> {
    const { path, book, logger } = this.#parts
    if (this.#isLooking || this.#parts.isBlocked()) return
    this.#isLooking = true
    try {
      await mkdir(path, { recursive: true })
      for (const name of await this.#whole()) await this.#take(name)
      this.#told.delete(path)
    } catch (error) {
      const { message } = error as Error
      book.failed('folder', message)
      if (!this.#told.has(path))
        logger.warn({ err: error }, `work orders: ${path} cannot be read: ${message}`)
      this.#told.add(path)
    } finally {
      this.#isLooking = false
    }
  }

  /** Names of files that have not changed for a while, in the order in which they were written. */
  async #whole(): Promise<string[]> {
    const { path, wall, logger } = this.#parts
    const now = wall.now()
    const entries = await readdir(path, { withFileTypes: true })
    const names = entries
      .filter(entry => entry.isFile() && !entry.name.startsWith('.'))
      .map(({ name }) => name)
    for (const name of this.#seen.keys()) if (!names.includes(name)) this.#seen.delete(name)
    const settled: { name: string; changed: number }[] = []
    for (const name of names) {
      if (!orderFileEndings.some(ending => name.toLowerCase().endsWith(ending))) {
        if (!this.#told.has(name) && !/\.(part|tmp|filepart|crdownload)$/i.test(name))
          logger.warn(`work orders: ${join(path, name)} is neither .csv nor .json and stays where it is`)
        this.#told.add(name)
        continue
      }
      const { size, mtimeMs: changed } = await stat(join(path, name))
      const seen = this.#seen.get(name)
      if (seen === undefined || seen.size !== size || seen.changed !== changed)
        this.#seen.set(name, { size, changed, since: now })
      else if (seen.isDone !== true && now - seen.since >= settleMs) settled.push({ name, changed })
    }
    return settled.sort((a, b) => a.changed - b.changed || (a.name < b.name ? -1 : 1)).map(({ name }) => name)
  }

  async #take(name: string): Promise<void> {
    const { path, format, book, wall, logger } = this.#parts
    const seen = this.#seen.get(name)!
    const isPatient = wall.now() - seen.since < patienceMs
    let read: ReadOrders
    let isRefused = false
    try {
      if (seen.size > largestFile)
        throw new OrderFileFault(`it has ${seen.size} bytes; ${largestFile} are the most. Divide it`)
      const text = textIn(await readFile(join(path, name)), format.encoding)
      // A last row without its line break may be half of it.
      if (isPatient && name.toLowerCase().endsWith('.csv') && !text.endsWith('\n')) return
      read = readOrderFile(name, text, format)
    } catch (error) {
      if (!(error instanceof OrderFileFault)) throw error
      if (isPatient && seen.size <= largestFile) return
      isRefused = true
      read = {
        orders: [],
        refused: [{ place: 'the whole file', reason: error.message, raw: '' }],
        unknown: [],
      }
    }
    if (!book.take('folder', name, read)) return
    const { orders, refused, unknown } = read
    this.#warnOf(unknown, name)
    const stamp = new Date(wall.now()).toISOString().replaceAll(/[:.]/g, '-')
    try {
      if (refused.length > 0) await this.#report(`${stamp} ${name}`, refused)
      const to = join(path, isRefused ? 'refused' : 'done')
      await mkdir(to, { recursive: true })
      await rename(join(path, name), join(to, `${stamp} ${name}`))
      this.#seen.delete(name)
    } catch (error) {
      this.#seen.set(name, { ...seen, isDone: true })
      const what = `${join(path, name)} was taken and cannot be moved away (${(error as Error).message})`
      logger.warn(`work orders: ${what}; let this user write there`)
    }
    const text = `work orders: ${name}: ${orders.length} taken, ${refused.length} refused`
    if (refused.length > 0)
      logger.warn({ refused: refused.slice(0, 3) }, `${text}; see ${join(path, 'refused')}`)
    else logger.info(text)
  }

  /** Planning systems write columns that nobody needs here: each set of them is told once. */
  #warnOf(unknown: readonly string[], name: string): void {
    const columns = unknown.join(', ')
    if (columns === '' || this.#told.has(`columns ${columns}`)) return
    this.#told.add(`columns ${columns}`)
    const names = workOrderFields.map(field => this.#parts.format.columns[field] ?? field).join(', ')
    this.#parts.logger.warn(
      `work orders: ${name} has columns that are left out: ${columns}; those that are read are ${names}. Others can be named under workOrders.folder.columns`,
    )
  }

  async #report(name: string, refused: ReadOrders['refused']): Promise<void> {
    const folder = join(this.#parts.path, 'refused')
    await mkdir(folder, { recursive: true })
    const rows = refused.map(({ place, reason, raw }) => [place, reason, raw])
    await writeFile(join(folder, `${name}.report.csv`), csv(['place', 'reason', 'raw'], rows))
  }
}
