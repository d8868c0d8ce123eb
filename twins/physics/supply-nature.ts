import { type PackmlState, packmlStates } from '../../schema/packml.js'
import type { Archetype } from '../../schema/plant.js'

/** What a machine draws while it makes nothing and when it is switched on, as shares of its mean at work. */
export interface SupplyNature {
  /** Ready for operation: drives energised, pumps, fans and cooling run (ISO 14955-1). */
  readonly ready: number
  /** Standby: control and sensors only, the drives are without power. */
  readonly standby: number
  /**
   * Current on top as its motors are switched on: up to six times the rated one of a motor on the line (IEC 60034-12,
   * design N), two to three behind a soft starter, little behind a converter.
   */
  readonly inrush: number
  /** Time constant with which that decays: the run-up, ms. */
  readonly runUp: number
}

export const supplyNatures: Readonly<Record<Archetype, SupplyNature>> = {
  machining: { ready: 0.4, standby: 0.1, inrush: 1.2, runUp: 1000 },
  robot: { ready: 0.25, standby: 0.08, inrush: 0.8, runUp: 400 },
  // A pump on a soft starter.
  press: { ready: 0.3, standby: 0.05, inrush: 2.5, runUp: 2500 },
  // The transformer's core, for a few periods.
  welder: { ready: 0.06, standby: 0.03, inrush: 1, runUp: 100 },
  conveyor: { ready: 0.1, standby: 0.04, inrush: 3, runUp: 1200 },
  station: { ready: 0.25, standby: 0.1, inrush: 0.8, runUp: 400 },
  tester: { ready: 0.45, standby: 0.2, inrush: 0.5, runUp: 300 },
  // Air has to be moved all the time; the fan is heavy.
  booth: { ready: 0.7, standby: 0.08, inrush: 2, runUp: 5000 },
}

/** What is left once the main switch is off: the meter, a lamp. */
export const offShare = 0.02
/** A magnetising current flows whatever the load, on top of what the power needs. */
export const magnetising = 0.05
/** A motor that runs up has a low power factor: its current makes so much less power. */
export const runUpPowerFactor = 0.4

/** An electrician sets the warning above the start: so much of the room below it a start may use. */
export const roomForStart = 0.9

/** A machine that is ready goes to standby when it has had nothing to do for so long, ms. */
export const readyFor = 15 * 60_000
/** One whose drives are off is switched off altogether after so long, ms. */
export const standbyFor = 60 * 60_000
/** A press holds its pressure in an accumulator behind a check valve: empty so long after the pump stopped, ms. */
const bleedDown = 5 * 3_600_000
/** How much wider than its usual seeping a leak is that would take all of the pressure from a running pump. */
const leakWidth = 100

/**
 * What is left of a held pressure after `elapsed` ms without the pump. Out of a store through an orifice its square root
 * falls in a straight line (Q = Cd A √(2 Δp / ρ)), from `full` to nothing in `bleedDown`, faster with a leak; `lost`:
 * the share of the pressure that the leak takes while the pump runs.
 */
export function bledDown(pressure: number, full: number, elapsed: number, lost: number): number {
  const fall = (Math.sqrt(full) * (1 + leakWidth * lost) * elapsed) / bleedDown
  return Math.max(0, Math.sqrt(Math.max(0, pressure)) - fall) ** 2
}

/** States in which the drives have no power: the emergency stop's contactor has dropped, or nobody reset it yet. */
const withoutDrives: readonly PackmlState[] = ['Undefined', 'Stopped', 'Aborting', 'Aborted', 'Clearing']
/** By the number of the PackML state: whether the drives have power. */
export const drivesOf: Uint8Array = Uint8Array.from(packmlStates, state =>
  withoutDrives.includes(state) ? 0 : 1,
)
