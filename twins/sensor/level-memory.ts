import { Quality } from '../../schema/quality.js'
import { type Level, levels } from '../../schema/sensor-state.js'
import { type CompiledLimits, nextLevelNumber } from './level.js'
import { runDelays, settleLevel, stopDelays, timersPerSensor } from './level-timers.js'

/** What the statechart remembers of its level between events. */
export interface LevelMemory {
  /** As level-timers lays them out; null = does not run (JSON has no NaN). */
  readonly timers: readonly (number | null)[]
  /** The measured value that last moved the level or set a delay going. */
  readonly value: number | null
}

export const freshLevel: LevelMemory = { timers: [null, null, null, null, 0], value: null }

interface LevelStep {
  readonly to: Level
  /** When the move was due, Unix ms. */
  readonly time: number
  readonly value: number
}

/** What the level does next, and what is to be remembered of it. */
export interface LevelCourse {
  readonly steps: readonly LevelStep[]
  readonly to: Level
  readonly memory: LevelMemory
}

/** The events that time and values come by; a tick says only how late it is. */
export type LevelEvent =
  | { readonly type: 'SAMPLE'; readonly value: number; readonly quality: number; readonly time: number }
  | { readonly type: 'TICK'; readonly time: number }

/** A value that is no number cannot be believed, whatever its source says of it. */
export function believedQuality(value: number, quality: number): number {
  return Number.isFinite(value) ? quality : Quality.bad
}

/** Follows the level through one event. Pure: the statechart's guards and actions both ask it. */
export function followLevel(
  from: Level,
  memory: LevelMemory,
  event: LevelEvent,
  limits: CompiledLimits,
): LevelCourse {
  const isMeasured = event.type === 'SAMPLE' && believedQuality(event.value, event.quality) !== Quality.bad
  const number = levels.indexOf(from)
  if (!limits.isDelayed) {
    const next = isMeasured ? nextLevelNumber(number, event.value, limits) : number
    if (!isMeasured || next === number) return { steps: [], to: from, memory }
    const step = { to: levels[next]!, time: event.time, value: event.value }
    return { steps: [step], to: step.to, memory: { ...memory, value: event.value } }
  }

  const timers = new Float64Array(timersPerSensor)
  memory.timers.forEach((timer, i) => {
    timers[i] = timer ?? Number.NaN
  })
  const steps: LevelStep[] = []
  let value = memory.value
  const onMove = (level: number, time: number) => {
    steps.push({ to: levels[level]!, time, value: value ?? Number.NaN })
  }
  let to = settleLevel(number, timers, 0, event.time, limits, onMove)
  if (isMeasured) {
    value = event.value
    runDelays(to, timers, 0, event.value, event.time, limits)
    to = settleLevel(to, timers, 0, event.time, limits, onMove)
  } else if (event.type === 'SAMPLE') {
    stopDelays(timers, 0)
  }
  const isTimed = memory.timers.some((timer, i) => !Object.is(timer ?? Number.NaN, timers[i]))
  if (steps.length === 0 && !isTimed) return { steps, to: from, memory }
  const remembered = Array.from(timers, timer => (Number.isNaN(timer) ? null : timer))
  return { steps, to: levels[to]!, memory: { timers: remembered, value } }
}

/** The memory with its delays stopped. */
export function withoutDelays(memory: LevelMemory): LevelMemory {
  const movedAt = memory.timers[timersPerSensor - 1] ?? 0
  const isDelaying = memory.timers.some((timer, i) => timer !== null && i < timersPerSensor - 1)
  return isDelaying ? { ...memory, timers: [null, null, null, null, movedAt] } : memory
}
