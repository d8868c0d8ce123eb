import { expect } from 'vitest'
import { createActor } from 'xstate'
import type { MachineConfig } from '../../schema/machine-config.js'
import { walk } from '../proof/walk.js'
import { cumulativeTimes, totalTime } from './cumulative-time.js'
import { checkMachineEvent, type MachineEvent } from './machine.events.js'
import { machineMachine, packmlStateOf } from './machine.machine.js'
import { MachineModel } from './machine.model.js'

/**
 * Leads the machine's chart and its model through the same events; throws where they differ. As in the twin system,
 * what the check refuses never reaches the chart.
 */
export function walkMachine(
  config: MachineConfig,
  events: readonly MachineEvent[],
  chart = machineMachine,
): void {
  const actor = createActor(chart, { input: config }).start()
  const model = new MachineModel(config)
  walk(events, { model, real: actor }, (model, actor, event) => {
    if (checkMachineEvent(event, actor.getSnapshot().context) !== undefined) return
    actor.send(event)
    model.take(event)
    const { value, context } = actor.getSnapshot()
    expect({
      state: packmlStateOf(value),
      mode: context.mode,
      reason: context.reason,
      word: context.sourceState,
      since: context.since,
      stopReason: context.stopReason,
      processed: context.processed.count,
      defective: context.defective.count,
    }).toEqual({
      state: model.state,
      mode: model.mode,
      reason: model.reason,
      word: model.word,
      since: model.since,
      stopReason: model.stopReason,
      processed: model.counters.processed.count,
      defective: model.counters.defective.count,
    })
  })
  const times = cumulativeTimes(actor.getSnapshot().context)
  for (const [mode, states] of Object.entries(times)) {
    for (const [state, time] of Object.entries(states ?? {})) {
      expect(time, `${mode} ${state}`).toBe(model.times.get(`${mode} ${state}`))
    }
  }
  expect(totalTime(times)).toBe(model.elapsed)
}
