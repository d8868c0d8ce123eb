import {
  type MachineConfig,
  type MachineConfigFaultCode,
  type Mode,
  machineConfigFaults,
} from '../../schema/machine-config.js'
import type { PackmlState } from '../../schema/packml.js'

/** Whether the machine has `state` in `mode`; of a mode it does not know it leaves nothing out. */
export function isEnabled(config: MachineConfig, mode: Mode, state: PackmlState): boolean {
  const spec = config.modes.find(known => known.mode === mode)
  return spec === undefined || !spec.disabled.includes(state)
}

export type MachineErrorCode = MachineConfigFaultCode | 'snapshot'

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
  const [fault] = machineConfigFaults(config)
  if (fault === undefined) return
  const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
  throw new MachineError(fault.code, `${sentence(fault.message)} ${sentence(fault.fix)}`)
}
