import { type Column, type Definition, databaseName, deduplicationWindow, type Table } from './definition.js'

/** The spool lets go of a block once it is inserted: by then it must survive a power loss here. */
const ownSettings = {
  non_replicated_deduplication_window: deduplicationWindow,
  fsync_after_insert: 1,
  fsync_part_directory: 1,
}

/** The statement that makes what a definition describes; does nothing where it exists. */
export function createStatement(definition: Definition, database: string = databaseName): string {
  const name = `${database}.${definition.name}`
  switch (definition.kind) {
    case 'table':
      return createTable(definition, name)
    case 'view':
      return `CREATE VIEW IF NOT EXISTS ${name} AS ${inDatabase(definition.select, database)} COMMENT ${quoted(definition.meaning)}`
  }
}

/** `settings`: of the table; those of one that is alone on its server unless told otherwise. */
export function createTable(
  table: Table,
  name: string,
  settings: Readonly<Record<string, number>> = ownSettings,
): string {
  const parts = [
    ...table.columns.map(columnClause),
    ...(table.indexes ?? []).map(index => `INDEX ${index}`),
    ...(table.projections ?? []).map(projection => `PROJECTION ${projection}`),
  ]
  const clauses = [
    `CREATE TABLE IF NOT EXISTS ${name} (\n  ${parts.join(',\n  ')}\n)`,
    `ENGINE = ${table.engine}`,
    ...(table.partitionBy === undefined ? [] : [`PARTITION BY (${table.partitionBy})`]),
    `ORDER BY (${table.orderBy.join(', ')})`,
    ...(table.ttl === undefined ? [] : [`TTL ${table.ttl}`]),
    `SETTINGS ${Object.entries(settings)
      .map(([setting, value]) => `${setting} = ${value}`)
      .join(', ')}`,
    `COMMENT ${quoted(table.meaning)}`,
  ]
  return clauses.join('\n')
}

function columnClause(column: Column): string {
  const fallback = column.default === undefined ? '' : ` DEFAULT ${column.default}`
  const codec = column.codec === undefined ? '' : ` CODEC(${column.codec})`
  return `${column.name} ${column.type}${fallback} COMMENT ${quoted(column.meaning)}${codec}`
}

/** Queries of views name tables as `{db}.table`. */
export function inDatabase(select: string, database: string = databaseName): string {
  return select.trim().replaceAll('{db}', database)
}

export const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
