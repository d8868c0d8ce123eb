import type { KpiRules } from '../../schema/kpi-rules.js'

/** What mean times are made from; adds up over machines and time. */
export interface FailureTally {
  /** Failures (FE): each stop counts once, however often it was seen. */
  readonly failures: number
  /** Σ time to repair (TTR), ms of planned busy time. */
  readonly repairMs: number
  /** Σ time to failure (TTF), ms: time in which the unit worked or was set up (AUPT), between failures. */
  readonly upMs: number
  /** Planned busy time, ms. */
  readonly busyMs: number
}

export interface Reliability extends FailureTally {
  /** Mean times, ms; null where nothing failed and the divisor is FE. TBF = TTF + TTR (ISO 22400-2, 5.2). */
  readonly mtbfMs: number | null
  readonly mttfMs: number | null
  readonly mttrMs: number | null
  /** MTTF / (MTTF + MTTR): as if repair were the only way to be down. Null where it neither worked nor failed. */
  readonly inherentAvailability: number | null
  /** AUPT / PBT: with every stop in it. Null where no time was planned. */
  readonly operationalAvailability: number | null
}

/**
 * Mean times by either reading of ISO 22400-2: over the number of failures, as is usual, or over failures and one, so
 * that a time without a failure has a mean as well.
 */
export function reliabilityOf(tally: FailureTally, divisor: KpiRules['failureDivisor']): Reliability {
  const { failures, repairMs, upMs, busyMs } = tally
  const by = divisor === 'FE' ? failures : failures + 1
  const mean = (ms: number): number | null => (by === 0 ? null : ms / by)
  return {
    ...tally,
    mtbfMs: mean(upMs + repairMs),
    mttfMs: mean(upMs),
    mttrMs: mean(repairMs),
    inherentAvailability: upMs + repairMs > 0 ? upMs / (upMs + repairMs) : null,
    operationalAvailability: busyMs > 0 ? upMs / busyMs : null,
  }
}
