import { modeOf, packmlStates, plantModes, unitModes } from './packml.js'
import type { StateMap } from './plant.js'

/** What a source's word means to the machine twin. */
export type StateMeaning = StateMap['words'][string]

/**
 * PackML's own state names and numbers (PackTag Status.StateCurrent); a suspended machine may say whether it is blocked
 * or starved (EquipmentInterlock). A number says nothing of the mode: that has a tag of its own.
 */
const packml: StateMap = {
  words: {
    ...Object.fromEntries(packmlStates.map((state, number) => [String(number), { state }])),
    ...Object.fromEntries(packmlStates.map(state => [state, { state, mode: 'Production' }])),
    'Suspended blocked': { state: 'Suspended', mode: 'Production', reason: 'blocked' },
    'Suspended starved': { state: 'Suspended', mode: 'Production', reason: 'starved' },
  },
}

/**
 * What encloses PackML's innermost state machine: Aborting and Aborted belong to the outermost, Clearing, Stopping and
 * Stopped to the next; `Cleared` and `Running` say only that the one within is active (OPC 30050, 6.2).
 */
const packmlOuter: StateMap = {
  words: {
    ...Object.fromEntries(
      (['Aborting', 'Aborted', 'Clearing', 'Stopping', 'Stopped'] as const).map(state => [state, { state }]),
    ),
    Cleared: { isInner: true },
    Running: { isInner: true },
  },
}

/** PackML's unit modes by name and number (PackTag Status.UnitModeCurrent). */
const packmlMode: StateMap = {
  words: Object.fromEntries(
    [...unitModes, ...plantModes].flatMap((mode, number) => [
      [mode, { mode }],
      [String(number), { mode: modeOf(number) }],
    ]),
  ),
}

/**
 * MTConnect EXECUTION in PackML's terms, a mapping of ours (no standard gives one): the program waits for somebody (Held: cause inside the
 * unit) or for something outside (Suspended).
 */
const mtconnectExecution: StateMap = {
  words: {
    ACTIVE: { state: 'Execute' },
    READY: { state: 'Idle' },
    INTERRUPTED: { state: 'Held' },
    FEED_HOLD: { state: 'Held' },
    OPTIONAL_STOP: { state: 'Held' },
    PROGRAM_OPTIONAL_STOP: { state: 'Held' },
    STOPPED: { state: 'Stopped' },
    PROGRAM_STOPPED: { state: 'Stopped' },
    PROGRAM_COMPLETED: { state: 'Complete' },
    WAIT: { state: 'Suspended' },
    UNAVAILABLE: { state: 'Undefined' },
  },
}

/** MTConnect CONTROLLER_MODE, a mapping of ours: whatever is not automatic is done by hand. */
const mtconnectControllerMode: StateMap = {
  words: {
    AUTOMATIC: { mode: 'Production' },
    MANUAL: { mode: 'Manual' },
    MANUAL_DATA_INPUT: { mode: 'Manual' },
    SEMI_AUTOMATIC: { mode: 'Manual' },
    EDIT: { mode: 'Manual' },
    UNAVAILABLE: { mode: 'Invalid' },
  },
}

/** MachineryItemState (OPC 40001-1) in PackML's terms, a mapping of ours: a machine out of service has to be cleared. */
const machineryItemState: StateMap = {
  words: {
    NotAvailable: { state: 'Undefined' },
    OutOfService: { state: 'Aborted' },
    NotExecuting: { state: 'Idle' },
    Executing: { state: 'Execute' },
  },
}

/** MachineryOperationMode (OPC 40001-1), a mapping of ours: a machine is set up by hand. */
const machineryOperationMode: StateMap = {
  words: {
    None: { mode: 'Invalid' },
    Maintenance: { mode: 'Maintenance' },
    Setup: { mode: 'Manual' },
    Processing: { mode: 'Production' },
  },
}

/** The words that SCADA systems and operators use. A fault is an Abort: a fast stop, somebody has to clear it. */
const runningIdleFault: StateMap = {
  words: {
    running: { state: 'Execute', mode: 'Production' },
    idle: { state: 'Idle', mode: 'Production' },
    fault: { state: 'Aborted', mode: 'Production' },
    setup: { state: 'Resetting', mode: 'Production' },
    maintenance: { state: 'Stopped', mode: 'Maintenance' },
    stopped: { state: 'Stopped', mode: 'Production' },
    blocked: { state: 'Suspended', mode: 'Production', reason: 'blocked' },
    starved: { state: 'Suspended', mode: 'Production', reason: 'starved' },
  },
}

/**
 * A machine state word: 0 stopped, 1 running, 2 idle, 3 fault, 4 maintenance. No standard numbers it so: compare with
 * the PLC program, and write a map of its own where it differs.
 */
const kepwareMachineState: StateMap = {
  words: {
    '0': { state: 'Stopped', mode: 'Production' },
    '1': { state: 'Execute', mode: 'Production' },
    '2': { state: 'Idle', mode: 'Production' },
    '3': { state: 'Aborted', mode: 'Production' },
    '4': { state: 'Stopped', mode: 'Maintenance' },
  },
}

/** Maps that a plant file may name without writing them down. */
export const shippedStateMaps: Readonly<Record<string, StateMap>> = {
  packml,
  'packml-outer': packmlOuter,
  'packml-mode': packmlMode,
  'mtconnect-execution': mtconnectExecution,
  'mtconnect-controller-mode': mtconnectControllerMode,
  'machinery-item-state': machineryItemState,
  'machinery-operation-mode': machineryOperationMode,
  'running-idle-fault': runningIdleFault,
  'kepware-machine-state': kepwareMachineState,
}

/** Whether words of the map leave the state to a state machine within. */
export function isOuter({ words }: StateMap): boolean {
  return Object.values(words).some(({ isInner }) => isInner === true)
}

const folded = new WeakMap<StateMap, ReadonlyMap<string, StateMeaning>>()

/** What `word` means by `map`, whatever its case and the blanks around it; undefined where the map does not say. */
export function lookupState(map: StateMap, word: string): StateMeaning | undefined {
  let meanings = folded.get(map)
  if (meanings === undefined) {
    meanings = new Map(Object.entries(map.words).map(([key, meaning]) => [foldWord(key), meaning]))
    folded.set(map, meanings)
  }
  return meanings.get(foldWord(word))
}

/** Two words that fold to the same are the same word. */
export function foldWord(word: string): string {
  return word.trim().toLowerCase()
}
