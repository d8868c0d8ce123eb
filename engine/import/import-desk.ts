import type { Entry } from '../../schema/records.js'
import { SampleBatchBuilder } from '../../schema/sample-batch.js'
import { databaseName } from '../../schema/tables/definition.js'
import type { Dictionary } from '../floor/dictionary.js'
import type { Store } from '../store/store.js'
import type { ImportBlock, ImportKey } from './block.js'

export interface ImportDeskParts {
  readonly store: Pick<Store, 'query' | 'flush' | 'commit'>
  readonly dictionary: Dictionary
  /** The floor's time. */
  readonly clock: { now(): number }
  /** Accepts the entry; resolves when the spool has it. */
  record(entry: Entry): Promise<void> | void
}

/** What became of a block: it was `known` where an earlier import had brought it. */
export type BlockOutcome = 'taken' | 'known'

/**
 * Takes blocks of past data into the store. That a block is in is a row of the same entry, so that after a crash it is
 * either in with all it says, or not at all: a file counts once however often it comes.
 */
export class ImportDesk {
  readonly #parts: ImportDeskParts
  readonly #known = new Map<string, Promise<Set<number>>>()

  constructor(parts: ImportDeskParts) {
    this.#parts = parts
  }

  /** Resolves when the block is safe. Throws StoreError. */
  async take(block: ImportBlock): Promise<BlockOutcome> {
    const known = await this.#knownOf(block)
    if (known.has(block.block)) return 'known'
    await this.#parts.record(this.#entryOf(block))
    await this.#parts.store.commit()
    known.add(block.block)
    return 'taken'
  }

  #knownOf({ file, mapping }: ImportKey): Promise<Set<number>> {
    const key = `${file} ${mapping}`
    const found = this.#known.get(key) ?? this.#readKnown(file, mapping)
    this.#known.set(key, found)
    // Asked again where the database did not answer.
    found.catch(() => this.#known.delete(key))
    return found
  }

  async #readKnown(file: string, mapping: string): Promise<Set<number>> {
    const { store } = this.#parts
    // What an earlier run left in the spool is in as well.
    await store.flush()
    const rows = await store.query<{ block: number }>(
      `SELECT block FROM ${databaseName}.imports WHERE file = {file:String} AND mapping = {mapping:String}`,
      { file, mapping },
    )
    return new Set(rows.map(({ block }) => block))
  }

  #entryOf(made: ImportBlock): Entry {
    const { file, mapping, block, name, kind, rows, taken, isLast } = made
    const { dictionary, clock } = this.#parts
    const { signal, time, value, quality } = made.samples
    const batch = new SampleBatchBuilder(Math.max(1, signal.length))
    const received = clock.now()
    for (let i = 0; i < signal.length; i++) {
      const said = value[i] ?? Number.NaN
      const number = typeof said === 'string' ? dictionary.intern(said) : said
      batch.push(signal[i]!, time[i]!, received, number, quality[i]!)
    }
    const texts = dictionary.takeFresh()
    const { stateChanges, rejects, tables } = made
    return {
      source: 'import',
      ...(batch.count > 0 && { samples: batch.take() }),
      ...(texts.length > 0 && { texts }),
      stateChanges,
      rejects,
      rows: { ...tables, imports: [{ file, mapping, block, name, kind, rows, taken, last: isLast }] },
    }
  }
}
