import { AdapterError } from '../contract.js'
import { MultipartError } from './multipart.js'
import { AnswerError } from './request.js'

const meanings: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refused the connection: nothing listens on that port',
  ENOTFOUND: 'is not known by that name',
  EAI_AGAIN: 'is not known by that name',
  EHOSTUNREACH: 'cannot be reached over the network',
  ENETUNREACH: 'cannot be reached over the network',
  ECONNRESET: 'broke off the connection',
  EPIPE: 'broke off the connection',
  ETIMEDOUT: 'does not answer',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'shows a certificate that nobody we trust has signed (tls.ca)',
  SELF_SIGNED_CERT_IN_CHAIN: 'shows a certificate that nobody we trust has signed (tls.ca)',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'shows a certificate that nobody we trust has signed (tls.ca)',
  CERT_HAS_EXPIRED: 'shows a certificate that has expired',
}

/** What went wrong with an agent, as the one error of the adapters. */
export function explain(url: string, cause: unknown): AdapterError {
  if (cause instanceof AdapterError) return cause
  const { code, message } = cause as NodeJS.ErrnoException
  const isOwn = cause instanceof AnswerError || cause instanceof MultipartError
  const what = isOwn ? message : (meanings[code ?? ''] ?? `failed (${code ?? message})`)
  const next = 'Check that the MTConnect agent runs there and that the address is right.'
  return new AdapterError('not-connected', `${url} ${what}. ${next}`, { cause })
}
