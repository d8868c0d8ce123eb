import { type Elements, elementsOf, type KpiPolicy, usualPolicy } from './kpi.js'
import { inCycleOrder, type Tally } from './tally.js'

/** The six big losses (Nakajima), in ms of planned busy time. */
interface SixBigLosses {
  readonly breakdowns: number
  readonly setup: number
  /** Idling and minor stops: short stops, starved, blocked, without an order. */
  readonly minorStops: number
  readonly reducedSpeed: number
  readonly processDefects: number
  /** Rejects of the warm-up. */
  readonly startUpRejects: number
}

/**
 * From calendar time down to fully productive time, ms. Each level is the one before less what stands between them:
 *
 *     calendar − unscheduled − planned − unknown − overtime = planned busy
 *     planned busy − breakdowns − setup − minorStops = running
 *     running − reducedSpeed = net running
 *     net running − processDefects − startUpRejects = fully productive
 *
 * All are whole milliseconds, so that they add up exactly. With an ideal cycle that is too long the reduced speed is
 * negative: shown, not hidden.
 */
export interface Waterfall {
  readonly calendar: number
  readonly unscheduled: number
  readonly planned: number
  readonly unknown: number
  readonly overtime: number
  readonly plannedBusy: number
  readonly losses: SixBigLosses
  readonly running: number
  readonly netRunning: number
  readonly fullyProductive: number
}

export function waterfallOf(
  tally: Tally,
  policy: KpiPolicy = usualPolicy,
  elements: Elements = elementsOf(tally, policy),
): Waterfall {
  const { time } = tally
  const isLoss = policy.unknownTime === 'loss'
  const netRunning = Math.round(elements.idealTime)
  const fullyProductive = Math.round(elements.idealGoodTime)
  let startUpTime = 0
  for (const [idealMs, made] of inCycleOrder(tally)) startUpTime += idealMs * made.warmUp
  const startUpRejects = Math.round(startUpTime)
  return {
    calendar: elements.calendar,
    unscheduled: time.unscheduled,
    planned: time.planned,
    unknown: isLoss ? 0 : time.unknown,
    overtime: time.overtime,
    plannedBusy: elements.PBT,
    losses: {
      breakdowns: time.breakdown + (isLoss ? time.unknown : 0),
      setup: time.setup,
      minorStops: time.minorStop + time.starved + time.blocked + time.idle,
      reducedSpeed: elements.APT - netRunning,
      processDefects: netRunning - fullyProductive - startUpRejects,
      startUpRejects,
    },
    running: elements.APT,
    netRunning,
    fullyProductive,
  }
}
