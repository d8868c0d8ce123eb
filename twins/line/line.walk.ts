import { expect } from 'vitest'
import { createActor } from 'xstate'
import { walk } from '../proof/walk.js'
import type { LineMachine } from './constraint.js'
import type { LineEvent } from './line.events.js'
import { lineMachine } from './line.machine.js'
import { LineModel } from './line.model.js'

/** Leads the line's chart and its model through the same events, each change announced once; throws where they differ. */
export function walkLine(
  machines: readonly LineMachine[],
  events: readonly LineEvent[],
  chart = lineMachine,
): void {
  const actor = createActor(chart, { input: { machines } }).start()
  const said: unknown[] = []
  actor.on('line.changed', ({ to, machine, cause }) => said.push([to, machine, cause]))
  walk(events, { model: new LineModel(machines), real: actor }, (model, actor, event) => {
    const before = actor.getSnapshot()
    actor.send(event)
    model.take(event)
    const { value, context } = actor.getSnapshot()
    const { machine, cause } = context.constraint ?? {}
    expect({ state: value, machine, cause }).toEqual(model.view)
    const isSame =
      value === before.value &&
      machine === before.context.constraint?.machine &&
      cause === before.context.constraint?.cause &&
      context.constraint?.reason === before.context.constraint?.reason
    expect(said.splice(0)).toEqual(isSame ? [] : [[value, machine ?? null, cause ?? null]])
  })
}
