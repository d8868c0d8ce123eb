import { existsSync } from 'node:fs'
import { copyFile, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { databaseName, type Table } from '../../schema/tables/definition.js'
import { definitions } from '../../schema/tables/index.js'
import { segments } from '../../schema/tables/segments.js'
import { telemetry } from '../../schema/tables/telemetry.js'
import { DataDirectory } from '../data-directory.js'
import { EngineError } from '../errors.js'
import { makeOutputFolder } from '../make-folder.js'
import { Database } from './database.js'
import { startEmbedded } from './embedded/embedded.js'
import { arrivalColumn, type ExportedFile, exportTable } from './export.js'
import { migrate } from './migrations/migrate.js'
import { readWhole, type Whole } from './whole-segments.js'
import { faultsOf, hashOf, type Work, type WrittenFile } from './written-files.js'

/** What the data folder knows beside the database: what the numbers of signals and texts mean, and tokens. */
const folderFiles = ['registry.json', 'dictionary.jsonl', 'alive.json', 'tokens.json']
const markFile = 'backup.json'
const version = 2

/** Segments are those of the spool that fills the database. */
const tables = definitions.filter(
  (definition): definition is Table => definition.kind === 'table' && definition.name !== segments.name,
)

/** What a backup says of itself. */
interface Mark {
  readonly gemba: number
  /** When it was begun, ISO 8601. */
  readonly taken: string
  /** Of the database, and what their bytes come to. */
  readonly files: readonly (ExportedFile & WrittenFile)[]
  /** Of the data folder. */
  readonly folder: readonly WrittenFile[]
}

export interface BackupReport {
  readonly rows: number
  readonly files: number
}

/** How much of a backup is in the data folder that is made of it; before that, how much was checked. */
export interface RestoreProgress extends BackupReport {
  readonly stage: 'check' | 'fill'
  /** Of files. */
  readonly of: number
}

/**
 * Writes everything that has arrived by now into an empty folder, also while the engine goes on: the database as files
 * of ClickHouse's own format, and the files of the data folder. What is in only in part, such as the rows of an import
 * without the note that they are in, comes with the next one, and so may the last ten seconds. It is a backup once it
 * has its mark, at the very end; nothing stays of one that fails or is told to stop. Throws EngineError `bad-input` for
 * a folder that is not empty.
 */
export async function backup(
  database: Database,
  dataDir: string,
  folder: string,
  now: number,
  work: Work<BackupReport> = {},
): Promise<BackupReport> {
  makeOutputFolder(folder)
  if ((await readdir(folder)).length > 0)
    throw new EngineError(
      'bad-input',
      `The folder ${folder} is not empty. A backup wants a folder of its own.`,
    )
  try {
    return await write(database, dataDir, folder, now, work)
  } catch (error) {
    // What there is of it is no backup, and in the way of the next.
    for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true, force: true })
    work.signal?.throwIfAborted()
    throw error
  }
}

async function write(
  database: Database,
  dataDir: string,
  folder: string,
  now: number,
  { signal, onProgress }: Work<BackupReport>,
): Promise<BackupReport> {
  const whole = await readWhole(database)
  const files: Mark['files'][number][] = []
  for (const table of tables) {
    const upTo = whole && newestOf(table, whole)
    const bounds = { ...(upTo !== undefined && { upTo }), ...(signal !== undefined && { signal }) }
    for await (const file of exportTable(database, { table, format: 'native', folder, ...bounds })) {
      files.push({ ...file, sha256: await hashOf(join(folder, file.path), signal) })
      onProgress?.(sumOf(files))
    }
  }
  // After the rows: the numbers and texts that they use are in these by now.
  const copied: WrittenFile[] = []
  for (const path of folderFiles) {
    const copy = join(folder, path)
    if (!existsSync(join(dataDir, path))) continue
    await copyFile(join(dataDir, path), copy)
    copied.push({ path, bytes: (await stat(copy)).size, sha256: await hashOf(copy) })
  }
  const mark: Mark = { gemba: version, taken: new Date(now).toISOString(), files, folder: copied }
  await writeFile(join(folder, `${markFile}.new`), `${JSON.stringify(mark, undefined, 2)}\n`)
  await rename(join(folder, `${markFile}.new`), join(folder, markFile))
  return sumOf(files)
}

/** Whether the folder holds a whole backup. */
export const isBackup = (folder: string): boolean => existsSync(join(folder, markFile))

/** Minutes go no further than the samples beside them, or they would count some that are missing here. */
const newestOf = (table: Table, { samples, records }: Whole): number =>
  table.name === telemetry.name || arrivalColumn(table) === 'up_to' ? samples : records

/** Reads a backup as a whole. Throws EngineError `bad-input` for what is none, or not as it was written. */
export async function verifyBackup(folder: string, work: Work<RestoreProgress> = {}): Promise<BackupReport> {
  return sumOf((await readMark(folder, work)).files)
}

/**
 * Makes a data folder of a backup; begins anew where an earlier one was cut off, or told to stop. Throws EngineError `bad-input` for
 * what is no whole backup, or a folder that has a history already, or tokens.
 */
export async function restore(
  folder: string,
  dataDir: string,
  logger: Logger,
  work: Work<RestoreProgress> = {},
): Promise<BackupReport> {
  const mark = await readMark(folder, work)
  const data = await DataDirectory.open(dataDir, { toRestore: true })
  try {
    if (DataDirectory.isHalfRestored(dataDir)) await clear(dataDir)
    for (const taken of ['clickhouse', 'spool', ...folderFiles]) {
      if (!existsSync(join(dataDir, taken))) continue
      const message = `The folder ${dataDir} has a history already (${taken}). Restore into a new one: nothing is ever overwritten.`
      throw new EngineError('bad-input', message)
    }
    data.beginRestore()
    try {
      await fill(dataDir, folder, mark, logger, work)
    } catch (error) {
      work.signal?.throwIfAborted()
      await clear(dataDir)
      data.endRestore()
      throw error
    }
    data.endRestore()
  } finally {
    await data.close()
  }
  return sumOf(mark.files)
}

const sumOf = (files: readonly ExportedFile[]): BackupReport => ({
  rows: files.reduce((sum, { rows }) => sum + rows, 0),
  files: files.length,
})

async function fill(
  dataDir: string,
  folder: string,
  mark: Mark,
  logger: Logger,
  { signal, onProgress }: Work<RestoreProgress>,
): Promise<void> {
  const embedded = await startEmbedded({ path: join(dataDir, 'clickhouse'), logger })
  const database = new Database(embedded.url, embedded.secret)
  try {
    await migrate(database, logger)
    // Rows that are past their time by now go when it is next opened: until then all are there to be counted.
    await database.command('SYSTEM STOP TTL MERGES')
    let rows = 0
    for (const [i, file] of mark.files.entries()) {
      signal?.throwIfAborted()
      const table = file.path.split('/')[0]!
      await database.insertBlock(table, await readFile(join(folder, file.path)), file.path, signal)
      rows += file.rows
      onProgress?.({ stage: 'fill', rows, files: i + 1, of: mark.files.length })
    }
    await checkRows(database, mark)
    for (const name of folderFiles)
      if (existsSync(join(folder, name))) await copyFile(join(folder, name), join(dataDir, name))
  } finally {
    await database.close()
    await embedded.stop()
  }
}

/** Removes what a restore has made: half a history would look like one. */
async function clear(dataDir: string): Promise<void> {
  // The database of a process that was just killed may still write here for a moment.
  const patiently = { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }
  for (const name of ['clickhouse', ...folderFiles]) await rm(join(dataDir, name), patiently)
}

/** What a backup says of itself, once all of it has been read and is as it was written. */
async function readMark(folder: string, { signal, onProgress }: Work<RestoreProgress>): Promise<Mark> {
  let text: string
  try {
    text = await readFile(join(folder, markFile), 'utf8')
  } catch (cause) {
    const message = `${folder} is no backup, or one that was not finished: it has no ${markFile}.`
    throw new EngineError('bad-input', message, { cause })
  }
  const damaged = (what: string, cause?: unknown): EngineError =>
    new EngineError('bad-input', `The backup in ${folder} is damaged: ${what}. Take another.`, { cause })
  let mark: Mark
  try {
    mark = JSON.parse(text) as Mark
  } catch (cause) {
    throw damaged(`${markFile} is no JSON`, cause)
  }
  if (mark.gemba !== version) {
    const message = `The backup in ${folder} is of version ${mark.gemba}; this Gemba reads version ${version}.`
    throw new EngineError('bad-input', message)
  }
  const written = [...mark.files, ...mark.folder]
  const [fault, ...more] = await faultsOf(folder, written, {
    ...(signal !== undefined && { signal }),
    onProgress: files => onProgress?.({ stage: 'check', rows: 0, files, of: written.length }),
  })
  if (fault === undefined) return mark
  throw damaged(more.length === 0 ? fault : `${fault}, and ${more.length} more files`)
}

/** Tables that replace rows may have fewer by now; all others have what was written. */
async function checkRows(database: Database, { files }: Mark): Promise<void> {
  for (const { name, engine } of tables) {
    if (engine !== 'MergeTree') continue
    const written = files
      .filter(({ path }) => path.startsWith(`${name}/`))
      .reduce((sum, { rows }) => sum + rows, 0)
    const [row] = await database.query<{ rows: string }>(
      `SELECT toString(count()) AS rows FROM ${databaseName}.${name}`,
    )
    if (Number(row!.rows) === written) continue
    const message = `The backup says that ${name} has ${written} rows, but ${row!.rows} came out of its files. It is damaged.`
    throw new EngineError('bad-input', message)
  }
}
