import type { Made } from './tally.js'
import type { Doing } from './time-class.js'

/** Everything that is carried forward until something else is said. */
export interface Situation extends Doing {
  /** The source's own word for the state. */
  readonly sourceState: string
  /** What a signal of its own says of why it stops, as the source has it, and since when, Unix ms; empty: nothing. */
  readonly stopCode: string
  readonly stopCodeAt: number
  readonly product: string
  readonly order: string
  /**
   * Why it stands, `category/code`, as somebody said; empty: nobody has. Said of a stop it holds until that stop is
   * over, however much longer it turns out to be: until the machine produces again, or stands for another cause.
   */
  readonly downtimeReason: string
}

export const untold: Situation = {
  state: '',
  mode: '',
  reason: '',
  sourceState: '',
  stopCode: '',
  stopCodeAt: 0,
  product: '',
  order: '',
  downtimeReason: '',
}

/** From `time` on (Unix ms) this is so; what is not said stays as it was. Parts that came out at `time` count there. */
export type LedgerEvent = Partial<Situation> & {
  readonly time: number
  readonly made?: Partial<Made>
  /** Somebody told of the parts, and when they did: perhaps after the shift, or in the break. */
  readonly isEntered?: boolean
  /** Tells parts that came twice from parts that were made twice; the ledger itself counts what it is given. */
  readonly id?: string
  /** A reason that no stop has used by now is void: the stop that it was meant for is not there any more. */
  readonly isReasonVoid?: boolean
}

/**
 * The order in which a ledger takes events; those that are equal by it stay in the order of their arrival. The end of
 * what was said of one stop goes before what is said of the next.
 */
export function compareEvents(a: LedgerEvent, b: LedgerEvent): number {
  return a.time - b.time || rankOf(a) - rankOf(b)
}

const rankOf = ({ isReasonVoid, made }: LedgerEvent): number =>
  made !== undefined ? 2 : isReasonVoid === true ? 0 : 1

/** Whether an event says anything of the situation: most only tell parts. */
export function saysWhat({
  state,
  mode,
  reason,
  sourceState,
  product,
  order,
  downtimeReason,
  stopCode,
}: LedgerEvent): boolean {
  return (
    (state ?? mode ?? reason ?? sourceState ?? product ?? order ?? downtimeReason ?? stopCode) !== undefined
  )
}

export const situationAfter = (before: Situation, said: Partial<Situation>): Situation => ({
  state: said.state ?? before.state,
  mode: said.mode ?? before.mode,
  reason: said.reason ?? before.reason,
  sourceState: said.sourceState ?? before.sourceState,
  stopCode: said.stopCode ?? before.stopCode,
  stopCodeAt: said.stopCodeAt ?? before.stopCodeAt,
  product: said.product ?? before.product,
  order: said.order ?? before.order,
  downtimeReason: said.downtimeReason ?? before.downtimeReason,
})
