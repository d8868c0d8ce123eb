/** A column of a table or view. */
export interface Column {
  readonly name: string
  /** ClickHouse type, spelled as `system.columns` spells it. */
  readonly type: string
  /** What it holds, with its unit; goes into the table and into the data dictionary. */
  readonly meaning: string
  readonly codec?: string
  /** Expression for rows that do not bring the column. */
  readonly default?: string
  /** A time that says when the row was written or worked out, by the wall's clock, and nothing of what it tells. */
  readonly isWall?: true
}

/** A table that keeps rows. */
export interface Table {
  readonly kind: 'table'
  readonly name: string
  readonly meaning: string
  readonly columns: readonly Column[]
  /** Engine with its arguments, e.g. `ReplacingMergeTree(seq)`. */
  readonly engine: string
  readonly orderBy: readonly string[]
  readonly partitionBy?: string
  /** How long a row stays. Always counted from `stored`, which is the wall's time: see `storedColumn`. */
  readonly ttl?: string
  readonly indexes?: readonly string[]
  /** The same rows once more in another order, for what is not asked for in the first: `name (SELECT …)`. */
  readonly projections?: readonly string[]
}

/** A query under a name. */
export interface View {
  readonly kind: 'view'
  readonly name: string
  readonly meaning: string
  readonly columns: readonly Column[]
  readonly select: string
}

export type Definition = Table | View

/** The database that everything of ours lives in. */
export const databaseName = 'gemba'

/**
 * Tokens of inserted blocks that a table remembers: more than the fullest spool holds (10 GiB in segments of 100,000
 * samples, 2.9 MB each, or of 8 MiB), so that whatever an outage has piled up may come a second time. Only the newest
 * few ever should: blocks are inserted one after the other.
 */
export const deduplicationWindow = 5_000

/**
 * When the row was accepted, by the wall's clock. Retention and partitions go by it and never by a row's own time: a
 * recording of 2017 played today is new, and a controller whose clock is years off must not make partitions of its own.
 * It comes with the block and is not `now()`, so that a block inserted twice has the same partitions both times.
 */
export const storedColumn: Column & { readonly name: 'stored' } = {
  name: 'stored',
  type: "DateTime('UTC')",
  meaning: 'when the row was accepted, wall time; retention counts from here',
  codec: 'Delta(4), ZSTD(1)',
  isWall: true,
}

/**
 * For an hour or a day of all machines at once. Rows are ordered by machine first, and a machine's week fits into two
 * granules: without this, a question about a moment reads all there is.
 */
export const byTime = 'by_time (SELECT * ORDER BY ts)'

export const seqColumn = (of: string): Column & { readonly name: 'seq' } => ({
  name: 'seq',
  type: 'UInt64',
  meaning: `order of arrival among ${of}; counts on over restarts`,
  codec: 'Delta(8), ZSTD(1)',
})
