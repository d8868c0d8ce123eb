import { increment } from '../../twins/machine/counter.js'
import type { Reading, Recorded } from './counter-record.js'

/** How a counter counts. */
export interface CounterRule {
  /** Where it rolls over; 0: nowhere. */
  readonly width: number
  /** Parts that can have been made in so much time, ms. */
  most(betweenMs: number): number
}

interface MovedParts {
  readonly time: number
  readonly parts: number
  /** What there is at that time now; of a leap what the counter showed. */
  readonly total: number
  readonly cause: 'moved' | 'leap'
}

/** What the readings of one time say, after those of another. */
interface Step {
  readonly after: number
  readonly time: number
  parts: number
  /** How often the counter fell. */
  falls: number
  /** What it showed when it went on by more than can have been made. */
  leapTo?: number
}

/** Readings in order of time, as a twin counts that hears them so. */
function stepsOf(readings: readonly Reading[], { width, most }: CounterRule): Step[] {
  const steps: Step[] = []
  for (const [place, { time, value }] of readings.entries()) {
    const before = readings[place - 1]
    if (before === undefined) continue
    let step = steps.at(-1)
    if (step?.time !== time) {
      step = { after: before.time, time, parts: 0, falls: 0 }
      steps.push(step)
    }
    const { by, cause } = increment(before.value, value, width, false, most(time - before.time))
    step.parts += by
    if (value < before.value) step.falls++
    if (cause === 'leap') step.leapTo = value
  }
  return steps
}

/**
 * What has to be given and taken, so that parts are credited where readings in order of time say. From one reading that
 * came in time to the next it is judged as a whole; where the late ones between do not fit to what is credited nothing
 * is moved.
 */
export function movedParts(
  readings: readonly Reading[],
  recorded: readonly Recorded[],
  rule: CounterRule,
): MovedParts[] {
  const moved: MovedParts[] = []
  let stretch: Reading[] = []
  for (const reading of readings) {
    stretch.push(reading)
    if (reading.isLate || stretch.length === 1) continue
    const [{ time: from }] = stretch as [Reading]
    const own = recorded.filter(({ time }) => time > from && time <= reading.time)
    if (stretch.length > 2) moved.push(...movedWithin(stretch, own, rule))
    stretch = [reading]
  }
  return moved
}

/**
 * A late value that makes the counter fall, or leap, once more than is known is not believed, and only before a fall that
 * is known may it tell of parts that nobody knew of.
 */
function movedWithin(
  readings: readonly Reading[],
  recorded: readonly Recorded[],
  rule: CounterRule,
): MovedParts[] {
  const steps = stepsOf(readings, rule)
  const falls = sum(steps.map(step => step.falls + (step.leapTo === undefined ? 0 : 1)))
  const known = sum(recorded.map(each => each.falls))
  const more = sum(steps.map(({ parts }) => parts)) - sum(recorded.map(({ parts }) => parts))
  if (falls > known || more < 0 || (more > 0 && known === 0)) return []
  return difference(steps, recorded)
}

/**
 * The same of readings from before the first that came in time, and up to it: nobody has counted between them yet, and so
 * each is believed as a twin would that heard them in order. Where parts were imported those stand.
 */
export function partsBefore(
  readings: readonly Reading[],
  recorded: readonly Recorded[],
  rule: CounterRule,
): MovedParts[] {
  return stepsOf(readings, rule).flatMap(step => {
    const own = recorded.filter(({ time }) => time > step.after && time <= step.time)
    if (own.some(({ isImported }) => isImported)) return []
    const leaps: MovedParts[] =
      step.leapTo === undefined || own.some(({ falls }) => falls > 0)
        ? []
        : [{ time: step.time, parts: 0, total: step.leapTo, cause: 'leap' }]
    return [...leaps, ...difference([step], own)]
  })
}

function difference(steps: readonly Step[], recorded: readonly Recorded[]): MovedParts[] {
  const right = new Map(steps.map(({ time, parts }) => [time, parts]))
  const credited = new Map(recorded.map(({ time, parts }) => [time, parts]))
  return [...new Set([...right.keys(), ...credited.keys()])]
    .sort((a, b) => a - b)
    .flatMap(time => {
      const total = right.get(time) ?? 0
      const parts = total - (credited.get(time) ?? 0)
      return parts === 0 ? [] : [{ time, parts, total, cause: 'moved' as const }]
    })
}

const sum = (values: Iterable<number>): number => [...values].reduce((all, value) => all + value, 0)
