/** What went wrong between us and a broker, and what to do: the end of a sentence that begins with its address. */
export function explain(error: Error & { readonly code?: string | number }): string {
  switch (error.code) {
    case 'ECONNREFUSED':
      return 'refused the connection: nothing listens on that port. Check that the broker runs there and that the port is open'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'is not known by that name. Check the host in the url'
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'cannot be reached over the network'
    case 'ECONNRESET':
    case 'EPIPE':
      return 'broke off the connection'
    case 'ETIMEDOUT':
      return 'does not answer'
    case 'CERT_HAS_EXPIRED':
      return 'shows a certificate that has expired. Have it renewed'
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return 'shows a certificate that nobody we trust has signed. Name its authority as tls.ca'
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return 'shows a certificate of another name. Use the name in the certificate, or set tls.servername'
    case 4:
    case 134:
      return 'does not accept this user and password. Check user and password'
    case 5:
    case 135:
      return 'does not let this user in. Check user, password and the rights the broker gives them'
    case 2:
    case 133:
      return 'does not accept this clientId. Choose another'
    case 1:
    case 132:
      return 'does not speak this version of MQTT. Set protocol to 3.1.1'
  }
  if (error.message === 'Keepalive timeout')
    return 'does not answer any more, though nobody has closed the connection'
  if (error.message === 'connack timeout') return 'does not greet us: it is no MQTT broker, or too busy'
  return `failed (${error.message})`
}
