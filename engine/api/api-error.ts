import type { Problem } from '../../schema/problem.js'

/** The statuses a route refuses a request with. */
export type ApiErrorCode = 400 | 401 | 404 | 405 | 409 | 413 | 415 | 422 | 503

/** The one error of the API: a request that cannot be answered, as the problem document it becomes. */
export class ApiError extends Error {
  readonly code: ApiErrorCode
  readonly errors: Problem['errors']
  readonly headers: Readonly<Record<string, string>>

  constructor(
    code: ApiErrorCode,
    detail: string,
    parts: {
      readonly errors?: Problem['errors']
      readonly headers?: Readonly<Record<string, string>>
      readonly cause?: unknown
    } = {},
  ) {
    super(detail, { cause: parts.cause })
    this.name = 'ApiError'
    this.code = code
    this.errors = parts.errors
    this.headers = parts.headers ?? {}
  }
}
