import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { databaseName as db } from '../../schema/tables/definition.js'
import { EngineError } from '../errors.js'
import { makeOutputFolder } from '../make-folder.js'
import type { Database } from './database.js'
import { writeWhole } from './write-whole.js'
import { faultsOf, hashOf } from './written-files.js'

/** Of the columns and their meaning; another number is another shape. */
const version = 1
const dayMs = 86_400_000
const hourMs = 3_600_000
/** A day is archived when it has been over for this long, and nothing of it waits in the spool, ms. */
const restMs = dayMs
const manifestFile = 'manifest.json'
/** Beside the days, while some wait. */
const waitingFile = 'waiting.json'

/** Values by the names of their signals, so that the files say all of it without the database. */
const columns = `s.id AS signal, s.unit AS unit, t.ts AS time, t.received AS received,
  if(s.type = 'text' OR isNaN(t.value), NULL, t.value) AS value,
  if(s.type = 'text' AND NOT isNaN(t.value), d.text, NULL) AS text,
  ['good', 'uncertain', 'bad'][t.quality + 1] AS quality, t.seq AS seq`

const archivedFile = z.object({
  path: z.string(),
  rows: z.int().nonnegative(),
  bytes: z.int().nonnegative(),
  sha256: z.string(),
  /** First and last time of the values, ISO 8601. */
  from: z.iso.datetime(),
  to: z.iso.datetime(),
})
type ArchivedFile = Readonly<z.infer<typeof archivedFile>>

/** What the archive says of a day; there once all of the day is. */
export interface ArchivedDay {
  readonly version: number
  /** Of acceptance, UTC, as retention counts it. */
  readonly day: string
  readonly files: readonly ArchivedFile[]
}

const manifestOf = (day: string): z.ZodType<ArchivedDay> =>
  z.object({ version: z.literal(version), day: z.literal(day), files: z.array(archivedFile) })

/** A day whose manifest does not say what is there. */
interface DamagedDay {
  readonly day: string
  /** What is wrong with which file, and what to do, in words. */
  readonly fault: string
}

const waitingDaysTold = z.object({
  /** The first of them; null: an earlier run has left something, nobody knows of which day. */
  from: z.string().nullable(),
  /** Why the database does not take it; empty where nothing was told. */
  why: z.string(),
  /** When it was so, ISO 8601. */
  told: z.iso.datetime(),
})
type WaitingDaysTold = Readonly<z.infer<typeof waitingDaysTold>>

/** Days that are over and not there, because something of them is not yet in the database. */
export type WaitingDays = Omit<WaitingDaysTold, 'told'>

const textOfDay = (day: number): string => new Date(day * dayMs).toISOString().slice(0, 10)
const folderOf = (folder: string, day: string): string => join(folder, 'telemetry', `stored=${day}`)

/** The first day, since 1970, that is not archived at `now`, Unix ms, while something waits since `since`. */
const endAt = (now: number, since = now): number => Math.floor(Math.min(now - restMs, since) / dayMs)

/** Undefined where all that is over can be archived; `since`: when the oldest of what is not in was accepted, Unix ms. */
export function waitingDays(now: number, since: number | undefined, why = ''): WaitingDays | undefined {
  if (since === undefined || endAt(now, since) === endAt(now)) return undefined
  return { from: since > 0 ? textOfDay(endAt(now, since)) : null, why }
}

/** In words, for people. */
export function tellWaiting({ from, why }: WaitingDays): string {
  const what =
    from === null
      ? 'all further days wait, because something that an earlier run accepted'
      : `${from} and the days after it wait, because something accepted then`
  return `${what} is not yet in the database${why === '' ? '' : ` (${why})`}`
}

/** Throws Error, with why, for what is not of that shape, no JSON, or cannot be read. */
function readAs<T>(shape: z.ZodType<T>, path: string): T {
  const { data, error } = shape.safeParse(JSON.parse(readFileSync(path, 'utf8')))
  if (error === undefined) return data
  const { path: field, message } = error.issues[0]!
  throw new Error(`${field.length === 0 ? '' : `${field.join('.')}: `}${message}`)
}

function readManifest(day: string, path: string): ArchivedDay | DamagedDay {
  try {
    return readAs(manifestOf(day), path)
  } catch (cause) {
    const fault = `The manifest ${path} is damaged (${(cause as Error).message}). Put it back from a copy of the archive, or move its folder away: the Parquet files beside it hold the day.`
    return { day, fault }
  }
}

/** Raw telemetry as Parquet, a folder a day of acceptance, a file an hour. */
export class Archive {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  /** The days that are there whole, oldest first. */
  days(): ArchivedDay[] {
    return this.#read().filter(each => 'files' in each)
  }

  /** Those of which nobody knows, because their manifest is damaged. */
  damaged(): DamagedDay[] {
    return this.#read().filter(each => 'fault' in each)
  }

  #read(): (ArchivedDay | DamagedDay)[] {
    const root = join(this.#folder, 'telemetry')
    if (!existsSync(root)) return []
    return readdirSync(root)
      .filter(name => /^stored=\d{4}-\d\d-\d\d$/.test(name) && existsSync(join(root, name, manifestFile)))
      .sort()
      .map(name => readManifest(name.slice('stored='.length), join(root, name, manifestFile)))
  }

  /** What was waiting when an engine last looked. Throws EngineError `bad-input` where what it wrote is damaged. */
  waiting(): WaitingDaysTold | undefined {
    const path = join(this.#folder, waitingFile)
    if (!existsSync(path)) return undefined
    try {
      return readAs(waitingDaysTold, path)
    } catch (cause) {
      const message = `Which days wait is not known: ${path} is damaged (${(cause as Error).message}). An engine that archives here writes it anew; where none does, remove it.`
      throw new EngineError('bad-input', message, { cause })
    }
  }

  /** Keeps for those who look at the folder alone which days wait, and why. */
  async noteWaiting(waiting: WaitingDays | undefined, now: number): Promise<void> {
    const path = join(this.#folder, waitingFile)
    if (waiting === undefined) return rm(path, { force: true })
    makeOutputFolder(this.#folder)
    const told = { ...waiting, told: new Date(now).toISOString() }
    await writeFile(`${path}.new`, `${JSON.stringify(told, undefined, 2)}\n`)
    await rename(`${path}.new`, path)
  }

  /**
   * Writes the days that are over and of which the database has more rows than the archive, oldest first: those that are
   * not there yet, and those to which rows came afterwards, as they do when a clock was wrong. `now` wall time, Unix ms;
   * `waitingSince` says when the oldest of what is not yet in the database was accepted: that day and those after it wait.
   * Yields each when it is whole. Throws what the disk or the database says; the next call goes on there. A day whose
   * manifest is damaged is left as it is; once all others are there it throws EngineError `bad-input` for it.
   */
  async *add(
    database: Database,
    now: number,
    waitingSince: () => number | undefined,
  ): AsyncGenerator<ArchivedDay> {
    // The table's partitions: answered without looking at a row.
    const stored = await database.query<{ day: string; n: number }>(
      `SELECT toString(toYYYYMMDD(stored)) AS day, toFloat64(count()) AS n FROM ${db}.telemetry
      GROUP BY toYYYYMMDD(stored) ORDER BY toYYYYMMDD(stored)`,
    )
    // Asked when the database has answered: that may have taken as long as it was away.
    const end = endAt(now, waitingSince())
    const known = new Map(this.days().map(archived => [archived.day, archived]))
    const damaged = this.damaged()
    for (const { day, n } of stored) {
      const number = Date.UTC(+day.slice(0, 4), +day.slice(4, 6) - 1, +day.slice(6)) / dayMs
      if (damaged.some(each => each.day === textOfDay(number))) continue
      const archived = known.get(textOfDay(number))
      const rows = archived?.files.reduce((sum, file) => sum + file.rows, 0) ?? 0
      if (number < end && n > rows) yield await this.#write(database, number, archived)
    }
    if (damaged.length > 0) throw new EngineError('bad-input', damaged.map(({ fault }) => fault).join(' '))
  }

  /** Of a day that is there already, the hours that have more rows now: fewer are what retention has left of them. */
  async #write(database: Database, number: number, archived: ArchivedDay | undefined): Promise<ArchivedDay> {
    const day = textOfDay(number)
    const folder = folderOf(this.#folder, day)
    makeOutputFolder(folder)
    const files: ArchivedFile[] = []
    for (let hour = 0; hour < 24; hour++) {
      const begin = (number * dayMs + hour * hourMs) / 1_000
      const path = `hour=${String(hour).padStart(2, '0')}.parquet`
      const there = archived?.files.find(file => file.path === path)
      const file = (await writeHour(database, folder, path, begin, there?.rows ?? 0)) ?? there
      if (file !== undefined) files.push(file)
    }
    const manifest: ArchivedDay = { version, day, files }
    await writeFile(join(folder, `${manifestFile}.new`), `${JSON.stringify(manifest, undefined, 2)}\n`)
    await rename(join(folder, `${manifestFile}.new`), join(folder, manifestFile))
    return manifest
  }

  /** What is wrong with the files of a day; nothing: they are as they were written. */
  async verify({ day, files }: ArchivedDay, signal: AbortSignal): Promise<string[]> {
    return faultsOf(folderOf(this.#folder, day), files, { signal })
  }
}

/** Rows accepted in the hour from `begin` (Unix s) on; undefined where there are no more than `known`. */
async function writeHour(
  database: Database,
  folder: string,
  path: string,
  begin: number,
  known: number,
): Promise<ArchivedFile | undefined> {
  const where = `stored >= toDateTime(${begin}, 'UTC') AND stored < toDateTime(${begin + 3_600}, 'UTC')`
  const [found] = await database.query<{ n: number; from: number; to: number }>(
    `SELECT toFloat64(count()) AS n, toFloat64(toUnixTimestamp64Milli(min(ts))) AS from,
      toFloat64(toUnixTimestamp64Milli(max(ts))) AS to FROM ${db}.telemetry WHERE ${where}`,
  )
  const { n: rows, from, to } = found!
  if (rows <= known) return undefined
  const stream = await database.exportStream(
    `SELECT ${columns} FROM (SELECT * FROM ${db}.telemetry WHERE ${where}) AS t
    LEFT JOIN (SELECT * FROM ${db}.signals FINAL) AS s ON s.signal = t.signal
    LEFT JOIN (SELECT * FROM ${db}.dictionary FINAL) AS d ON d.code = if(isNaN(t.value), 4294967295, toUInt32(t.value))
    ORDER BY seq`,
    {},
    'Parquet',
  )
  const file = join(folder, path)
  const bytes = await writeWhole(stream, file)
  const times = { from: new Date(from).toISOString(), to: new Date(to).toISOString() }
  return { path, rows, ...times, bytes, sha256: await hashOf(file) }
}
