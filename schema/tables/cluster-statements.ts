import { createStatement, createTable, inDatabase, quoted } from './create-statement.js'
import { type Definition, databaseName, deduplicationWindow, type Table } from './definition.js'

/**
 * The statements that make a definition on a cluster of your own ClickHouse: each table replicated within a shard
 * under its name with `_local`, and over all shards under its own name; views as they are. Run them once, before the
 * first start with GEMBA_CLICKHOUSE_URL; the macros {shard} and {replica} are the servers'.
 * `cluster`: letters, digits, `_`, `-` and `.`.
 */
export function clusterStatements(
  definition: Definition,
  cluster: string,
  database: string = databaseName,
): readonly string[] {
  const on = `ON CLUSTER \`${cluster}\``
  if (definition.kind === 'view') return [createStatement(definition, database).replace(' AS ', ` ${on} AS `)]
  const local = `${database}.${definition.name}_local`
  return [
    createTable({ ...definition, engine: replicated(definition) }, `${local} ${on}`, {
      replicated_deduplication_window: deduplicationWindow,
      // A block must come again under its token after any outage that the spool can hold.
      replicated_deduplication_window_seconds: 365 * 86_400,
      fsync_after_insert: 1,
      fsync_part_directory: 1,
    }),
    inDatabase(
      `CREATE TABLE IF NOT EXISTS {db}.${definition.name} ${on} AS ${local}
ENGINE = Distributed(${quoted(cluster)}, ${quoted(database)}, ${quoted(`${definition.name}_local`)}, ${shardingKey(definition)})
COMMENT ${quoted(definition.meaning)}`,
      database,
    ),
  ]
}

/** `ReplacingMergeTree(seq)` becomes `ReplicatedReplacingMergeTree(path, replica, seq)`. */
function replicated({ name, engine }: Table): string {
  const [, family, given = ''] = /^(\w+)(?:\((.*)\))?$/.exec(engine) ?? []
  const places = `'/clickhouse/tables/{uuid}/{shard}/${name}', '{replica}'`
  return `Replicated${family}(${given === '' ? places : `${places}, ${given}`})`
}

/** Rows of one signal, machine or twin stay together: whatever is asked of one is asked of one shard. */
function shardingKey({ columns, orderBy }: Table): string {
  const column = columns.find(({ name }) => name === orderBy.find(key => /^\w+$/.test(key)))
  return column!.type.startsWith('UInt') ? column!.name : `cityHash64(${column!.name})`
}
