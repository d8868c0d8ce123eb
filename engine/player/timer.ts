import { setTimeout } from 'node:timers/promises'
import type { Clock } from '../../schema/clock.js'

/** Real time for pacing; virtual in tests. */
export interface Timer extends Clock {
  /** Resolves after `ms` milliseconds, or at once when `signal` is aborted. Never rejects. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

/** Steady: does not jump when somebody sets the clock. */
export const systemTimer: Timer = {
  now: () => performance.timeOrigin + performance.now(),
  sleep: (ms, signal) => setTimeout(ms, undefined, { signal }).catch(() => undefined),
}
