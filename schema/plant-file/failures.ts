import { meanOf } from '../distribution.js'
import type { MachineFlow } from '../plant.js'

export type Failures = NonNullable<MachineFlow['failures']>

/** A part that is lost when its machine fails has to have the time to be done: so many of them between two failures. */
const leastParts = 2
/** One that is gone on with after the repair may be interrupted so often. */
const mostInterruptions = 100
/** A machine stands for repairs so many times as long as it works at the most: 99 % of the time. */
const mostStanding = 99
/** What fails by the calendar has to clear, reset and start before it works, and that goes by the same clock: s. */
const leastByCalendar = 600

/** What makes a machine fail so often that it comes to nothing. */
interface FailureProblem {
  /** The way of failing that does so by itself; undefined: all of them together. */
  readonly place: number | undefined
  readonly value: unknown
  readonly message: string
}

/** What is wrong with the ways in which a machine fails that needs `cycle` seconds for a part. */
export function failureProblems(failures: Failures, cycle: number): readonly FailureProblem[] {
  const alone = failures.flatMap((mode, place): FailureProblem[] => {
    const message = problemOf([mode], cycle)
    return message === undefined ? [] : [{ place, value: mode.every, message }]
  })
  if (alone.length > 0) return alone
  const together = problemOf(failures, cycle)
  if (together === undefined) return []
  return [{ place: undefined, value: failures, message: `taken together, ${together}` }]
}

function problemOf(failures: Failures, cycle: number): string | undefined {
  const sum = (of: (mode: Failures[number]) => number): number =>
    failures.reduce((total, mode) => total + of(mode), 0)
  const interruptions = sum(({ every }) => cycle / meanOf(every))
  const losses = sum(({ scrapsPart, every }) => (scrapsPart ? cycle / meanOf(every) : 0))
  const standing = sum(({ every, repair }) => meanOf(repair) / meanOf(every))
  const byCalendar = sum(({ clock, every }) => (clock === 'calendar' ? 1 / meanOf(every) : 0))
  if (losses > 1 / leastParts) {
    return `its parts take ${cycle} s, and it would fail and lose one every ${short(cycle / losses)} s; at least ${leastParts} have the time to be done`
  }
  if (interruptions > mostInterruptions) {
    return `it would fail ${short(interruptions)} times while it works on one part of ${cycle} s; ${mostInterruptions} times is the most`
  }
  if (standing > mostStanding) {
    return `it would stand ${short(standing)} times as long as it works; ${mostStanding} times is the most`
  }
  if (byCalendar > 1 / leastByCalendar) {
    return `by the calendar it would fail every ${short(1 / byCalendar)} s, before it has well started again; every ${leastByCalendar} s is the most often`
  }
  return undefined
}

const short = (value: number): number => Number(value.toPrecision(3))
