import type { Cell } from './cell.js'
import type { MachineCell } from './roll-up.js'
import type { StopKind } from './stops.js'

const hourMs = 3_600_000

/** What things cost, in the plant's currency; undefined = nobody has said, which is not 0. */
export interface CostRates {
  /** Material of a part. */
  material(made: Pick<Cell, 'product' | 'order'>): number | undefined
  /** An hour of labour. */
  labour(made: Pick<Cell, 'product' | 'order'>): number | undefined
  /** An hour in which the machine stands by its own fault or is set up. */
  standing(machine: string): number | undefined
}

/** Money that was lost. Adds up over machines and time. */
export interface LossCosts {
  /** Rejected parts: their material, and the labour of the time that they should have taken. */
  scrap: number
  /** Own stops: breakdowns and minor stops. Waiting costs nothing more: it is the stop of another machine. */
  downtime: number
  setup: number
  /** Rejected parts of which nobody has said what their material costs, and ms of own stops and setup without a rate. */
  unpricedParts: number
  unpricedMs: number
}

export const noCosts = (): LossCosts => ({
  scrap: 0,
  downtime: 0,
  setup: 0,
  unpricedParts: 0,
  unpricedMs: 0,
})

/** Adds what a cell lost to `sum`. */
export function addCosts(sum: LossCosts, cell: MachineCell, rates: CostRates): void {
  for (const [idealMs, { scrapped }] of cell.tally.made) {
    if (scrapped === 0) continue
    const price = partCost(cell, idealMs, rates)
    if (rates.material(cell) === undefined) sum.unpricedParts += scrapped
    if (price !== undefined) sum.scrap += price * scrapped
  }
  const { breakdown, minorStop, setup } = cell.tally.time
  const rate = rates.standing(cell.machine)
  if (rate === undefined) sum.unpricedMs += breakdown + minorStop + setup
  else {
    sum.downtime += (rate * (breakdown + minorStop)) / hourMs
    sum.setup += (rate * setup) / hourMs
  }
}

/** A rejected part: material and labour, as far as they are known; undefined where neither is. */
export function partCost(
  made: Pick<Cell, 'product' | 'order'>,
  idealMs: number,
  rates: CostRates,
): number | undefined {
  const material = rates.material(made)
  const labour = rates.labour(made)
  if (material === undefined && labour === undefined) return undefined
  return (material ?? 0) + ((labour ?? 0) * idealMs) / hourMs
}

const costly: ReadonlySet<StopKind> = new Set(['breakdown', 'minorStop', 'setup'])

/** A stop; 0 where it is no loss of the machine's own, undefined where nobody has said what it costs. */
export function stopCost(
  { machine, kind, busyMs }: { readonly machine: string; readonly kind: StopKind; readonly busyMs: number },
  rates: CostRates,
): number | undefined {
  if (!costly.has(kind)) return 0
  const rate = rates.standing(machine)
  return rate === undefined ? undefined : (rate * busyMs) / hourMs
}
