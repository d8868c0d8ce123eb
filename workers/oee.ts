import { inOrder } from './kpi/intervals.js'
import { type Cell, Ledger, type LedgerEvent } from './kpi/ledger.js'
import { LedgerSetups, type MachinePlan } from './kpi/machine-plan.js'

export interface OeeTask {
  /** From inclusive, to exclusive, Unix ms: what the figures are asked for. */
  readonly window: { readonly from: number; readonly to: number }
  readonly machines: readonly {
    readonly plan: MachinePlan
    /** Of the window, and around it as far as they tell how it begins and how a stop at its end ends. */
    readonly events: readonly LedgerEvent[]
  }[]
}

/** The cells of each machine, in the order of the task. */
export default function oee({ window, machines }: OeeTask): Cell[][] {
  const setups = new LedgerSetups()
  return machines.map(({ plan, events }) => {
    const ordered = inOrder(events)
    const ledger = new Ledger(setups.of(plan, window), Math.min(window.from, ordered[0]?.time ?? window.from))
    for (const event of ordered) ledger.take(event)
    ledger.advance(Math.max(window.to, ledger.head))
    return ledger.cells().filter(({ tally }) => !isEmpty(tally))
  })
}

const isEmpty = ({ time, made, overtimeParts }: Cell['tally']): boolean =>
  made.size === 0 && overtimeParts === 0 && Object.values(time).every(ms => ms === 0)
