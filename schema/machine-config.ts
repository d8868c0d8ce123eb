import { isMode, type PackmlState, type PlantMode, packmlStates, type UnitMode } from './packml.js'

/** A unit mode: one that TR88.00.02 names, or one of the plant's own. */
export type Mode = UnitMode | PlantMode

/** A mode in which the machine can be, and the states it does without there. */
interface ModeSpec {
  readonly mode: Mode
  readonly disabled: readonly PackmlState[]
}

/** How one machine uses PackML: everything that TR88.00.02-2022 leaves to its builder. */
export interface MachineConfig {
  readonly modes: readonly ModeSpec[]
  /** The mode may change in these states (2022 default: mask 0x214). */
  readonly modeChangeIn: readonly PackmlState[]
  /** Hold is taken in these states (2022 default: mask 0x60; more by the Hold extension, OPC 30050 figure 15). */
  readonly holdFrom: readonly PackmlState[]
  /** Execute ends when its state completes, as before 2022; otherwise only by Complete. */
  readonly executeCompletes: boolean
  /** Where the source's part counters roll over, e.g. 65536; 0 = they never do, a smaller reading is a reset. */
  readonly counterWidth: number
}

/** Every machine has these in every mode (TR88.00.02-2022). */
export const lastingStates: readonly PackmlState[] = ['Stopped', 'Idle', 'Execute', 'Aborted']

/** Where the Hold extension may add Hold (OPC 30050, figure 15, dashed). */
export const holdExtension: readonly PackmlState[] = [
  'Starting',
  'Idle',
  'Unholding',
  'Suspending',
  'Unsuspending',
  'Completing',
  'Complete',
]

const byHand: readonly PackmlState[] = [
  'Holding',
  'Held',
  'Unholding',
  'Suspending',
  'Suspended',
  'Unsuspending',
]

/** TR88.00.02-2022 as it comes; run by hand, a machine neither holds nor suspends. */
export const standardConfig: MachineConfig = {
  modes: [
    { mode: 'Production', disabled: [] },
    { mode: 'Maintenance', disabled: byHand },
    { mode: 'Manual', disabled: byHand },
  ],
  modeChangeIn: ['Stopped', 'Idle', 'Aborted'],
  holdFrom: ['Suspended', 'Execute'],
  executeCompletes: false,
  counterWidth: 0,
}

const holdable = packmlStates.filter(
  state => holdExtension.includes(state) || standardConfig.holdFrom.includes(state),
)

export type MachineConfigFaultCode =
  | 'unknown-mode'
  | 'repeated-mode'
  | 'lasting-state-disabled'
  | 'no-production'
  | 'mode-never-changes'
  | 'hold-not-allowed'
  | 'counter-width'

/** What the standard does not allow in a configuration. */
export interface MachineConfigFault {
  readonly code: MachineConfigFaultCode
  /** Where: a key of the configuration, and within `modes` the mode and perhaps the place in its list. */
  readonly path: readonly (string | number)[]
  readonly value: unknown
  readonly message: string
  readonly fix: string
}

/** What is said where nobody knows the state: it is none of the 17, so that it can neither be left out nor be stood in. */
const noState: PackmlState = 'Undefined'

/** Everything in `config` that TR88.00.02 does not allow; empty where it is sound. */
export function machineConfigFaults(config: MachineConfig): MachineConfigFault[] {
  const faults: MachineConfigFault[] = []
  const add = (
    code: MachineConfigFaultCode,
    path: MachineConfigFault['path'],
    value: unknown,
    [message, fix]: readonly [message: string, fix: string],
  ) => faults.push({ code, path, value, message, fix })

  const seen = new Set<Mode>()
  for (const { mode, disabled } of config.modes) {
    if (!isMode(mode) || mode === 'Invalid') {
      const fix = 'use Production, Maintenance, Manual, or "Mode 4" to "Mode 31"'
      add('unknown-mode', ['modes', mode], mode, [`there is no unit mode "${mode}"`, fix])
    } else if (seen.has(mode)) {
      add('repeated-mode', ['modes', mode], mode, [
        `mode "${mode}" is described twice`,
        'keep one of the two',
      ])
    }
    seen.add(mode)
    for (const [place, state] of disabled.entries()) {
      if (state === noState) {
        const message = `mode "${mode}" disables Undefined, which only says that nobody knows the state`
        add('lasting-state-disabled', ['modes', mode, place], state, [message, 'take it off the list'])
      }
      if (!lastingStates.includes(state)) continue
      const message = `mode "${mode}" disables ${state}, which every machine has`
      add('lasting-state-disabled', ['modes', mode, place], state, [message, 'take it off the list'])
    }
  }
  if (!seen.has('Production')) {
    const message = 'modes leaves out Production, in which every machine begins'
    add('no-production', ['modes'], [...seen], [message, 'add Production: [], or the states it does without'])
  }
  if (config.modeChangeIn.length === 0) {
    const fix = `name states, or leave it out for ${standardConfig.modeChangeIn.join(', ')}`
    add('mode-never-changes', ['modeChangeIn'], [], ['with no state in it the mode never changes', fix])
  }
  for (const [place, state] of config.modeChangeIn.entries()) {
    if (state !== noState) continue
    const message = 'no mode changes in Undefined, which only says that nobody knows the state'
    add('mode-never-changes', ['modeChangeIn', place], state, [message, 'take it off the list'])
  }
  for (const [place, state] of config.holdFrom.entries()) {
    if (holdable.includes(state)) continue
    const fix = `it may be in ${holdable.join(', ')}`
    add('hold-not-allowed', ['holdFrom', place], state, [`Hold is never taken in ${state}`, fix])
  }
  const { counterWidth } = config
  if (!Number.isSafeInteger(counterWidth) || counterWidth < 0) {
    const message = `a part counter cannot roll over at ${counterWidth}`
    const fix = 'give a whole number, or 0 where it never does'
    add('counter-width', ['counterWidth'], counterWidth, [message, fix])
  }
  return faults
}
