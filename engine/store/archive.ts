import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { databaseName as db } from '../../schema/tables/definition.js'
import { EngineError } from '../errors.js'
import { makeOutputFolder } from '../make-folder.js'
import type { Database } from './database.js'
import { writeWhole } from './write-whole.js'
import { faultsOf, hashOf, type WrittenFile } from './written-files.js'

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

interface ArchivedFile extends WrittenFile {
  readonly rows: number
  /** First and last time of the values, ISO 8601. */
  readonly from: string
  readonly to: string
}

/** What the archive says of a day; there once all of the day is. */
export interface ArchivedDay {
  readonly version: number
  /** Of acceptance, UTC, as retention counts it. */
  readonly day: string
  readonly files: readonly ArchivedFile[]
}

/** Days that are over and not there, because something of them is not yet in the database. */
export interface WaitingDays {
  /** The first of them; null: an earlier run has left something, nobody knows of which day. */
  readonly from: string | null
  /** Why the database does not take it; empty where nothing was told. */
  readonly why: string
}

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

function readManifest(path: string): ArchivedDay {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as ArchivedDay
  } catch (cause) {
    const message = `The manifest ${path} is damaged. Put it back from a copy of the archive, or move its folder away: the Parquet files beside it hold the day.`
    throw new EngineError('bad-input', message, { cause })
  }
}

/** Raw telemetry as Parquet, a folder a day of acceptance, a file an hour. */
export class Archive {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  /** The days that are there whole, oldest first. Throws EngineError `bad-input` for a manifest that is damaged. */
  days(): ArchivedDay[] {
    const root = join(this.#folder, 'telemetry')
    if (!existsSync(root)) return []
    return readdirSync(root)
      .filter(name => /^stored=\d{4}-\d\d-\d\d$/.test(name) && existsSync(join(root, name, manifestFile)))
      .sort()
      .map(name => readManifest(join(root, name, manifestFile)))
  }

  /** What was waiting when an engine last looked, and when that was, ISO 8601. */
  waiting(): (WaitingDays & { readonly told: string }) | undefined {
    const path = join(this.#folder, waitingFile)
    return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined
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
   * Yields each when it is whole. Throws what the disk or the database says; the next call goes on there.
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
    for (const { day, n } of stored) {
      const number = Date.UTC(+day.slice(0, 4), +day.slice(4, 6) - 1, +day.slice(6)) / dayMs
      const archived = known.get(textOfDay(number))
      const rows = archived?.files.reduce((sum, file) => sum + file.rows, 0) ?? 0
      if (number < end && n > rows) yield await this.#write(database, number, archived)
    }
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
  async verify({ day, files }: ArchivedDay): Promise<string[]> {
    return faultsOf(folderOf(this.#folder, day), files)
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
