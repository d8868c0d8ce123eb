export type KpiErrorCode = 'ideal-cycle' | 'time-backwards'

/** What the figures cannot be worked out from, and what would be right. */
export class KpiError extends Error {
  readonly code: KpiErrorCode

  constructor(code: KpiErrorCode, message: string) {
    super(message)
    this.name = 'KpiError'
    this.code = code
  }
}
