export type TwinSystemErrorCode =
  /** The statechart threw before it stood in its first state: its input cannot be used. */
  | 'cannot-start'
  /** Another twin has the address already. */
  | 'address-taken'

/** The one error of the twin system. The message says what happened and what to do next. */
export class TwinSystemError extends Error {
  readonly code: TwinSystemErrorCode

  constructor(code: TwinSystemErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.name = 'TwinSystemError'
    this.code = code
  }
}
