import { databaseName } from '../../schema/tables/definition.js'
import { segments } from '../../schema/tables/segments.js'
import type { Position } from '../../workers/spool/record.js'
import type { Database } from './database.js'

/** Up to which segment everything is in, in all tables, and where counting stands behind it. */
export interface WholeSegment {
  readonly number: number
  readonly end: Position
}

/** Writes it down; as often as one likes, in any order. */
export async function markWhole(
  database: Database,
  spool: string,
  { number, end }: WholeSegment,
  now: number,
  signal?: AbortSignal,
): Promise<void> {
  const [samples, records] = [end.nextSample - 1, end.nextRecord - 1]
  const row = { spool, segment: number, samples, records, stored: Math.floor(now / 1_000) }
  await database.insertRows(segments.name, [row], signal)
}

/** Numbers of the newest sample and record that are in with all that belongs to them. */
export interface Whole {
  readonly samples: number
  readonly records: number
}

/** Undefined in a database of a version before that nobody has started since: it lacks the table, and nothing goes into it. */
export async function readWhole(database: Database): Promise<Whole | undefined> {
  const there = await database.query(
    'SELECT 1 FROM system.tables WHERE database = {database:String} AND name = {table:String}',
    { database: databaseName, table: segments.name },
  )
  if (there.length === 0) return undefined
  const [row] = await database.query<Record<'marks' | 'samples' | 'records', string>>(
    `SELECT toString(count()) AS marks, toString(max(s.samples)) AS samples, toString(max(s.records)) AS records
    FROM ${databaseName}.${segments.name} AS s`,
  )
  if (row === undefined || Number(row.marks) === 0) return undefined
  return { samples: Number(row.samples), records: Number(row.records) }
}
