import { expect } from 'vitest'
import { createActor } from 'xstate'
import { walk } from '../proof/walk.js'
import type { FaultEmitted, FaultEvent, FaultInput } from './fault.events.js'
import { faultMachine } from './fault.machine.js'
import { FaultModel } from './fault.model.js'

/** Leads the fault's chart and its model through the same events, record by record; throws where they differ. */
export function walkFault(input: FaultInput, events: readonly FaultEvent[], chart = faultMachine): void {
  const actor = createActor(chart, { input })
  const records: FaultEmitted[] = []
  actor.on('*', record => records.push(record))
  actor.start()
  const model = new FaultModel(input)
  const expected: unknown[] = []
  walk(events, { model, real: actor }, (model, actor, event) => {
    actor.send(event)
    expected.push(...model.apply(event))
  })
  expect(
    records.map(({ time, from, to, occurrence, severity, progress }) => ({
      time,
      from,
      to,
      occurrence,
      severity,
      progress: expect.closeTo(progress, 9),
    })),
  ).toEqual(expected)
  const { context } = actor.getSnapshot()
  const { state, damage, severity, occurrence, progress } = context
  const { state: place, damage: hidden, severity: seen, occurrence: count } = model
  expect([state, damage, severity, occurrence]).toEqual([place, hidden, seen, count])
  expect(progress).toBeCloseTo(model.progressAt(context.time), 9)
}
