import type { AnyActorLogic, Snapshot } from 'xstate'
import type { TwinProblem } from '../../twins/twin-problem.js'

/** A kind of twin: its statechart and what it takes to bring an old snapshot back to life. */
export interface TwinDefinition<Input = unknown> {
  readonly id: string
  /** A snapshot of another version goes through the migrations; without them the twin starts fresh and says so. */
  readonly version: number
  readonly logic: AnyActorLogic
  /** From version n to n + 1 by n: what makes of a persisted snapshot of version n one of the next. */
  readonly migrations?: Readonly<Record<number, (persisted: Snapshot<unknown>) => object>>
  /** What is wrong with an event for a twin in this context; a refused event leaves the twin as it was. */
  check?(event: unknown, context: never): TwinProblem | undefined
  /** The types of events that it would take in this state, guards asked; all that the state has unless given. */
  accepts?(snapshot: never): readonly string[]
  /**
   * The next time at which something happens by itself, Unix ms; infinite where nothing will. The twin is then told
   * `TICK` with that time.
   */
  nextDue?(context: never): number
  /** What anybody may see of the context; all of it unless given. */
  show?(context: never): unknown
  /**
   * Puts what comes from the plant file (limits, say) into a persisted snapshot: the file may have changed since, and
   * JSON cannot carry everything (an infinite limit).
   */
  revive?(persisted: Snapshot<unknown>, input: Input): Snapshot<unknown>
}

/** Something that happens to a twin. Statecharts narrow it to their own union. */
export interface TwinMessage {
  readonly type: string
  /** Floor time of what happened, Unix ms. */
  readonly time: number
  readonly [field: string]: unknown
}

/** What a statechart says (`emit`), or the system says of its twin. */
export interface TwinEmitted {
  readonly type: string
  readonly time: number
}
