import type { Entry } from '../../schema/records.js'
import type { Rows } from '../../schema/tables/row-tables.js'

/**
 * Entries that become durable as one: what a source told and all that followed from it later in the same stride, so
 * that the samples which are in the store tell what else is. At most one of them has samples.
 */
export function joined(source: string, entries: readonly (Entry | undefined)[]): Entry | undefined {
  const parts = entries.filter(entry => entry !== undefined)
  if (parts.length === 0) return undefined
  const samples = parts.find(entry => entry.samples !== undefined)?.samples
  return {
    source,
    ...(samples !== undefined && { samples }),
    stateChanges: parts.flatMap(({ stateChanges = [] }) => stateChanges),
    twinEvents: parts.flatMap(({ twinEvents = [] }) => twinEvents),
    rejects: parts.flatMap(({ rejects = [] }) => rejects),
    texts: parts.flatMap(({ texts = [] }) => texts),
    snapshots: parts.flatMap(({ snapshots = [] }) => snapshots),
    rows: joinedRows(parts.map(({ rows = {} }) => rows)),
  }
}

function joinedRows(parts: readonly Rows[]): Rows {
  const tables = new Set(parts.flatMap(rows => Object.keys(rows) as (keyof Rows)[]))
  return Object.fromEntries(
    [...tables].map(table => [table, parts.flatMap(rows => [...(rows[table] ?? [])])]),
  )
}
