export type GatewayErrorCode =
  /** Somebody else listens on the port. */
  | 'port-in-use'
  /** The address cannot be listened on for another reason. */
  | 'cannot-listen'

/** The one error of the gateway; its message says what happened and what to do next. */
export class GatewayError extends Error {
  readonly code: GatewayErrorCode

  constructor(code: GatewayErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options)
    this.name = 'GatewayError'
    this.code = code
  }
}
