export type StreamErrorCode =
  /** Larger than the protocol allows; nothing of it was read. */
  | 'frame-too-large'
  /** Ends before what it announces. */
  | 'truncated'
  /** Not an envelope of this protocol: wrong types, wrong nesting, trailing bytes. */
  | 'malformed'
  /** A well-formed envelope of a kind this version does not know. A client may skip it. */
  | 'unknown-kind'
  /** Columns that contradict each other or the limits of the protocol. */
  | 'inconsistent'

/** The one error of the stream's codec. A frame that cannot be read changes nothing. */
export class StreamError extends Error {
  readonly code: StreamErrorCode

  constructor(code: StreamErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options)
    this.name = 'StreamError'
    this.code = code
  }
}
