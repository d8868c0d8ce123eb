import type { Reject, StateChange } from '../../schema/records.js'
import type { Rows } from '../../schema/tables/row-tables.js'
import type { Mapping } from './mapping.js'

/** Rows of a file that go in together: all of a block or nothing, and once. */
export const rowsOfBlock = 20_000

/** Which file it is, by its content, and by which mapping it is read. */
export interface ImportKey {
  readonly file: string
  readonly mapping: string
}

/** What some rows of a file say, ready to become durable; plain, so that it can be handed over as JSON. */
export interface ImportBlock extends ImportKey {
  readonly name: string
  readonly kind: Mapping['kind']
  /** Its place in the file, from 0. */
  readonly block: number
  readonly isLast: boolean
  readonly rows: number
  readonly taken: number
  /** Column by column; a value is a number, a text of a text signal, or null where there is none. */
  readonly samples: {
    readonly signal: number[]
    readonly time: number[]
    readonly value: (number | string | null)[]
    readonly quality: number[]
  }
  readonly stateChanges: StateChange[]
  readonly rejects: Reject[]
  readonly tables: Pick<Rows, 'downtime_changes' | 'scrap_events' | 'production_events'>
}

/** What the import of a file came to. */
export interface ImportAccount {
  readonly rows: number
  readonly taken: number
  /** Rows of blocks that were in before. */
  readonly known: number
  /** Rows that were not taken, by rule. */
  readonly refused: Readonly<Record<string, number>>
  /** Values that were taken and that nobody believes, by rule. */
  readonly doubted: Readonly<Record<string, number>>
}
