import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createActor } from 'xstate'
import { propertyRuns } from '../proof/runs.js'
import { walk } from '../proof/walk.js'
import { anyEvents } from './source.arbitrary.js'
import { sourceMachine } from './source.machine.js'
import { SourceModel } from './source.model.js'

describe('properties of the source twin', () => {
  it('stands as the model says, also when it goes on from JSON at any moment', () => {
    fc.assert(
      fc.property(anyEvents, fc.nat(60), (events, cut) => {
        const model = new SourceModel()
        const real = { actor: createActor(sourceMachine).start() }
        walk([...events.entries()], { model, real }, (model, real, [i, event]) => {
          if (i === cut) {
            const snapshot = JSON.parse(JSON.stringify(real.actor.getPersistedSnapshot()))
            real.actor = createActor(sourceMachine, { snapshot }).start()
          }
          real.actor.send(event)
          model.take(event)
          const { value, context } = real.actor.getSnapshot()
          expect({ state: value, ...context }).toEqual({ ...model })
        })
      }),
      { numRuns: propertyRuns },
    )
  })
})
