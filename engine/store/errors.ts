export type StoreErrorCode =
  /** Another process has the embedded database open. */
  | 'data-dir-locked'
  | 'data-dir-not-writable'
  /** The spool has reached its bound: the store has been away for too long. Stop reading; append again later. */
  | 'spool-full'
  /** The disk (or a quota) is full. Nothing of the entry was kept; append again later. */
  | 'disk-full'
  | 'spool-damaged'
  | 'spool-failed'
  /** A segment of the spool cannot be made into blocks. It is kept, and tried again. */
  | 'segment-unreadable'
  | 'entry-too-large'
  /** The embedded database did not start. */
  | 'store-failed'
  /** The database does not answer. */
  | 'store-unreachable'
  | 'migration-failed'
  | 'closed'

/** The one error of the store. The message says what happened and what to do next. */
export class StoreError extends Error {
  readonly code: StoreErrorCode

  constructor(code: StoreErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.name = 'StoreError'
    this.code = code
  }
}
