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
  }
  return `failed (${error.code ?? error.message})`
}
