import type { FaultPatternId, RepairKind } from './fault-catalogue.js'

/** Which fault of which machine, and when. */
interface Reported {
  readonly machine: string
  readonly pattern: FaultPatternId
  /** Source time, Unix ms. */
  readonly time: number
}

/** How far a fault has come. Damage never becomes less, except by a repair. */
interface DamageReached extends Reported {
  readonly kind: 'damage'
  /** 0 to 1, at 1 the part has failed. Hidden: known to the simulation and to its fault twin, told to nobody. */
  readonly damage: number
  /** How strongly the fault shows in its signals when it is full-grown, 0 to 1. */
  readonly severity: number
  readonly cause: 'random' | 'injected'
  /**
   * The share of the time from onset to failure that has passed, 0 to 1, where somebody said how long that is; what is
   * drawn is told to nobody.
   */
  readonly progress?: number
  /** Who injected it and why. */
  readonly note?: string
}

interface RepairStarted extends Reported {
  readonly kind: 'repair-started'
  readonly who: string
  readonly note?: string
}

/** The work is done. What is left of the fault shows when the machine runs again. */
interface Repaired extends Reported {
  readonly kind: 'repaired'
  readonly who: string
  readonly repair: RepairKind
  /** The share of the damage that an imperfect repair leaves, above 0 and below 1; null for other kinds. */
  readonly keeps: number | null
  readonly note?: string
}

/** The fault is taken away, as if it had never been: nobody has worked on it. */
interface Cleared extends Reported {
  readonly kind: 'cleared'
  readonly who: string
  readonly note?: string
}

/** What a simulated source tells of the faults of its machines. A real one knows nothing of the kind. */
export type DamageReport = DamageReached | RepairStarted | Repaired | Cleared
