import type { AnyActorLogic, Snapshot } from 'xstate'

/** A kind of twin: its statechart and what it takes to bring an old snapshot back to life. */
export interface TwinDefinition<Input = unknown> {
  readonly id: string
  /** A snapshot of another version is not restored; the twin starts fresh and says so. */
  readonly version: number
  readonly logic: AnyActorLogic
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
