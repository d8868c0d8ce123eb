import type { Cell } from './cell.js'
import { addTally, emptyTally, sumTallies, type Tally } from './tally.js'

/** A cell with the machine it is of. */
export interface MachineCell extends Cell {
  readonly machine: string
}

/**
 * Tallies of the groups that `keyOf` puts cells into, in the order in which they first come up. That of a group of one
 * cell is the cell's own.
 */
export function rollUp(
  cells: Iterable<MachineCell>,
  keyOf: (cell: MachineCell) => string,
): Map<string, Readonly<Tally>> {
  const groups = new Map<string, Tally>()
  const sums = new Set<Tally>()
  for (const cell of cells) {
    const key = keyOf(cell)
    const known = groups.get(key)
    if (known === undefined) groups.set(key, cell.tally)
    else if (sums.has(known)) addTally(known, cell.tally)
    else {
      const sum = sumTallies([known, cell.tally])
      sums.add(sum)
      groups.set(key, sum)
    }
  }
  return groups
}

/** A line as figures of the whole line see it. */
export interface LineParts {
  /** The machine with the longest ideal cycle, the first of them in the flow: no line is faster. */
  readonly constraint: string
  /** Machines whose parts leave the line. */
  readonly last: readonly string[]
}

export function linePartsOf(
  machines: readonly {
    readonly id: string
    readonly idealCycleTime: number
    readonly feeds: readonly string[]
  }[],
): LineParts | undefined {
  const [first, ...others] = machines
  if (first === undefined) return undefined
  const slowest = others.reduce(
    (slow, each) => (each.idealCycleTime > slow.idealCycleTime ? each : slow),
    first,
  )
  const ids = new Set(machines.map(({ id }) => id))
  const last = machines.filter(({ feeds }) => !feeds.some(fed => ids.has(fed))).map(({ id }) => id)
  return { constraint: slowest.id, last }
}

/**
 * The cells that speak for whole lines. By `constraint`: those of the constraint alone. By `output`: its time, with the
 * parts that left the line, each worth the constraint's ideal cycle (PRI of the line · GQ of the line / PBT).
 */
export function* cellsOfLines(
  cells: Iterable<MachineCell>,
  by: 'constraint' | 'output',
  lines: readonly LineParts[],
  idealMsOf: (machine: string, product: string) => number,
): Generator<MachineCell> {
  const constraints = new Set(lines.map(({ constraint }) => constraint))
  const lineOfLast = new Map(lines.flatMap(line => line.last.map(machine => [machine, line] as const)))
  for (const cell of cells) {
    if (constraints.has(cell.machine)) {
      yield by === 'constraint'
        ? cell
        : { ...cell, tally: { ...cell.tally, made: new Map(), overtimeParts: 0 } }
    }
    const line = lineOfLast.get(cell.machine)
    if (by === 'constraint' || line === undefined) continue
    const tally = emptyTally()
    const idealMs = idealMsOf(line.constraint, cell.product)
    for (const made of cell.tally.made.values())
      addTally(tally, { ...emptyTally(), made: new Map([[idealMs, made]]) })
    tally.overtimeParts = cell.tally.overtimeParts
    yield { ...cell, tally }
  }
}
