import type { FigureColumns } from '../../schema/stream/protocol.js'

/** What the OEE of a machine is made from now; see FigureColumns. */
export type ShownFigures = {
  readonly [Name in Exclude<keyof FigureColumns, 'index'>]: number
}

/** Where the figures of machines come from. */
export interface FigureFeed {
  /** Undefined: the machine has none. */
  of(machine: string): ShownFigures | undefined
}

/** A round over all machines takes this long, ms. */
const roundMs = 1_000

/**
 * The figures of all machines, each worked out once a second: a part of the machines each tick, so that no tick of a
 * large floor is long.
 */
export class FigureBoard {
  readonly #feed: FigureFeed
  readonly #machines: readonly { readonly index: number; readonly id: string }[]
  /** Ticks of a round. */
  readonly #ticks: number
  #rows: (ShownFigures & { readonly index: number })[] = []
  #tick = 0
  #version = 0
  #columns: FigureColumns = columnsOf([])

  /** `machines` in any order; `tickMs`: how often `tick` is called. */
  constructor(
    feed: FigureFeed,
    machines: readonly { readonly index: number; readonly id: string }[],
    tickMs: number,
  ) {
    this.#feed = feed
    this.#machines = machines.toSorted((a, b) => a.index - b.index)
    this.#ticks = Math.max(1, Math.floor(roundMs / tickMs))
  }

  /** Grows with each round. 0: there was none yet. */
  get version(): number {
    return this.#version
  }

  /** Of the last round. */
  get columns(): FigureColumns {
    return this.#columns
  }

  tick(): void {
    const upTo = (ticks: number): number => Math.floor((this.#machines.length * ticks) / this.#ticks)
    for (const { index, id } of this.#machines.slice(upTo(this.#tick), upTo(this.#tick + 1))) {
      const figures = this.#feed.of(id)
      if (figures !== undefined) this.#rows.push({ index, ...figures })
    }
    this.#tick++
    if (this.#tick < this.#ticks) return
    this.#columns = columnsOf(this.#rows)
    this.#version++
    this.#rows = []
    this.#tick = 0
  }
}

function columnsOf(rows: readonly (ShownFigures & { readonly index: number })[]): FigureColumns {
  const column = (name: Exclude<keyof ShownFigures, 'recomputing'>): Float64Array =>
    Float64Array.from(rows, row => row[name])
  return {
    index: Uint32Array.from(rows, ({ index }) => index),
    since: column('since'),
    busy: column('busy'),
    running: column('running'),
    ideal: column('ideal'),
    idealGood: column('idealGood'),
    produced: column('produced'),
    good: column('good'),
    recomputing: Uint8Array.from(rows, row => row.recomputing),
  }
}
