import type { Cell } from './cell.js'
import { inOrder } from './intervals.js'
import { Ledger } from './ledger.js'
import type { LedgerEvent } from './ledger-event.js'
import type { LedgerSetups, MachinePlan } from './machine-plan.js'
import { calendarTime } from './tally.js'

/** Of a machine a stretch of time that figures are asked for, from inclusive, to exclusive, Unix ms. */
interface Stretch {
  readonly plan: MachinePlan
  readonly from: number
  readonly to: number
}

/**
 * The cells of a stretch of a machine's time from its events: those of the stretch, and around it as far as they tell
 * how it begins and how a stop at its end ends.
 */
export function cellsWithin(
  { plan, from, to }: Stretch,
  events: readonly LedgerEvent[],
  setups: LedgerSetups,
): Cell[] {
  const ordered = inOrder(events)
  const ledger = new Ledger(setups.of(plan, { from, to }), Math.min(from, ordered[0]?.time ?? from))
  for (const event of ordered) ledger.take(event)
  ledger.advance(Math.max(to, ledger.head))
  return ledger.cells().filter(({ tally }) => !isEmpty(tally))
}

const isEmpty = (tally: Cell['tally']): boolean =>
  tally.made.size === 0 && tally.overtimeParts === 0 && calendarTime(tally) === 0
