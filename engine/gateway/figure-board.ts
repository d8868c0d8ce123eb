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
  /** Of the round that goes on: so many rows of as many as there are machines. */
  #next: FigureColumns
  #rows = 0
  #tick = 0
  #version = 0
  #columns = emptyColumns(0)

  /** `machines` in any order; `tickMs`: how often `tick` is called. */
  constructor(
    feed: FigureFeed,
    machines: readonly { readonly index: number; readonly id: string }[],
    tickMs: number,
  ) {
    this.#feed = feed
    this.#machines = machines.toSorted((a, b) => a.index - b.index)
    this.#ticks = Math.max(1, Math.floor(roundMs / tickMs))
    this.#next = emptyColumns(machines.length)
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
      if (figures === undefined) continue
      writeRow(this.#next, this.#rows++, index, figures)
    }
    this.#tick++
    if (this.#tick < this.#ticks) return
    this.#columns = firstRows(this.#next, this.#rows)
    this.#version++
    this.#next = emptyColumns(this.#machines.length)
    this.#rows = 0
    this.#tick = 0
  }
}

function emptyColumns(rows: number): FigureColumns {
  const column = (): Float64Array => new Float64Array(rows)
  return {
    index: new Uint32Array(rows),
    since: column(),
    busy: column(),
    running: column(),
    ideal: column(),
    idealGood: column(),
    produced: column(),
    good: column(),
    recomputing: new Uint8Array(rows),
  }
}

function firstRows(columns: FigureColumns, rows: number): FigureColumns {
  const cut = Object.entries(columns).map(([name, column]) => [name, column.subarray(0, rows)])
  return Object.fromEntries(cut) as FigureColumns
}

/** By name and not in a loop over names: every machine has a row each second. */
function writeRow(columns: FigureColumns, row: number, index: number, figures: ShownFigures): void {
  columns.index[row] = index
  columns.since[row] = figures.since
  columns.busy[row] = figures.busy
  columns.running[row] = figures.running
  columns.ideal[row] = figures.ideal
  columns.idealGood[row] = figures.idealGood
  columns.produced[row] = figures.produced
  columns.good[row] = figures.good
  columns.recomputing[row] = figures.recomputing
}
