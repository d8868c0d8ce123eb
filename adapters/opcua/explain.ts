import { dirname, join } from 'node:path'
import { AdapterError } from '../contract.js'

/** Our own certificate within the adapter's folder: what a server's operator has to trust. */
const ownCertificate = 'pki/own/certs/client_certificate.pem'

/** Part of what node-opcua or the system says; what it means for an operator; what to do. */
const meanings: readonly (readonly [pattern: RegExp, what: string, fix: string])[] = [
  [
    /ECONNREFUSED/,
    'refused the connection: nothing listens on that port',
    'Check the port, and that the server runs.',
  ],
  [/ENOTFOUND|EAI_AGAIN/, 'is not known by that name', 'Check the name, or write the address.'],
  [/EHOSTUNREACH|ENETUNREACH/, 'cannot be reached over the network', 'Check cable, address and route.'],
  [
    /Cannot find an Endpoint|BadSecurityPolicyRejected|BadSecurityModeRejected/,
    'does not offer the security asked for',
    '`gemba browse <endpoint> --endpoints` lists what it offers; set security and mode to one of these.',
  ],
  [
    /verification failed.*BadCertificateUntrusted/,
    'shows a certificate that we do not trust yet',
    'Compare it with the server’s, and trust it once: gemba browse <endpoint> --trust --data <data>.',
  ],
  [
    /BadCertificate(Issuer)?TimeInvalid/,
    'shows a certificate that has expired or is not valid yet',
    'Renew the server’s certificate, or set the clocks right.',
  ],
  [
    /BadCertificate|BadNoValidCertificates/,
    'and we do not agree on certificates',
    'Check the server’s certificate, and that the server trusts ours: <certificate>.',
  ],
  [
    /BadSecurityChecksFailed/,
    'does not trust our certificate',
    'Trust it at the server (many list it under rejected certificates): <certificate>.',
  ],
  [
    /Cannot find ANONYMOUS/,
    'takes nobody without a name',
    'Give the source a user, with the password in the environment or a file, or a userCertificate.',
  ],
  [/Cannot find USERNAME/, 'takes no user names', 'Leave user out, or use a userCertificate.'],
  [/Cannot find Certificate \(X509\)/, 'takes no user certificates', 'Use a user, or nobody in particular.'],
  [
    /in clear text/,
    'asks for the password unencrypted',
    'Choose a security policy; or say clearText: true beside the password, and everybody on the network can read it.',
  ],
  [
    /user certificate .*Bad(UserAccessDenied|IdentityToken(Rejected|Invalid)|UserSignatureInvalid)/,
    'does not accept the user certificate',
    'Trust it at the server (many list it under rejected certificates), and check that its user may read there.',
  ],
  [
    /BadUserAccessDenied|BadIdentityToken(Rejected|Invalid)|BadUserSignatureInvalid/,
    'does not accept the user or the password',
    'Check both, and that the user may read at the server.',
  ],
  [
    /BadTooManySessions|BadMaxConnectionsReached|BadTooManySubscriptions/,
    'has no place for another client',
    'Close sessions that nobody needs, or raise the server’s limit.',
  ],
  [
    /Timeout\(|BadTimeout|Transaction has timed out|BadRequestTimeout|ETIMEDOUT/,
    'does not answer in time',
    'Check that an OPC UA server listens there, and whether it is overloaded.',
  ],
  [
    /waiting for data on socket|premature disconnection|BadTcp(MessageTypeInvalid|InternalError)|BadCommunicationError/,
    'does not speak OPC UA on that port, or broke off the greeting',
    'Check the port, and whether the server is still starting.',
  ],
  [
    /BadTcpEndpointUrlInvalid/,
    'has no endpoint of that address',
    '`gemba browse <endpoint> --endpoints` lists those it has.',
  ],
  [/BadServerHalted|BadShutdown|BadServerNotConnected/, 'is shutting down', 'It is tried again.'],
]

/**
 * What went wrong with a server, as the one error of the adapters: what happened and the next step, then in brackets
 * what was said. `folder`: the adapter's own.
 */
export function explain(endpoint: string, folder: string, error: unknown): AdapterError {
  if (error instanceof AdapterError) return error
  const said = (error instanceof Error ? error.message : String(error)).replaceAll(/\s+/g, ' ').trim()
  const [, what, fix] = meanings.find(([pattern]) => pattern.test(said)) ?? [
    undefined,
    'failed',
    'Check that it is an OPC UA server, and what its own log says.',
  ]
  const next = fix
    .replace('<endpoint>', endpoint)
    .replace('<certificate>', () => join(folder, ownCertificate))
    .replace('<data>', () => shellWord(dirname(folder)))
  return new AdapterError('not-connected', `${endpoint} ${what}. ${next} (${said})`, { cause: error })
}

/** Whether it is one of the ways in which node-opcua tells that an answer did not come in time. */
export const isTimeout = (error: unknown): boolean =>
  error instanceof Error &&
  /Timeout\(|BadTimeout|timed out|BadRequestTimeout|may have been rejected|Connection Break|BadConnectionClosed/.test(
    error.message,
  ) &&
  !/Bad(?!Timeout|RequestTimeout|ConnectionClosed)[A-Z]/.test(error.message)

/** A server that is there, and too busy to answer within `timeoutMs`; the next try leaves it `nextMs`. */
export function slow(endpoint: string, timeoutMs: number, nextMs: number, cause: unknown): AdapterError {
  const next = nextMs > timeoutMs ? ` It is given ${nextMs} ms at the next try.` : ''
  const message = `${endpoint} takes connections and did not answer within ${timeoutMs} ms.${next} Check whether it is overloaded, and that it is an OPC UA server.`
  return new AdapterError('not-connected', message, { cause, isSlow: true })
}

const shellWord = (path: string): string => (/^[\w./:-]+$/.test(path) ? path : `"${path}"`)
