import type { CalendarParts, Plan } from '../../schema/calendar.js'
import type { Distribution } from '../../schema/distribution.js'
import type { Blocking } from '../../schema/plant.js'

/**
 * What is simulated: machines that pass parts down their lines, and what they depend on. Plain numbers and lists, so
 * that it can be written down, changed for a what-if and sent to a worker. Places are indexes into these lists; times
 * are seconds unless said. `checkFlowModel` says what is wrong with one.
 */
export interface FlowModel {
  readonly machines: readonly MachineModel[]
  /** Where the first machines of lines get their work; see `MachineModel.demand`. */
  readonly demands?: readonly Demand[]
  /** People who are fewer than the machines that need them. */
  readonly pools?: readonly Pool[]
  readonly calendars?: readonly Calendar[]
}

export interface MachineModel {
  readonly id: string
  /** Time for a part when nothing interrupts it. */
  readonly cycle: Distribution
  /** What its products are called, by their numbers, where somebody wants to know. */
  readonly products?: readonly string[]
  /** Its length over `cycle` for each product; 1 where the list ends. */
  readonly paces?: readonly number[]
  /**
   * Places of the machines that take its parts; with several, the one with the fewest waiting. Parts of a machine
   * that feeds nobody leave the line.
   */
  readonly feeds: readonly number[]
  /** Before the machine. Of no meaning for a machine that nobody feeds. */
  readonly buffer: BufferModel
  /**
   * What a machine does that has no room for its part: `after-service` works and then keeps the part, `before-service`
   * does not begin before it has a place for it.
   */
  readonly blocking: Blocking
  readonly failures: readonly FailureMode[]
  /** Share of its parts that are thrown away, 0 to 1. */
  readonly scrap: number
  /** Share of its parts that are done again, and from which machine on; they wait there without limit, and go first. */
  readonly rework?: { readonly share: number; readonly to: number }
  /** The first that fits counts; without one the machine changes product in no time. */
  readonly setups?: readonly Setup[]
  /**
   * Place of the demand that a machine without suppliers works for; several may work for one. Missing: work without
   * end, of product 0.
   */
  readonly demand?: number
  readonly calendar?: number
  /** Place of the pool of which one is needed for as long as the machine works. */
  readonly operator?: number
  /** How long it waits in Execute for its neighbours before it reports Suspended; missing: for ever. */
  readonly patience?: Distribution
  /** Lengths of the states a machine passes through (TR88.00.02); one that is missing is disabled and skipped. */
  readonly acting: Readonly<Partial<Record<ActingState, Distribution>>>
}

interface BufferModel {
  /** Parts that fit, those on their way included. 0: the machine before hands over when this one is ready. */
  readonly capacity: number
  /** Parts in it at the beginning, of product 0. */
  readonly initial: number
  /** Time on the way to the machine. */
  readonly transport: number
}

/** One way to fail. */
export interface FailureMode {
  /** Held for as long as it lasts, or Aborted. */
  readonly state: 'Held' | 'Aborted'
  /**
   * `operating`: only work wears, so that a blocked or starved machine cannot fail. `calendar`: time wears, and a
   * waiting machine can.
   */
  readonly clock: 'operating' | 'calendar'
  /** By that clock, from one repair to the next failure. */
  readonly up: Distribution
  readonly down: Distribution
  /** Whether the part in the machine is lost; else the work on it goes on after the repair. */
  readonly scrapsPart: boolean
  /** Place of the pool of which one is needed for the repair. */
  readonly crew?: number
}

/** A change from one product to another; one that is not named stands for any. */
export interface Setup {
  readonly from?: number
  readonly to?: number
  readonly time: Distribution
}

export type Demand =
  /** Work orders, one after the other: of those that are released the one that is due first, then in their order. */
  | { readonly id: string; readonly kind: 'orders'; readonly orders: readonly Order[] }
  /** Without end: a number of parts, drawn from `quantity`, of one of the products, then of another. */
  | {
      readonly id: string
      readonly kind: 'campaigns'
      readonly products: readonly number[]
      readonly quantity: readonly [least: number, most: number]
    }

export interface Order {
  /** What it is called, where somebody wants to know. */
  readonly id?: string
  readonly product: number
  /** Parts to begin. */
  readonly quantity: number
  /** Unix ms; from the beginning, and without a due date, where missing. */
  readonly release?: number
  readonly due?: number
}

export interface Pool {
  readonly id: string
  /** People who are always there. */
  readonly size: number
  /** Those who are there besides, each while a calendar is open. */
  readonly shifts?: readonly { readonly calendar: number; readonly size: number }[]
}

/** When machines work and people are there. A machine finishes its part before it rests. */
export type Calendar = RepeatingHours | PlannedHours

/** Spans of a period that repeats. */
export interface RepeatingHours {
  readonly kind: 'repeating'
  /** Begin of any one period, Unix ms. */
  readonly origin: number
  /** Length of the period: 604,800 for a week. */
  readonly period: number
  /** From the begin of the period, in order, apart. */
  readonly open: readonly (readonly [from: number, to: number])[]
}

/** The shifts, breaks, holidays and planned stops of a site. */
export interface PlannedHours {
  readonly kind: 'planned'
  readonly parts: CalendarParts
  /** What of the plan it is open in; such as `busy`. */
  readonly open: readonly Plan[]
}

export const actingStates = [
  'Clearing',
  'Stopped',
  'Resetting',
  'Idle',
  'Starting',
  'Holding',
  'Unholding',
  'Suspending',
  'Unsuspending',
  'Aborting',
  'Completing',
  'Complete',
] as const
export type ActingState = (typeof actingStates)[number]
