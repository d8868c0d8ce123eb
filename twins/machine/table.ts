import { type StateValue, transition } from 'xstate'
import { type MachineConfig, type Mode, standardConfig } from '../../schema/machine-config.js'
import { type PackmlState, packmlNumber, packmlStates } from '../../schema/packml.js'
import { checkConfig } from './config.js'
import { freshContext } from './machine.context.js'
import { machineMachine, packmlStateOf } from './machine.machine.js'
import { movesByPriority } from './rules.js'

/** In the table: the move is not legal here. */
export const refused = 255

export const stateCount = packmlStates.length
export const moveCount = movesByPriority.length

/**
 * The machine statechart as numbers, for what-if workers that run many machines at once. States by their PackML
 * number, moves by their place in `movesByPriority`, modes by their place in `modes`. Plain and structured-cloneable.
 */
export interface MachineTable {
  readonly modes: readonly Mode[]
  readonly counterWidth: number
  /** Next state at `(mode * stateCount + state) * moveCount + move`, or `refused`. */
  readonly next: Uint8Array
  /** 1 where the mode may be changed, at `(mode * stateCount + state) * modes.length + newMode`. */
  readonly modeChange: Uint8Array
}

const nestedValue = (state: PackmlState): StateValue => {
  if (state === 'Undefined' || state === 'Aborting' || state === 'Aborted') return state
  if (state === 'Clearing' || state === 'Stopped' || state === 'Stopping') return { Cleared: state }
  return { Cleared: { Running: state } }
}

/**
 * Asks the statechart for every mode, state and move where it leads, and writes the answers down. Takes milliseconds;
 * throws a MachineError for a configuration that the standard does not allow.
 */
export function compileMachineTable(config: MachineConfig = standardConfig): MachineTable {
  checkConfig(config)
  const modes = config.modes.map(({ mode }) => mode)
  const next = new Uint8Array(modes.length * stateCount * moveCount).fill(refused)
  const modeChange = new Uint8Array(modes.length * stateCount * modes.length)
  for (const [modeIndex, mode] of modes.entries()) {
    for (const [number, state] of packmlStates.entries()) {
      const context = { ...freshContext(config), state, mode }
      const snapshot = machineMachine.resolveState({ value: nestedValue(state), context })
      const row = modeIndex * stateCount + number
      for (const [move, type] of movesByPriority.entries()) {
        const [after] = transition(machineMachine, snapshot, { type, time: 0 })
        const reached = packmlStateOf(after.value)
        if (reached !== state) next[row * moveCount + move] = packmlNumber[reached]
      }
      for (const [newIndex, newMode] of modes.entries()) {
        const [after] = transition(machineMachine, snapshot, { type: 'SET_MODE', mode: newMode, time: 0 })
        if (newMode !== mode && after.context.mode === newMode) modeChange[row * modes.length + newIndex] = 1
      }
    }
  }
  return { modes, counterWidth: config.counterWidth, next, modeChange }
}
