import fc from 'fast-check'

/** What one event does to a model and to the chart beside it; throws where the two differ. */
export type Step<Event, Model, Real> = (model: Model, real: Real, event: Event) => void

/** An event told to a chart and to its model, as one of fast-check's commands. */
class Tell<Event, Model extends object, Real> implements fc.Command<Model, Real> {
  readonly #event: Event
  readonly #step: Step<Event, Model, Real>

  constructor(event: Event, step: Step<Event, Model, Real>) {
    this.#event = event
    this.#step = step
  }

  check(): boolean {
    // A chart must hold whatever comes; what it refuses, the step leaves out on both sides.
    return true
  }

  run(model: Model, real: Real): void {
    this.#step(model, real, this.#event)
  }

  toString(): string {
    return JSON.stringify(this.#event)
  }
}

/**
 * Leads a chart and its model through the same events, one command each. A walk that fails shrinks to the shortest list
 * of events, which can be pasted into a named test.
 */
export function walk<Event, Model extends object, Real>(
  events: readonly Event[],
  sides: { readonly model: Model; readonly real: Real },
  step: Step<Event, Model, Real>,
): void {
  fc.modelRun(
    () => ({ ...sides }),
    events.map(event => new Tell(event, step)),
  )
}
