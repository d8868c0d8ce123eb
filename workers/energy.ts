import { type EnergyCell, energyCells, energyPieces, type Meter, type Readings } from './kpi/energy.js'
import { partition } from './kpi/intervals.js'
import type { LedgerEvent } from './kpi/ledger-event.js'
import { LedgerSetups, type MachinePlan } from './kpi/machine-plan.js'

export interface EnergyTask {
  /** From inclusive, to exclusive, Unix ms. */
  readonly window: { readonly from: number; readonly to: number }
  readonly machines: readonly {
    readonly plan: MachinePlan
    /** As for figures: of the window, and around it as far as they tell how it begins and ends. */
    readonly events: readonly LedgerEvent[]
    readonly meter: Meter
    readonly readings: Readings
  }[]
}

/** The energy of each machine, in the order of the task. */
export default function energy({ window, machines }: EnergyTask): EnergyCell[][] {
  const setups = new LedgerSetups()
  return machines.map(({ plan, events, meter, readings }) => {
    const intervals = partition(setups.of(plan), events, window.from, window.to)
    return energyCells(energyPieces(meter, readings), intervals, setups.calendarOf(plan))
  })
}
