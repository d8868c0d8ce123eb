import type { FaultPatternId, RepairKind } from './fault-catalogue.js'

export const maintenanceKinds = ['preventive', 'predictive', 'corrective', 'breakdown'] as const
/** Why a machine is worked on (EN 13306): by plan, by its condition, for a defect found, because it broke down. */
export type MaintenanceKind = (typeof maintenanceKinds)[number]

interface PartUsed {
  readonly part: string
  readonly quantity: number
  /** Of all of them together, in the plant's currency. */
  readonly cost: number
}

/** Work on a machine, done or planned. A machine has one at a time. */
export interface Maintenance {
  /** `{machine}@{start}`. */
  readonly id: string
  readonly machine: string
  readonly kind: MaintenanceKind
  /** Unix ms; both may lie in the future. */
  readonly start: number
  readonly end: number
  /** The fault that it mends, where it is one of the catalogue's. */
  readonly fault: FaultPatternId | null
  /** How well it mends the fault; an imperfect repair keeps a share of the damage, above 0 and below 1. */
  readonly repair: RepairKind
  readonly keeps: number | null
  readonly parts: readonly PartUsed[]
  readonly labourHours: number
  /** In the plant's currency. */
  readonly labourCost: number
  readonly who: string
  readonly note: string
}

/** A comparison of an instrument with a reference (VIM 2.39). */
export interface Calibration {
  readonly signal: string
  /** Unix ms. */
  readonly time: number
  readonly who: string
  /** What the reference said, and what the instrument showed, in the signal's unit. */
  readonly reference: number
  readonly reading: number
  /** When the next is due, Unix ms; null = not said. */
  readonly due: number | null
  readonly note: string
}

export const maintenanceId = (machine: string, start: number): string =>
  `${machine}@${new Date(start).toISOString()}`
