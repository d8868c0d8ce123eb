import { AdapterError } from '../contract.js'
import { explainSocketError } from '../socket-error.js'
import { MultipartError } from './multipart.js'
import { AnswerError } from './request.js'

/** What went wrong with an agent, as the one error of the adapters. */
export function explain(url: string, cause: unknown): AdapterError {
  if (cause instanceof AdapterError) return cause
  const isOwn = cause instanceof AnswerError || cause instanceof MultipartError
  const what = isOwn ? cause.message : explainSocketError(cause as NodeJS.ErrnoException)
  const next = 'Check that the MTConnect agent runs there and that the address is right.'
  return new AdapterError('not-connected', `${url} ${what}. ${next}`, { cause })
}
