import { type PackmlState, packmlStates } from '../../schema/packml.js'

/** How much of the machine runs in each PackML state: 1 = as in normal production, 0 = at rest. */
const running: Readonly<Record<PackmlState, number>> = {
  Undefined: 0,
  Clearing: 0,
  Stopped: 0,
  Starting: 0.6,
  Idle: 0,
  Suspended: 0,
  Execute: 1,
  Stopping: 0.3,
  Aborting: 0,
  Aborted: 0,
  Holding: 0.3,
  Held: 0,
  Unholding: 0.6,
  Suspending: 0.3,
  Unsuspending: 0.6,
  Resetting: 0.1,
  Completing: 0.3,
  Complete: 0,
}
/** The same by the state's number. */
export const runningOf: Float64Array = Float64Array.from(packmlStates, state => running[state])
/** In Execute, but waiting for a neighbour. */
const runningWhileWaiting = 0.5

/** How much of the machine runs: in Execute less while it waits. */
export const shareOfRunning = (state: number, isWorking: boolean): number => {
  const share = runningOf[state]!
  return share === 1 && !isWorking ? runningWhileWaiting : share
}
