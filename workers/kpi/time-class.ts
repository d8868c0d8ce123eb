import { categoryOf, type DowntimeCategory } from '../../schema/downtime-reasons.js'
import type { PackmlState, SuspendReason } from '../../schema/packml.js'

/**
 * What a stretch of a machine's time counts as. Every millisecond of calendar time is in exactly one of them, so that
 * all times of ISO 22400-2 (5.2) are sums of some of them, and the six big losses and the waterfall add up by
 * themselves. In brackets the element of ISO 22400-2.
 */
export const timeClasses = [
  /** Executing (APT). */
  'production',
  /** Preparing the machine for an order, or finishing one (AUST). */
  'setup',
  /** A stop of its own of at least the threshold (ADET). */
  'breakdown',
  /** A stop of its own below the threshold (ADET). */
  'minorStop',
  /** No parts come in, or parts cannot leave: the cause is another machine's (ADET). */
  'starved',
  'blocked',
  /** Able, without an order (ADOT). */
  'idle',
  /** Nobody has told what it does. */
  'unknown',
  /** Breaks, planned stops, planned maintenance (PDOT): outside of planned busy time. */
  'planned',
  /** No shift. */
  'unscheduled',
  /** It produced where nobody had planned to: neither its time nor its parts count in a ratio. */
  'overtime',
] as const
export type TimeClass = (typeof timeClasses)[number]

/** Milliseconds of each class. */
export type ClassedTime = Record<TimeClass, number>

/** What a machine was seen doing, carried forward from its changes; empty texts: not yet known. */
export interface Doing {
  readonly state: string
  readonly mode: string
  readonly reason: string
}

/** Why the machine does not produce, before the length of the stop is known and before the calendar. */
export type Cause =
  | 'production'
  | 'setup'
  | 'own'
  | 'starved'
  | 'blocked'
  | 'idle'
  | 'unknown'
  | 'maintenance'

/** Causes that a machine on its way back to work carries on: its own stop, or the order that comes next. */
export type Errand = 'own' | 'setup'

/** What a machine that waits, waits for. */
export type Wait = Exclude<SuspendReason, 'none'>

/**
 * The cause of a PackML state (TR88.00.02) in the terms of ISO 22400-2; a rule of ours, since no standard gives one.
 * States on the way back to work (Resetting, Starting) belong to what took the machine out of it: `errand`.
 */
const causeByState: Readonly<Record<PackmlState, Cause | 'errand' | 'interlock'>> = {
  Undefined: 'unknown',
  Execute: 'production',
  // The last part of an order is out: from here on the machine works for the next one.
  Completing: 'setup',
  Complete: 'idle',
  Idle: 'idle',
  Resetting: 'errand',
  Starting: 'errand',
  Suspending: 'interlock',
  Suspended: 'interlock',
  Unsuspending: 'interlock',
  Holding: 'own',
  Held: 'own',
  Unholding: 'own',
  Stopping: 'own',
  Stopped: 'own',
  Aborting: 'own',
  Aborted: 'own',
  Clearing: 'own',
}

/**
 * What a machine that waits, waits for: what its interlocks say, or, once they have fallen, what they said in this wait
 * last, for the way back to work is as much a part of the wait as the way into it. Undefined: it does not wait, or
 * nobody has said what for.
 */
export function waitOf({ state, reason }: Doing, before: Wait | undefined): Wait | undefined {
  if (causeByState[state as PackmlState] !== 'interlock') return undefined
  return reason === 'blocked' || reason === 'starved' ? reason : before
}

/** Whether a machine is on its way into a wait of which nothing is said yet: what it waits for is often told with Suspended. */
export function isWayIn({ state, reason }: Doing): boolean {
  return state === 'Suspending' && reason !== 'blocked' && reason !== 'starved'
}

/** States of a fault: no mode makes setup of them. */
const faultStates: ReadonlySet<string> = new Set(['Aborting', 'Aborted', 'Clearing', 'Holding', 'Held'])

/**
 * Why the machine does what it does. `errand`: what took it out of production last (see `errandAfter`); `wait`: what it has waited for, if it
 * waits. Maintenance after a stop of its own is its repair; else it is planned. By hand (mode Manual) somebody sets it up.
 */
export function causeOf({ state, mode }: Doing, errand: Errand, wait: Wait | undefined): Cause {
  if (state === '' || state === 'Undefined') return 'unknown'
  if (mode === 'Maintenance') return errand === 'own' ? 'own' : 'maintenance'
  if (mode === 'Manual' && !faultStates.has(state)) return 'setup'
  const cause = causeByState[state as PackmlState] ?? 'unknown'
  if (cause === 'errand') return errand
  // Suspended by something outside that nobody has named: not to be put upon a neighbour.
  if (cause === 'interlock') return wait ?? 'own'
  return cause
}

/** With the last part of an order out a machine is back from whatever it was, and what follows is for the next one. */
const endOfOrder: ReadonlySet<string> = new Set<PackmlState>(['Completing', 'Complete'])

/**
 * What a machine is on its way back to work from, once it has been seen as something. By what was seen: what is said of a
 * stop does not change where it ends. Nothing leads from a wait to Resetting but the end of an order, whatever it was for.
 */
export function errandAfter({ state }: Doing, seen: Cause, before: Errand): Errand {
  if (seen === 'own') return causeByState[state as PackmlState] === 'interlock' ? before : 'own'
  return seen === 'production' || endOfOrder.has(state) ? 'setup' : before
}

export function noTime(): ClassedTime {
  return {
    production: 0,
    setup: 0,
    breakdown: 0,
    minorStop: 0,
    starved: 0,
    blocked: 0,
    idle: 0,
    unknown: 0,
    planned: 0,
    unscheduled: 0,
    overtime: 0,
  }
}

// By name and not in loops over names, because figures are made of very many of these sums.

/** Adds `from` to `to`. */
export function addTime(to: ClassedTime, from: Readonly<ClassedTime>): void {
  to.production += from.production
  to.setup += from.setup
  to.breakdown += from.breakdown
  to.minorStop += from.minorStop
  to.starved += from.starved
  to.blocked += from.blocked
  to.idle += from.idle
  to.unknown += from.unknown
  to.planned += from.planned
  to.unscheduled += from.unscheduled
  to.overtime += from.overtime
}

/** Of all classes together, ms. */
export function allTime(time: Readonly<ClassedTime>): number {
  const { production, setup, breakdown, minorStop, starved, blocked, idle, unknown } = time
  const busy = production + setup + breakdown + minorStop + starved + blocked + idle + unknown
  return busy + time.planned + time.unscheduled + time.overtime
}

/** What a stop counts as once somebody has said why; want of material may be its own or its neighbour's. */
const causeByCategory: Readonly<Record<DowntimeCategory, Cause | undefined>> = {
  mechanical: 'own',
  electrical: 'own',
  tooling: 'own',
  material: undefined,
  operator: 'own',
  'quality-hold': 'own',
  changeover: 'setup',
  scheduled: 'maintenance',
  'no-demand': 'idle',
}

/** What a stretch that was seen as one thing counts as once somebody has said why. */
export function causeTold(seen: Cause, reason: string): Cause {
  const category = seen === 'production' ? undefined : categoryOf(reason)
  return category === undefined ? seen : (causeByCategory[category] ?? seen)
}
