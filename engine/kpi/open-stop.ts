import { inOrder } from '../../workers/kpi/intervals.js'
import { Ledger, type LedgerSetup } from '../../workers/kpi/ledger.js'
import type { LedgerEvent } from '../../workers/kpi/ledger-event.js'

/**
 * Since when a machine has stood for a cause of its own at a time, Unix ms, by all that is known of it since it last
 * produced; infinity where it does not. What such a stop counts as is not known before it ends.
 */
export function openSince(setup: LedgerSetup, events: readonly LedgerEvent[], at: number): number {
  const before = inOrder(events.filter(({ time }) => time < at))
  const [first] = before
  if (first === undefined) return Number.POSITIVE_INFINITY
  const ledger = new Ledger(setup, first.time)
  for (const event of before) ledger.take(event)
  ledger.advance(at)
  return ledger.openSince
}
