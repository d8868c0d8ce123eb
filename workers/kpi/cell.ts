import { addTally, emptyTally, type Tally } from './tally.js'

/** The smallest stretch that figures are asked for: an hour of the local clock, a shift, a product, an order. */
export interface Cell {
  /** Begin of the hour, Unix ms. */
  readonly hour: number
  /** Shift with its day; empty where there is none. */
  readonly shift: string
  readonly product: string
  readonly order: string
  readonly tally: Tally
}

/** Where the cell for the same is, from the end, because time is booked in its order; -1: there is none. */
export function placeOf(
  cells: readonly Cell[],
  { hour, shift, product, order }: Omit<Cell, 'tally'>,
): number {
  for (let place = cells.length - 1; place >= 0; place--) {
    const cell = cells[place]!
    if (cell.hour < hour) return -1
    if (cell.hour === hour && cell.shift === shift && cell.product === product && cell.order === order)
      return place
  }
  return -1
}

export function copyOf(cell: Cell): Cell {
  const tally = emptyTally()
  addTally(tally, cell.tally)
  return { ...cell, tally }
}
