import { expect } from 'vitest'
import { createActor } from 'xstate'
import { walk } from '../proof/walk.js'
import type { SourceTwinEvent } from './source.events.js'
import { sourceMachine } from './source.machine.js'
import { SourceModel } from './source.model.js'

/**
 * Leads the source's chart and its model through the same events; throws where they differ. Before the event of that
 * place, `cut`, the chart is stopped and goes on from JSON.
 */
export function walkSource(
  events: readonly SourceTwinEvent[],
  chart = sourceMachine,
  cut = events.length,
): void {
  const real = { actor: createActor(chart).start() }
  walk([...events.entries()], { model: new SourceModel(), real }, (model, real, [i, event]) => {
    if (i === cut) {
      const snapshot = JSON.parse(JSON.stringify(real.actor.getPersistedSnapshot()))
      real.actor = createActor(chart, { snapshot }).start()
    }
    real.actor.send(event)
    model.take(event)
    const { value, context } = real.actor.getSnapshot()
    expect({ state: value, ...context }).toEqual({ ...model })
  })
}
