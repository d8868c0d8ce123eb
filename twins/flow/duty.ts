import type { Distribution } from '../../schema/distribution.js'
import type { ActingState } from './model.js'

/** From `low` to `high`. */
export type Span = readonly [low: number, high: number]

/** Mean and standard deviation, seconds; lognormal, as the lengths of stops are. */
interface Length {
  readonly mean: number
  readonly deviation: number
}

/** How the machines of a plant spend their days: how often they stop, and for how long. Seconds unless said. */
export interface Duty {
  /** Actual cycle over ideal cycle: a machine draws its own from this span and keeps it. */
  readonly pace: Span
  /** Standard deviation of a cycle, as a share of it. */
  readonly cycleJitter: number
  /** Share of parts rejected: a machine draws its own from this span and keeps it. */
  readonly rejectShare: Span
  /** Mean operating time between minor stops (Held), and their length. */
  readonly minorStopEvery: number
  readonly minorStop: Length
  /** Mean operating time between breakdowns (Aborted; the part is lost), and the time to repair. */
  readonly breakdownEvery: number
  readonly repair: Length
  /** Time a line makes one product before it makes another, and the time a machine is set up for the next. */
  readonly changeoverEvery: number
  readonly changeover: Span
  /** How long a machine waits in Execute for its neighbours before it reports Suspended. */
  readonly patience: Span
  /** Parts that fit between a machine and those before it. */
  readonly buffer: Span
  /** States that end by themselves (TR88.00.02): their lengths. */
  readonly acting: Readonly<Record<ActingState, Distribution>>
}

const lasts = (low: number, high: number): Distribution => ({ kind: 'uniform', low, high })

/** A healthy plant of discrete production: availability in the nineties, lines that run near 85 % of the time. */
export const healthyDuty: Duty = {
  pace: [1.01, 1.06],
  cycleJitter: 0.02,
  rejectShare: [0.005, 0.025],
  minorStopEvery: 3_600,
  minorStop: { mean: 90, deviation: 80 },
  breakdownEvery: 30 * 3_600,
  repair: { mean: 800, deviation: 650 },
  changeoverEvery: 8 * 3_600,
  changeover: [90, 600],
  patience: [12, 25],
  buffer: [8, 20],
  acting: {
    Clearing: lasts(5, 20),
    Stopped: lasts(10, 60),
    Resetting: lasts(5, 15),
    Idle: lasts(2, 10),
    Starting: lasts(3, 10),
    Holding: lasts(1, 3),
    Unholding: lasts(2, 4),
    Suspending: lasts(0.5, 1.5),
    Unsuspending: lasts(1, 2),
    Aborting: lasts(0.5, 2),
    Completing: lasts(2, 5),
    Complete: lasts(2, 10),
  },
}
