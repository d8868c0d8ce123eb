import type { TwinSnapshot } from '../../schema/records.js'
import type { EvidenceMemory } from './evidence-watch.js'
import type { FaultMemory } from './fault-watch.js'
import type { ClockMemory } from './floor-clock.js'
import type { HealthMemory, HealthRound } from './health-watch.js'
import type { LineMemory } from './line-watch.js'
import type { MachineMemory } from './machine-watch.js'
import type { PendingWork } from './maintenance-watch.js'
import type { Hold } from './mode-holds.js'
import type { SignalMemory } from './sensor-watch.js'

/** All that a floor remembers of one machine, its signals and its faults. */
export interface MemoryOfMachine {
  readonly kind: 'machine'
  readonly machine: string
  readonly clock: ClockMemory
  readonly twins: readonly TwinSnapshot[]
  readonly own: MachineMemory
  readonly line: LineMemory
  readonly hold?: Hold | undefined
  readonly pending: readonly PendingWork[]
  readonly faults: readonly FaultMemory[]
  /** When its evidence is to be looked at, floor time. */
  readonly due?: number | undefined
  readonly signals: readonly MemoryOfSignal[]
}

interface MemoryOfSignal {
  readonly id: string
  readonly latest: SignalMemory
  readonly believed: readonly [value: number, time: number]
  readonly evidence: EvidenceMemory
  readonly health?: HealthMemory | undefined
}

/** What it remembers of itself: it ends a round, so that what machines said meanwhile is in it. */
export interface MemoryOfFloor {
  readonly kind: 'floor'
  /** Lines and sources. */
  readonly twins: readonly TwinSnapshot[]
  readonly clock: ClockMemory
  readonly healthRound: HealthRound
  readonly faultsTickedAt: number
}

export type Memory = MemoryOfMachine | MemoryOfFloor

const unusual = new Map(
  [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map(n => [String(n), n]),
)

/** JSON has no NaN and nothing infinite: they travel as their names. */
export const encodeMemory = (memory: Memory): string =>
  JSON.stringify(memory, (_, value) =>
    typeof value === 'number' && !Number.isFinite(value) ? String(value) : value,
  )

export const decodeMemory = (text: string): Memory =>
  JSON.parse(text, (_, value) => (typeof value === 'string' ? (unusual.get(value) ?? value) : value))
