import { SimulationError, type SimulationErrorCode } from '../simulation/simulation-error.js'
import { ApiError, type ApiErrorCode } from './api-error.js'

const statusOf: Readonly<Record<SimulationErrorCode, ApiErrorCode>> = {
  'unknown-machine': 404,
  'unknown-source': 404,
  'not-there': 404,
  'real-machine': 409,
  'not-running': 409,
  'already-there': 409,
  'under-repair': 409,
  'not-begun': 409,
  'not-growing': 409,
  'not-shown': 422,
  'not-durable': 503,
  'impossible-fault': 422,
  'bad-start': 422,
  'unknown-signal': 422,
}

/** Does something to a simulation; why it cannot be becomes the answer. */
export function attempt<T>(act: () => T): T {
  try {
    return act()
  } catch (cause) {
    if (!(cause instanceof SimulationError)) throw cause
    throw new ApiError(statusOf[cause.code], cause.message, { cause })
  }
}
