import { type CompiledLimits, criticalHigh, criticalLow, normal, warningHigh, warningLow } from './level.js'

/**
 * Levels with delays (OPC UA Part 9, 5.8.2; ISA-TR18.2.3). A level is entered when the value has been beyond its limit
 * for the limit's on-delay without a break, and left when it has been back, by the deadband, for its off-delay.
 *
 * Each sensor has five numbers in `timers` from `at` on: for each limit since when its present delay runs, Unix ms
 * (NaN = it does not), and when the level last moved. A limit is *held* while the level is its own or the worse one on
 * its side; a held limit's delay is its off-delay, another's its on-delay. Typed arrays, so that the classifier keeps
 * hundreds of thousands of sensors without an object each; the statechart hands in an array of its own.
 */
export const timersPerSensor = 5
const movedAt = 4

/** Told of each move and of the time it was due at, Unix ms. */
export type OnLevelMove = (level: number, time: number) => void

/** At one instant the worse limit is looked at first. */
const limitsBySeverity = [criticalHigh - 1, criticalLow - 1, warningHigh - 1, warningLow - 1] as const

/** As if nothing had been measured yet. Returns whether anything had. */
export function resetTimers(timers: Float64Array, at: number): boolean {
  const isRunning = stopDelays(timers, at)
  const hasMoved = timers[at + movedAt] !== 0
  timers[at + movedAt] = 0
  return isRunning || hasMoved
}

export function isDelayRunning(timers: Float64Array, at: number): boolean {
  for (let i = at; i < at + movedAt; i++) if (!Number.isNaN(timers[i]!)) return true
  return false
}

/** Stops all delays: what is not known does not count. Returns whether one was running. */
export function stopDelays(timers: Float64Array, at: number): boolean {
  const isRunning = isDelayRunning(timers, at)
  timers.fill(Number.NaN, at, at + movedAt)
  return isRunning
}

/** Makes every move that was due at `time` or before, each at the time it was due; returns the level after them. */
export function settleLevel(
  level: number,
  timers: Float64Array,
  at: number,
  time: number,
  limits: CompiledLimits,
  onMove?: OnLevelMove,
): number {
  let from = level
  // A tick may have run ahead of a sample that was still on its way: nothing happens before the last move.
  const now = Math.max(time, timers[at + movedAt]!)
  for (;;) {
    let due = Number.POSITIVE_INFINITY
    let to = from
    for (const limit of limitsBySeverity) {
      if (isHeld(from, limit)) continue
      const end = timers[at + limit]! + limits.onDelay[limit]!
      if (end <= now && end < due) {
        due = end
        to = limit + 1
      }
    }
    if (from !== normal) {
      const end = timers[at + from - 1]! + limits.offDelay[from - 1]!
      if (end <= now && end < due) {
        due = end
        to = levelBelow(from, timers, at, end, limits)
      }
    }
    if (to === from) return from
    for (let limit = 0; limit < movedAt; limit++) {
      if (isHeld(from, limit) !== isHeld(to, limit)) timers[at + limit] = Number.NaN
    }
    timers[at + movedAt] = due
    from = to
    onMove?.(to, due)
  }
}

/** Starts and stops the delays by a measured value; returns whether one started or stopped. */
export function runDelays(
  level: number,
  timers: Float64Array,
  at: number,
  value: number,
  time: number,
  limits: CompiledLimits,
): boolean {
  const from = Math.max(time, timers[at + movedAt]!)
  const { deadband } = limits
  const holdsWarningHigh = level === warningHigh || level === criticalHigh
  const holdsWarningLow = level === warningLow || level === criticalLow
  const isCriticalHigh = value >= limits.criticalHigh - (level === criticalHigh ? deadband : 0)
  const isWarningHigh = value >= limits.warningHigh - (holdsWarningHigh ? deadband : 0)
  const isHigh = isCriticalHigh || isWarningHigh
  const isCriticalLow = !isHigh && value <= limits.criticalLow + (level === criticalLow ? deadband : 0)
  const isWarningLow = !isHigh && value <= limits.warningLow + (holdsWarningLow ? deadband : 0)
  let isChanged = run(timers, at + warningHigh - 1, isWarningHigh !== holdsWarningHigh, from)
  isChanged =
    run(timers, at + criticalHigh - 1, isCriticalHigh !== (level === criticalHigh), from) || isChanged
  isChanged = run(timers, at + warningLow - 1, isWarningLow !== holdsWarningLow, from) || isChanged
  return run(timers, at + criticalLow - 1, isCriticalLow !== (level === criticalLow), from) || isChanged
}

function isHeld(level: number, limit: number): boolean {
  return level === limit + 1 || (level === limit + 2 && level !== warningLow)
}

/** Where a level is left to: the warning of its side if that is still held at `time`, else normal. */
function levelBelow(
  level: number,
  timers: Float64Array,
  at: number,
  time: number,
  limits: CompiledLimits,
): number {
  if (level !== criticalHigh && level !== criticalLow) return normal
  const warning = level - 1
  const end = timers[at + warning - 1]! + limits.offDelay[warning - 1]!
  return end <= time ? normal : warning
}

function run(timers: Float64Array, i: number, shouldRun: boolean, from: number): boolean {
  if (shouldRun !== Number.isNaN(timers[i]!)) return false
  timers[i] = shouldRun ? from : Number.NaN
  return true
}
