import { type AnyActorLogic, type AnyActorScope, createEmptyActor, type Snapshot } from 'xstate'
import type { TwinEmitted, TwinMessage } from './definition.js'

/** Where a statechart stands after a step, and what it said in it. */
export interface Step {
  readonly snapshot: Snapshot<unknown>
  readonly emitted: readonly TwinEmitted[]
}

const nothing: readonly TwinEmitted[] = []

/**
 * Runs XState logic for all twins of a system in one actor scope. `createActor` gives each actor a system, a mailbox
 * and a scheduler of its own, some 6 KB that a twin does not use: the twin system has its own queue, supervision and
 * clock, and twins have no children. What the logic does is the same; a test holds this and `createActor` equal.
 */
export class Stage {
  readonly #scope: AnyActorScope
  #deferred: (() => void)[] = []
  #emitted: TwinEmitted[] = []

  constructor() {
    const self = createEmptyActor()
    this.#scope = {
      self,
      id: self.id,
      sessionId: self.sessionId,
      system: self.system,
      logger: () => {},
      defer: act => this.#deferred.push(act),
      emit: (emitted: TwinEmitted) => this.#emitted.push(emitted),
      stopChild: () => {},
      actionExecutor: action => action.exec?.(action.info, action.params),
    }
  }

  /** The first state. A snapshot with status `error` says why there is none. */
  begin(logic: AnyActorLogic, input: unknown): Step {
    this.#deferred = []
    return this.#finish(logic.getInitialSnapshot(this.#scope, input))
  }

  /** The state that was persisted; throws where it is none of this statechart. */
  restore(logic: AnyActorLogic, persisted: Snapshot<unknown>): Snapshot<unknown> {
    return logic.restoreSnapshot?.(persisted, this.#scope) ?? persisted
  }

  /** Handles an event to the end; throws what a guard or an action throws, and then nothing was said. */
  move(logic: AnyActorLogic, from: Snapshot<unknown>, event: TwinMessage): Step {
    if (from.status !== 'active') return { snapshot: from, emitted: nothing }
    this.#deferred = []
    return this.#finish(logic.transition(from, event, this.#scope))
  }

  #finish(snapshot: Snapshot<unknown>): Step {
    if (this.#deferred.length === 0) return { snapshot, emitted: nothing }
    this.#emitted = []
    for (const act of this.#deferred) act()
    return { snapshot, emitted: this.#emitted }
  }
}
