/** What became of a TCP or TLS link, for a person: the end of a sentence that begins with host and port. */
export function explainSocketError(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'ECONNREFUSED':
      return 'refused the connection: nothing listens on that port'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'is not known by that name'
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'cannot be reached over the network'
    case 'ECONNRESET':
    case 'EPIPE':
      return 'broke off the connection'
    case 'ETIMEDOUT':
      return 'does not answer'
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
      return 'shows a certificate that nobody we trust has signed (tls.ca)'
    case 'CERT_HAS_EXPIRED':
      return 'shows a certificate that has expired'
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return 'shows a certificate of another name (tls.servername)'
  }
  return `failed (${error.code ?? error.message})`
}
