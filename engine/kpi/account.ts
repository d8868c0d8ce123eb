import type { Cell } from '../../workers/kpi/cell.js'
import type { LedgerEvent } from '../../workers/kpi/ledger-event.js'
import type { LiveLedger } from '../../workers/kpi/live-ledger.js'
import type { MachinePlan } from '../../workers/kpi/machine-plan.js'

/** What is kept of a machine: its live ledger, and how far what is written of it is right. */
export interface Account {
  readonly plan: MachinePlan
  live: LiveLedger
  /** When the machine was first heard of, Unix ms: before, it has no time. Infinity where it never was. */
  born: number
  /** From when on its live ledger has all that is not written. */
  since: number
  /** Begin of the last hour that is written down for good. */
  lastHour: number
  /** Up to here hours that are written are not right any more; those that a stop holds back are written as they are now. */
  wrongUpTo: number
  /** When the first of what made them wrong happened; infinity where none is. */
  wrongFrom: number
  /** What came too late for the live ledger: everything from here on is to be worked out anew. */
  staleFrom: number
  /** From when on its past is being worked out anew; infinity where it is not. */
  rereadFrom: number
  /** Events that came while its past is being read. */
  arrived: LedgerEvent[] | undefined
  /** What was said of it before it was first heard of, such as a run of its line. */
  toldEarly: LedgerEvent[]
  /** Begin of the first hour that `live` has all of; what it has before only tells how that hour began. */
  begin: number
  /** Cells of hours that were written before a start, for the present shift; none that `live` has. */
  early: readonly Cell[]
  /** Begins of stops that are written and that there are not any more. */
  gone: number[]
}

/** Of a machine that nobody has heard of. */
export const unheardAccount = (plan: MachinePlan, live: LiveLedger): Account => ({
  ...{ plan, live, lastHour: Number.NEGATIVE_INFINITY, staleFrom: Number.POSITIVE_INFINITY },
  born: Number.POSITIVE_INFINITY,
  since: Number.POSITIVE_INFINITY,
  rereadFrom: Number.POSITIVE_INFINITY,
  arrived: undefined,
  wrongUpTo: Number.NEGATIVE_INFINITY,
  wrongFrom: Number.POSITIVE_INFINITY,
  toldEarly: [],
  begin: Number.NEGATIVE_INFINITY,
  early: [],
  gone: [],
})
