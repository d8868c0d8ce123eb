import { createActor, type Snapshot } from 'xstate'
import type { MachineConfig } from '../../schema/machine-config.js'
import type { PackmlState } from '../../schema/packml.js'
import type { MachineEmitted, MachineEvent } from './machine.events.js'
import { machineMachine, packmlStateOf } from './machine.machine.js'
import type { Move } from './rules.js'

/** What the tests of the machine twin start, send and read. */
export const start = (config?: MachineConfig, snapshot?: Snapshot<unknown>) =>
  createActor(machineMachine, { input: config, snapshot }).start()
type Actor = ReturnType<typeof start>
export const seen = (state: PackmlState, time: number, sourceState: string = state): MachineEvent => ({
  type: 'OBSERVED',
  state,
  reason: 'none',
  sourceState,
  time,
})
export const stateOf = (actor: Actor) => packmlStateOf(actor.getSnapshot().value)
export const contextOf = (actor: Actor) => actor.getSnapshot().context
export const at = (state: PackmlState, config?: MachineConfig): Actor => {
  const actor = start(config)
  actor.send(seen(state, 1))
  return actor
}
export const listen = (actor: Actor): MachineEmitted[] => {
  const said: MachineEmitted[] = []
  actor.on('*', emitted => said.push(emitted))
  return said
}
export const move = (type: Move, time: number): MachineEvent => ({ type, time })
