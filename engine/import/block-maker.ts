import type { Plant } from '../../schema/plant.js'
import { furthestAheadMs } from '../../schema/quality-rules.js'
import type { Registry } from '../floor/floor.js'
import type { ImportBlock, ImportKey } from './block.js'
import { eventRows } from './event-rows.js'
import type { ImportRow } from './import-rows.js'
import type { Mapping } from './mapping.js'
import { RowFault, RowReader } from './row-reader.js'
import { telemetryRows } from './telemetry-rows.js'

/** What rows are read against. */
export interface ImportContext {
  readonly plant: Plant
  readonly registry: Registry
  /** The floor's time, Unix ms. */
  readonly now: number
}

/** A block while its rows come. */
export type OpenBlock = Pick<ImportBlock, 'samples' | 'stateChanges' | 'rejects' | 'tables'> & {
  readonly tables: {
    [Name in keyof ImportBlock['tables']]-?: NonNullable<ImportBlock['tables'][Name]>[number][]
  }
}

/** Reads rows of one kind; throws RowFault for one that cannot be taken. */
export interface KindReader {
  take(row: ImportRow, into: OpenBlock): void
  /** Before a block is closed; `isLast`: nothing more comes. */
  close?(into: OpenBlock, isLast: boolean): void
}

/** Most of a row that a reject keeps. */
const longestRaw = 4_096

/** Makes blocks of the rows of a file: the same ones from the same rows. */
export class BlockMaker {
  readonly #key: ImportKey & Pick<ImportBlock, 'name' | 'kind'>
  readonly #context: ImportContext
  readonly #reader: KindReader
  #open = emptyBlock()
  #block = 0
  #rows = 0
  #refused = 0

  constructor(
    key: ImportKey & { readonly name: string },
    mapping: Mapping,
    columns: readonly string[],
    context: ImportContext,
  ) {
    this.#key = { ...key, kind: mapping.kind }
    this.#context = context
    const reader = new RowReader(columns, mapping.decimal)
    this.#reader =
      mapping.kind === 'telemetry'
        ? telemetryRows(mapping, reader, context, key.name)
        : eventRows(mapping, reader, context, key.file)
  }

  /** Rows of the block so far. */
  get rows(): number {
    return this.#rows
  }

  take(row: ImportRow): void {
    this.#rows++
    try {
      this.#reader.take(row, this.#open)
    } catch (error) {
      if (!(error instanceof RowFault)) throw error
      this.#refused++
      this.#open.rejects.push({
        source: 'import',
        time: this.#context.now,
        rule: error.rule,
        reason: `${this.#key.name}, row ${row.place}: ${error.message}.`,
        raw: row.raw.slice(0, longestRaw),
      })
    }
  }

  close(isLast: boolean): ImportBlock {
    this.#reader.close?.(this.#open, isLast)
    const made = {
      ...this.#key,
      block: this.#block++,
      isLast,
      rows: this.#rows,
      taken: this.#rows - this.#refused,
      ...this.#open,
    }
    this.#open = emptyBlock()
    this.#rows = this.#refused = 0
    return made
  }
}

const emptyBlock = (): OpenBlock => ({
  samples: { signal: [], time: [], value: [], quality: [] },
  stateChanges: [],
  rejects: [],
  tables: { downtime_changes: [], scrap_events: [], production_events: [] },
})

/** Throws RowFault for a time that nobody can have seen. */
export function checkPast(time: number, now: number): void {
  if (time < 0) throw new RowFault('import.bad-time', 'the time lies before 1970')
  if (time <= now + furthestAheadMs) return
  const said = new Date(time).toISOString()
  throw new RowFault('time.in-future', `${said} lies ahead of the clock of the floor; look at the zone`)
}
