import type { Entry } from '../../schema/records.js'
import type { SampleBatch } from '../../schema/sample-batch.js'

/** The kinds of records that twins make of what they hear, by their name in an entry. */
type Kind = 'stateChanges' | 'twinEvents' | 'rejects'
type RecordOf<K extends Kind> = NonNullable<Entry[K]>[number]
type Records = { [K in Kind]: RecordOf<K>[] }

const noRecords = (): Records => ({ stateChanges: [], twinEvents: [], rejects: [] })

/**
 * What one turn of the floor brings that must become durable: a batch, or a tick, and all that the twins made of it.
 * Taken in one piece, so that either all of it is in the spool or nothing is.
 */
export class Turn {
  #records = noRecords()

  add<K extends Kind>(kind: K, ...records: readonly RecordOf<K>[]): void {
    for (const record of records) this.#records[kind].push(record)
  }

  /** What happened so far is no news. */
  forget(kind: Kind): void {
    this.#records[kind] = []
  }

  /** Ends the turn; undefined when nothing came of it. */
  take(source: string, texts: NonNullable<Entry['texts']>, samples?: SampleBatch): Entry | undefined {
    const records = this.#records
    const made = (Object.keys(records) as Kind[]).filter(kind => records[kind].length > 0)
    if (samples === undefined && texts.length === 0 && made.length === 0) return undefined
    if (made.length > 0) this.#records = noRecords()
    return {
      source,
      ...(samples && { samples }),
      ...Object.fromEntries(made.map(kind => [kind, records[kind]])),
      ...(texts.length > 0 && { texts }),
    }
  }
}
