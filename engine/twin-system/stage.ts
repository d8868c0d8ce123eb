import { type AnyActorLogic, type AnyActorScope, createEmptyActor, type Snapshot } from 'xstate'
import type { TwinEmitted, TwinMessage } from './definition.js'

/** Where a statechart stands after a step, and what it said in it. */
export interface Step {
  readonly snapshot: Snapshot<unknown>
  readonly emitted: readonly TwinEmitted[]
}

/** What a statechart's persisted snapshot holds. */
interface PersistedChart {
  readonly status: string
  readonly value: unknown
  readonly context?: unknown
  readonly historyValue?: object
}

const nothing: readonly TwinEmitted[] = []

/**
 * Runs XState logic for all twins of a system in one actor scope. `createActor` gives each actor a system, a mailbox
 * and a scheduler of its own, some 6 KB that a twin does not use: the twin system has its own queue, supervision and
 * clock, and twins have no children. What the logic does is the same; a test holds this and `createActor` equal.
 */
export class Stage {
  readonly #scope: AnyActorScope
  /** By logic and state value: a restored snapshot that others in the same state are made from. */
  readonly #templates = new WeakMap<AnyActorLogic, Map<string, Snapshot<unknown>>>()
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

  /**
   * The state that was persisted; throws where it is none of this statechart. Finding the nodes of a state value is
   * most of the work, and a floor's twins stand in few different states: each is looked up once. A twin with a history
   * value has more than its state to restore, and goes the long way.
   */
  restore(logic: AnyActorLogic, persisted: Snapshot<unknown>): Snapshot<unknown> {
    const { value, context, historyValue, status } = persisted as unknown as PersistedChart
    const restoreWhole = (): Snapshot<unknown> => logic.restoreSnapshot?.(persisted, this.#scope) ?? persisted
    if (status !== 'active' || context === undefined || Object.keys(historyValue ?? {}).length > 0) {
      return restoreWhole()
    }
    const templates = this.#templates.get(logic) ?? new Map<string, Snapshot<unknown>>()
    this.#templates.set(logic, templates)
    const key = JSON.stringify(value)
    const template = templates.get(key)
    if (template !== undefined) return { ...template, ...{ context } }
    const restored = restoreWhole()
    templates.set(key, restored)
    return restored
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
