export type ReplayErrorCode = 'in-future' | 'bad-window' | 'no-record' | 'unreadable'

/** Why a window cannot be replayed; the message says what can. */
export class ReplayError extends Error {
  readonly code: ReplayErrorCode

  constructor(code: ReplayErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options)
    this.name = 'ReplayError'
    this.code = code
  }
}
