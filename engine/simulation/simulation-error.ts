export type SimulationErrorCode =
  | 'unknown-machine'
  | 'unknown-source'
  | 'unknown-signal'
  | 'real-machine'
  | 'not-running'
  | 'not-durable'
  | 'impossible-fault'
  | 'bad-start'
  | 'already-there'
  | 'under-repair'
  | 'not-begun'
  | 'not-growing'
  | 'not-shown'
  | 'not-there'

/** The one error of this folder: why a machine cannot be given what somebody wants, and what would be right. */
export class SimulationError extends Error {
  readonly code: SimulationErrorCode

  constructor(code: SimulationErrorCode, message: string) {
    super(message)
    this.name = 'SimulationError'
    this.code = code
  }
}
