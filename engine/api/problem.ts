import { STATUS_CODES } from 'node:http'
import { type Problem, problemContentType } from '../../schema/problem.js'

/** A response that carries a problem document (RFC 9457). */
export function problemResponse(
  status: number,
  detail: string,
  parts: {
    readonly instance?: string
    readonly errors?: Problem['errors']
    readonly headers?: Record<string, string>
  } = {},
): Response {
  const problem: Problem = {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail,
    instance: parts.instance,
    errors: parts.errors,
  }
  return new Response(JSON.stringify(problem), {
    status,
    headers: { 'content-type': problemContentType, 'cache-control': 'no-store', ...parts.headers },
  })
}
