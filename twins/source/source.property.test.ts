import fc from 'fast-check'
import { describe, it } from 'vitest'
import { propertyRuns } from '../proof/runs.js'
import { anyEvents } from './source.arbitrary.js'
import { sourceMachine } from './source.machine.js'
import { walkSource } from './source.walk.js'

describe('properties of the source twin', () => {
  it('stands as the model says, also when it goes on from JSON at any moment', () => {
    fc.assert(
      fc.property(anyEvents, fc.nat(60), (events, cut) => {
        walkSource(events, sourceMachine, cut)
      }),
      { numRuns: propertyRuns },
    )
  })
})
