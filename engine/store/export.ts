import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Definition, databaseName } from '../../schema/tables/definition.js'
import { makeOutputFolder } from '../make-folder.js'
import type { Database } from './database.js'
import { writeWhole } from './write-whole.js'

/** Formats of files, by ClickHouse's name and by the ending of the file. */
export const exportFormats = {
  parquet: { format: 'Parquet', ending: 'parquet' },
  csv: { format: 'CSVWithNames', ending: 'csv' },
  jsonl: { format: 'JSONEachRow', ending: 'jsonl' },
  sql: { format: 'SQLInsert', ending: 'sql' },
  /** ClickHouse's own: what goes in comes out, to the bit. */
  native: { format: 'Native', ending: 'native' },
} as const
export type ExportFormat = keyof typeof exportFormats

export interface ExportOptions {
  readonly table: Definition
  /** From (inclusive) and to (exclusive) by the table's own time, Unix ms; all of it where one is missing. */
  readonly from?: number
  readonly to?: number
  readonly format: ExportFormat
  /** Folder for the files and their manifest. */
  readonly folder: string
  /** Only rows that arrived up to this one, by the table's sequence. */
  readonly upTo?: number
  /**
   * For a past that was simulated: what says when rows were written tells their own time, and this one, Unix ms, where
   * they have none; so the same past makes the same files, whenever and however it was made.
   */
  readonly asLivedFrom?: number
  /** Aborted: ends with an error, in the midst of a file. */
  readonly signal?: AbortSignal
}

/** A file that was written. */
export interface ExportedFile {
  /** Below the folder. */
  readonly path: string
  readonly rows: number
  readonly bytes: number
}

const hourMs = 3_600_000
/** Most rows of a file: what a program that reads it can hold, and what goes in again in one piece. */
const mostRows = 4_000_000

/** The column that says when a row is of: the first that is a time, undefined for what has none of its own. */
export function timeColumn({ columns }: Definition): string | undefined {
  return columns.find(({ type, isWall }) => type.startsWith('DateTime') && isWall !== true)?.name
}

/**
 * Writes a table into files by day and hour (`date=2026-11-20/hour=06.parquet`), each whole or not there, and at the
 * end `manifest.json`, which names them with their rows. A table without a time of its own is one file. Of a table that
 * keeps the newest version of a row only that version is written. Rows are in the order of the table's key. Where it
 * ends early, files that are whole stay, and there is no manifest, nor one of an earlier export.
 */
export async function* exportTable(database: Database, options: ExportOptions): AsyncGenerator<ExportedFile> {
  const { table, format, folder, asLivedFrom, signal } = options
  const { format: name, ending } = exportFormats[format]
  const root = join(folder, table.name)
  makeOutputFolder(root)
  const manifestFile = join(root, 'manifest.json')
  await rm(manifestFile, { force: true })
  const files: ExportedFile[] = []
  for (const { path, source, rows } of await pieces(database, options)) {
    signal?.throwIfAborted()
    const file = join(root, `${path}.${ending}`)
    await mkdir(dirname(file), { recursive: true })
    const columns = columnsOf(table, asLivedFrom).join(', ')
    const stream = await database.exportStream(
      `SELECT ${columns} FROM ${source} ORDER BY ${orderOf(table)} SETTINGS output_format_sql_insert_table_name = '${table.name}'`,
      {},
      name,
      signal,
    )
    const bytes = await writeWhole(stream, file, signal)
    const written = { path: `${table.name}/${path}.${ending}`, rows, bytes }
    files.push(written)
    yield written
  }
  const { from, to } = options
  const span = {
    ...(from !== undefined && { from: new Date(from).toISOString() }),
    ...(to !== undefined && { to: new Date(to).toISOString() }),
  }
  const columns = table.columns.map(column => ({ name: column.name, type: column.type }))
  const manifest = { table: table.name, ...span, columns, files }
  await writeFile(manifestFile, `${JSON.stringify(manifest, undefined, 2)}\n`)
}

function columnsOf(table: Definition, asLivedFrom: number | undefined): readonly string[] {
  if (asLivedFrom === undefined) return table.columns.map(({ name }) => name)
  const own = timeColumn(table) ?? `fromUnixTimestamp64Milli(${asLivedFrom}, 'UTC')`
  return table.columns.map(({ name, type, isWall }) =>
    isWall === true ? `CAST(${own} AS ${type}) AS ${name}` : name,
  )
}

interface Piece {
  readonly path: string
  /** What stands behind FROM. */
  readonly source: string
  readonly rows: number
}

/** Hours that have rows, in order. */
async function pieces(
  database: Database,
  { table, from, to, upTo, signal }: ExportOptions,
): Promise<Piece[]> {
  const column = timeColumn(table)
  const arrival = upTo === undefined ? undefined : arrivalColumn(table)
  const arrived = arrival === undefined ? '' : ` PREWHERE ${arrivedBy(table, `${arrival} <= ${upTo}`)}`
  const of = `${databaseName}.${table.name}${isReplacing(table) ? ' FINAL' : ''}${arrived}`
  const all = (conditions: readonly string[]): string =>
    conditions.length === 0 ? of : `${of} WHERE ${conditions.join(' AND ')}`
  const countOf = async (source: string): Promise<number> => {
    const [row] = await database.query<{ rows: string }>(
      `SELECT toString(count()) AS rows FROM ${source}`,
      {},
      signal,
    )
    return Number(row!.rows)
  }
  if (column === undefined) return [{ path: table.name, source: of, rows: await countOf(of) }]
  const moment = (time: number): string => `fromUnixTimestamp64Milli(${time}, 'UTC')`
  const within = (begin?: number, end?: number): string[] => [
    ...(begin === undefined ? [] : [`${column} >= ${moment(begin)}`]),
    ...(end === undefined ? [] : [`${column} < ${moment(end)}`]),
  ]
  // No table has columns of these names: an alias would go before them.
  const hours = await database.query<{ hour_number: string; row_count: string }>(
    `SELECT toString(intDiv(toInt64(toUnixTimestamp(toDateTime(assumeNotNull(${column}), 'UTC'))), 3600)) AS hour_number, toString(count()) AS row_count
    FROM ${all(within(from, to))}
    GROUP BY hour_number ORDER BY toInt64(hour_number)`,
    {},
    signal,
  )
  const found: Piece[] = []
  for (const { hour_number: hour, row_count: rows } of hours) {
    const begin = Number(hour) * hourMs
    const text = new Date(begin).toISOString()
    const path = `date=${text.slice(0, 10)}/hour=${text.slice(11, 13)}`
    const slices = Math.ceil(Number(rows) / mostRows)
    for (let i = 0; i < slices; i++) {
      const [a, b] = [
        begin + Math.floor((i * hourMs) / slices),
        begin + Math.floor(((i + 1) * hourMs) / slices),
      ]
      const source = all(within(Math.max(a, from ?? a), Math.min(b, to ?? b)))
      if (slices === 1) found.push({ path, source, rows: Number(rows) })
      else found.push({ path: `${path}-${i}`, source, rows: await countOf(source) })
    }
  }
  return found
}

/** The table's own order, to the row: the same rows make the same file, however they lie in the database. */
function orderOf(table: Definition): string {
  if (table.kind !== 'table') return 'ALL'
  const arrival = arrivalColumn(table)
  return [...table.orderBy, ...(arrival === undefined ? [] : [arrival])].join(', ')
}

/**
 * What had arrived `byThen`. Where rows are replaced, it is looked at before FINAL: of each the newest version of then,
 * and where the database has merged that into one that came since, this one, rather than nothing.
 */
function arrivedBy(table: Definition, byThen: string): string {
  if (table.kind !== 'table' || !isReplacing(table)) return byThen
  const key = table.orderBy.map(name => `\`${name}\``).join(', ')
  const keys = (where: string): string => `SELECT ${key} FROM ${databaseName}.${table.name} WHERE ${where}`
  return `${byThen} OR (${key}) NOT IN (${keys(`${byThen} AND (${key}) IN (${keys(`NOT (${byThen})`)})`)})`
}

/** Whether a row takes the place of an older one with the same key, which stays beside it until the database merges. */
const isReplacing = (table: Definition): boolean =>
  table.kind === 'table' && table.engine.startsWith('ReplacingMergeTree')

/** The column by which rows of a table arrived; minutes that were added up say up to where they go. */
export function arrivalColumn({ columns }: Definition): string | undefined {
  return columns.find(({ name }) => name === 'seq' || name === 'up_to')?.name
}
