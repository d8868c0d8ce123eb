/** A statement was refused or failed; with ClickHouse's own error numbers, so that its clients understand. */
export class StatementError extends Error {
  /** ClickHouse's number, e.g. 62 SYNTAX_ERROR, 164 READONLY, 497 ACCESS_DENIED. */
  readonly code: number

  constructor(code: number, message: string, options: { cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.name = 'StatementError'
    this.code = code
  }

  /** Any failure of the engine below, with the number from its text. */
  static from(error: unknown): StatementError {
    if (error instanceof StatementError) return error
    const message = error instanceof Error ? error.message : String(error)
    const code = Number(/Code: (\d+)\./.exec(message)?.[1] ?? 1001)
    return new StatementError(code, message.replace(/^(Code: \d+\. (DB::Exception: )?)+/, ''), {
      cause: error,
    })
  }

  /** As ClickHouse writes it, with the name of the number at the end: by that its clients know an error. */
  get text(): string {
    const name = /\([A-Z_]+\)\s*$/.test(this.message) ? undefined : names[this.code]
    return `Code: ${this.code}. DB::Exception: ${name === undefined ? this.message : `${this.message.replace(/\.$/, '')}. (${name})`}`
  }

  get httpStatus(): number {
    return httpStatusByCode[this.code] ?? 500
  }
}

const names: Readonly<Record<number, string>> = {
  36: 'BAD_ARGUMENTS',
  48: 'NOT_IMPLEMENTED',
  49: 'LOGICAL_ERROR',
  62: 'SYNTAX_ERROR',
  73: 'UNKNOWN_FORMAT',
  81: 'UNKNOWN_DATABASE',
  115: 'UNKNOWN_SETTING',
  164: 'READONLY',
  202: 'TOO_MANY_SIMULTANEOUS_QUERIES',
  307: 'TOO_MANY_BYTES',
  456: 'UNKNOWN_QUERY_PARAMETER',
  497: 'ACCESS_DENIED',
}

const httpStatusByCode: Readonly<Record<number, number>> = {
  36: 400,
  46: 404,
  47: 400,
  60: 404,
  62: 400,
  73: 400,
  81: 404,
  115: 400,
  164: 403,
  202: 503,
  307: 413,
  456: 400,
  497: 403,
  48: 501,
}
