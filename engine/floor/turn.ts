import type { Entry } from '../../schema/records.js'
import type { SampleBatch } from '../../schema/sample-batch.js'
import type { RowOfTable, RowTableName } from '../../schema/tables/row-tables.js'
import type { TurnRow } from '../../schema/tables/turns.js'

/** The kinds of records that twins make of what they hear, by their name in an entry. */
type Kind = 'stateChanges' | 'twinEvents' | 'rejects'
type RecordOf<K extends Kind> = NonNullable<Entry[K]>[number]
type Records = { [K in Kind]: RecordOf<K>[] }

/** Turns that came to nothing wait for one that came to something, but not for ever. */
const mostWaiting = 240

const noRecords = (): Records => ({ stateChanges: [], twinEvents: [], rejects: [] })

/**
 * What one turn of the floor brings that must become durable: a batch, or a tick, and all that the twins made of it.
 * Taken in one piece, so that either all of it is in the spool or nothing is.
 */
export class Turn {
  #records = noRecords()
  #rows: { [Name in RowTableName]?: RowOfTable<Name>[] } = {}
  #told: TurnRow[] = []

  /** The turns that came to nothing so far, for an entry that is made between turns. */
  takeTold(): readonly TurnRow[] {
    const told = this.#told
    if (told.length > 0) this.#told = []
    return told
  }

  /** What the floor is told in this turn; goes on record with all before it, in order. */
  tell(turn: TurnRow): void {
    this.#told.push(turn)
  }

  add<K extends Kind>(kind: K, ...records: readonly RecordOf<K>[]): void {
    for (const record of records) this.#records[kind].push(record)
  }

  /** A row for a table that takes rows as they are. */
  addRow<Name extends RowTableName>(table: Name, row: RowOfTable<Name>): void {
    const rows: RowOfTable<Name>[] | undefined = this.#rows[table]
    if (rows === undefined) Object.assign(this.#rows, { [table]: [row] })
    else rows.push(row)
  }

  /** What happened so far is no news. */
  forget(kind: Kind): void {
    this.#records[kind] = []
  }

  /** Ends the turn; undefined when nothing came of it. */
  take(source: string, texts: NonNullable<Entry['texts']>, samples?: SampleBatch): Entry | undefined {
    const records = this.#records
    const made = (Object.keys(records) as Kind[]).filter(kind => records[kind].length > 0)
    const rows = this.#rows
    const hasRows = Object.keys(rows).length > 0
    const isQuiet = samples === undefined && texts.length === 0 && made.length === 0 && !hasRows
    if (isQuiet && this.#told.length < mostWaiting) return undefined
    if (made.length > 0) this.#records = noRecords()
    if (hasRows) this.#rows = {}
    const turns = this.takeTold()
    return {
      source,
      ...(samples && { samples }),
      ...Object.fromEntries(made.map(kind => [kind, records[kind]])),
      ...((hasRows || turns.length > 0) && { rows: { ...rows, ...(turns.length > 0 && { turns }) } }),
      ...(texts.length > 0 && { texts }),
    }
  }
}
