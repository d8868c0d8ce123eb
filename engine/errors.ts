/** Why the engine could not start or go on; each has an exit code of its own, stable for scripts. */
const exitCodes = {
  'start-given-up': 0,
  'bad-plant': 1,
  'bad-input': 1,
  'bad-usage': 2,
  'port-in-use': 3,
  'cannot-listen': 3,
  'data-dir-locked': 4,
  'data-dir-not-writable': 4,
  'disk-full': 4,
  'store-unavailable': 5,
} as const
export type EngineErrorCode = keyof typeof exitCodes

/** An error an operator can do something about: what happened, then the next step. */
export class EngineError extends Error {
  readonly code: EngineErrorCode

  constructor(code: EngineErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'EngineError'
    this.code = code
  }

  get exitCode(): number {
    return exitCodes[this.code]
  }
}

/** Of a start that somebody stopped: done as asked. `during`: what it was waiting for. */
export const startGivenUp = (during: string): EngineError =>
  new EngineError('start-given-up', `The start was given up while ${during}. What was accepted is kept.`)
