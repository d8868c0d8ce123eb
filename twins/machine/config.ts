import { isMode, type PackmlState, type PlantMode, packmlStates, type UnitMode } from '../../schema/packml.js'

export type { PackmlState }

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

/** Whether the machine has `state` in `mode`; of a mode it does not know it leaves nothing out. */
export function isEnabled(config: MachineConfig, mode: Mode, state: PackmlState): boolean {
  const spec = config.modes.find(known => known.mode === mode)
  return spec === undefined || !spec.disabled.includes(state)
}

export type MachineErrorCode =
  | 'unknown-mode'
  | 'repeated-mode'
  | 'lasting-state-disabled'
  | 'hold-not-allowed'
  | 'counter-width'
  | 'snapshot'

/** The one error of this folder. */
export class MachineError extends Error {
  readonly code: MachineErrorCode

  constructor(code: MachineErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'MachineError'
    this.code = code
  }
}

/** Throws a MachineError where the standard does not allow what the configuration asks for. */
export function checkConfig(config: MachineConfig): void {
  const seen = new Set<Mode>()
  for (const { mode, disabled } of config.modes) {
    if (!isMode(mode) || mode === 'Invalid') {
      throw new MachineError(
        'unknown-mode',
        `There is no unit mode "${mode}". Use Production, Maintenance, Manual, or "Mode 4" to "Mode 31".`,
      )
    }
    if (seen.has(mode)) {
      throw new MachineError('repeated-mode', `Mode "${mode}" is described twice. Keep one of the two.`)
    }
    seen.add(mode)
    const lasting = disabled.find(state => lastingStates.includes(state))
    if (lasting !== undefined) {
      throw new MachineError(
        'lasting-state-disabled',
        `Mode "${mode}" disables ${lasting}, which every machine has. Take it off the list.`,
      )
    }
  }
  const holdable = packmlStates.filter(
    state => holdExtension.includes(state) || standardConfig.holdFrom.includes(state),
  )
  const wrong = config.holdFrom.find(state => !holdable.includes(state))
  if (wrong !== undefined) {
    throw new MachineError(
      'hold-not-allowed',
      `Hold is never taken in ${wrong}. It may be in ${holdable.join(', ')}.`,
    )
  }
  if (!Number.isSafeInteger(config.counterWidth) || config.counterWidth < 0) {
    throw new MachineError(
      'counter-width',
      `A part counter cannot roll over at ${config.counterWidth}. Give a whole number, or 0 where it never does.`,
    )
  }
}
