const unsigned = 'shows a certificate that nobody we trust has signed (name its authority as tls.ca)'
const unknownName = 'is not known by that name'
const unreachable = 'cannot be reached over the network'
const brokenOff = 'broke off the connection'

const meanings: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refused the connection: nothing listens on that port',
  ENOTFOUND: unknownName,
  EAI_AGAIN: unknownName,
  EHOSTUNREACH: unreachable,
  ENETUNREACH: unreachable,
  ECONNRESET: brokenOff,
  EPIPE: brokenOff,
  ETIMEDOUT: 'does not answer',
  DEPTH_ZERO_SELF_SIGNED_CERT: unsigned,
  SELF_SIGNED_CERT_IN_CHAIN: unsigned,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unsigned,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unsigned,
  CERT_HAS_EXPIRED: 'shows a certificate that has expired (have it renewed)',
  CERT_NOT_YET_VALID: 'shows a certificate that is not valid yet (compare the clocks)',
  ERR_TLS_CERT_ALTNAME_INVALID:
    'shows a certificate of another name (use the name in the certificate, or set tls.servername)',
}

/** What became of a TCP or TLS link, for a person: the end of a sentence that begins with its address. */
export function explainSocketError({
  code,
  message,
}: {
  readonly code?: unknown
  readonly message: string
}): string {
  const known = typeof code === 'string' ? code : undefined
  return meanings[known ?? ''] ?? `failed (${known ?? message})`
}
