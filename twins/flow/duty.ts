/** From `low` to `high`, seconds. */
export type Span = readonly [low: number, high: number]

/** How a machine spends its days: how often it stops, and for how long. Seconds unless said. */
export interface Duty {
  /** Actual cycle over ideal cycle: a machine draws its own from this span and keeps it. */
  readonly pace: Span
  /** Standard deviation of a cycle, as a share of it. */
  readonly cycleJitter: number
  /** Share of parts rejected: a machine draws its own from this span and keeps it. */
  readonly rejectShare: Span
  /** Mean running time between minor stops (Held), and their length; short ones are the most frequent. */
  readonly minorStopEvery: number
  readonly minorStop: Span
  /** Mean running time between breakdowns (Aborted), and the time to repair. */
  readonly breakdownEvery: number
  readonly repair: Span
  /** Mean running time between changeovers, and the time a machine is reset for the next product. */
  readonly changeoverEvery: number
  readonly changeover: Span
  /** Wait in Idle for the start after a changeover, and after a repair. */
  readonly waitForOrder: Span
  readonly waitForStart: Span
  /** How long a machine waits in Execute for its neighbours before it reports Suspended. */
  readonly patience: Span
  /** Parts that fit between a machine and those before it. */
  readonly buffer: readonly [low: number, high: number]
  /** Acting states end by themselves (TR88.00.02): their lengths. */
  readonly acting: {
    readonly Clearing: Span
    readonly Stopped: Span
    readonly Resetting: Span
    readonly Starting: Span
    readonly Holding: Span
    readonly Unholding: Span
    readonly Suspending: Span
    readonly Unsuspending: Span
    readonly Aborting: Span
    readonly Completing: Span
    readonly Complete: Span
  }
}

/** A healthy plant of discrete production: availability in the nineties, lines that run near 85 % of the time. */
export const healthyDuty: Duty = {
  pace: [1.01, 1.06],
  cycleJitter: 0.02,
  rejectShare: [0.005, 0.025],
  minorStopEvery: 3_600,
  minorStop: [20, 300],
  breakdownEvery: 30 * 3_600,
  repair: [180, 2_700],
  changeoverEvery: 8 * 3_600,
  changeover: [90, 600],
  waitForOrder: [20, 180],
  waitForStart: [2, 10],
  patience: [12, 25],
  buffer: [8, 20],
  acting: {
    Clearing: [5, 20],
    Stopped: [10, 60],
    Resetting: [5, 15],
    Starting: [3, 10],
    Holding: [1, 3],
    Unholding: [2, 4],
    Suspending: [0.5, 1.5],
    Unsuspending: [1, 2],
    Aborting: [0.5, 2],
    Completing: [2, 5],
    Complete: [2, 10],
  },
}
