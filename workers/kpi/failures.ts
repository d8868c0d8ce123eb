import type { Calendar } from '../../schema/calendar.js'
import type { StopKind } from './stops.js'

/** A stop as far as it makes a failure; Unix ms, `busyMs` of planned busy time. */
export interface FailureStop {
  readonly machine: string
  readonly from: number
  readonly to: number
  readonly busyMs: number
  readonly kind: StopKind
  /** `category/code`; empty: nobody has said. */
  readonly reason: string
}

/** A machine does not work any more, until it runs again, however its stop is split and whatever shifts end within. */
export interface Failure {
  readonly machine: string
  readonly from: number
  readonly repairMs: number
  /** The first that was said of it; empty: nobody has said. */
  readonly reason: string
}

/** Time without a plan between two stops, in which the machine may have run all the same. */
export interface Gap {
  readonly machine: string
  readonly from: number
  readonly to: number
}

/** The machine could work again, and waits: what fails after that fails anew. */
const ableKinds: ReadonlySet<StopKind> = new Set(['starved', 'blocked', 'idle'])

/**
 * The failures of one machine from all of its stops in order of time. Stops belong to one failure where no planned busy
 * time lies between them, since whatever of that is no stop is production, and where it did not run outside of shifts
 * (`hasRun`), nor wait for parts, room or an order. `repairOf`: how much of a stop counts as repair, ms.
 */
export function failuresOf(
  stops: readonly FailureStop[],
  calendar: Pick<Calendar, 'between'>,
  isFailure: (stop: FailureStop) => boolean,
  hasRun: (gap: Gap) => boolean,
  repairOf: (stop: FailureStop) => number = ({ busyMs }) => busyMs,
): Failure[] {
  const failures: Failure[] = []
  let isOpen = false
  for (const [place, stop] of stops.entries()) {
    const gap = gapBefore(stops, place, calendar)
    if (gap === undefined || hasRun(gap) || ableKinds.has(stop.kind)) isOpen = false
    if (!isFailure(stop)) continue
    const { machine, from, reason } = stop
    const repairMs = repairOf(stop)
    const last = failures.at(-1)
    if (isOpen && last !== undefined) {
      failures[failures.length - 1] = {
        ...last,
        repairMs: last.repairMs + repairMs,
        reason: last.reason || reason,
      }
    } else failures.push({ machine, from, repairMs, reason })
    isOpen = true
  }
  return failures
}

/** The gaps without a plan between stops that would make one failure of two. */
export function gapsOf(stops: readonly FailureStop[], calendar: Pick<Calendar, 'between'>): Gap[] {
  return stops.flatMap((_, place) => {
    const gap = gapBefore(stops, place, calendar)
    return gap !== undefined && gap.from < gap.to ? [gap] : []
  })
}

/** What lies between a stop and the one before; undefined where the machine was busy in it. */
function gapBefore(
  stops: readonly FailureStop[],
  place: number,
  calendar: Pick<Calendar, 'between'>,
): Gap | undefined {
  const stop = stops[place]!
  const before = stops[place - 1]
  if (before === undefined) return undefined
  for (const { plan } of calendar.between(before.to, stop.from)) if (plan === 'busy') return undefined
  return { machine: stop.machine, from: before.to, to: stop.from }
}
