import { type MachineConfig, standardConfig } from '../../schema/machine-config.js'
import type { SuspendReason } from '../../schema/packml.js'
import { type Counter, freshCounter } from './counter.js'
import type { TimeBook } from './cumulative-time.js'

/** What a machine twin remembers beside its state. */
export interface MachineContext extends TimeBook {
  /** How the machine uses PackML; absent = as the standard comes. */
  readonly config?: MachineConfig
  /** In the present state and reason since, Unix ms; 0 = never observed. */
  readonly since: number
  readonly reason: SuspendReason
  readonly sourceState: string
  /** Observations older than these are late: true of the past, not of now. */
  readonly stateTime: number
  readonly modeTime: number
  /** When the machine last began to execute, Unix ms; 0 = never. */
  readonly runSince: number
  /** The first reason given since then; empty = none. */
  readonly stopReason: string
  readonly processed: Counter
  readonly defective: Counter
}

export function freshContext(config?: MachineConfig): MachineContext {
  return {
    ...(config && { config }),
    state: 'Undefined',
    mode: 'Production',
    newest: null,
    bookedTo: null,
    times: {},
    since: 0,
    reason: 'none',
    sourceState: '',
    stateTime: 0,
    modeTime: 0,
    runSince: 0,
    stopReason: '',
    processed: freshCounter,
    defective: freshCounter,
  }
}

export function configOf(context: MachineContext): MachineConfig {
  return context.config ?? standardConfig
}
