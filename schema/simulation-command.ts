import type { FaultPatternId, RepairKind } from './fault-catalogue.js'
import type { LinkFault } from './link-fault.js'

/** Who wants it and why; neither is ever empty. */
interface Wanted {
  readonly who: string
  readonly reason: string
}

interface OfFault extends Wanted {
  readonly machine: string
  readonly pattern: FaultPatternId
}

interface Inject extends OfFault {
  readonly kind: 'inject'
  /** Damage that it grows to, 0 to 1; at 1 the machine fails. */
  readonly severity: number
  /** Its onset, Unix ms by the floor's clock. */
  readonly start: number
  /** Nobody said when: it begins at once, whatever the machine's own clock shows. */
  readonly isNow?: true
  /** From onset to failure, ms; null = drawn from the pattern's range. How fast it grows, and nothing else. */
  readonly timeToFailure: number | null
  /** From onset until it is gone by itself, ms; null = never. */
  readonly clearAfter: number | null
}

interface Repair extends OfFault {
  readonly kind: 'repair'
  readonly repair: RepairKind
  /** The share of the damage that an imperfect repair leaves, above 0 and below 1; null for other kinds. */
  readonly keeps: number | null
  /** How long the machine stands for it, ms. */
  readonly takes: number
}

/** Pause halts the growth of a fault, resume lets it go on, clear takes it away as if it had never been. */
interface Change extends OfFault {
  readonly kind: 'pause' | 'resume' | 'clear'
}

/** What people want of a simulated machine. */
export type FaultCommand = Inject | Repair | Change

/** What people want of the link to a simulated source: disturb it, or end that. */
export type LinkCommand = Wanted &
  /** `isNow`: nobody said when: it begins at once, whatever the clock of the source shows. */
  (
    | {
        readonly kind: 'disturb'
        readonly fault: LinkFault
        readonly isNow?: true
        /** Called once it is over by itself: only the source knows when, since it may have moved the clock of the floor. */
        readonly onOver?: () => void
      }
    | { readonly kind: 'restore'; readonly fault: LinkFault }
  )

/** What people want of a simulation. Nothing of the kind is ever sent to a real machine. */
export type SimulationCommand = FaultCommand | LinkCommand
