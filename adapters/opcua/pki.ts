import { X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import type { OPCUACertificateManager } from 'node-opcua'
import { loadOpcua, type Opcua } from './library.js'

/** What the server offers at one of its endpoints (OPC 10000-4, 7.14). */
export interface Offer {
  readonly url: string
  /** e.g. `Basic256Sha256`. */
  readonly security: string
  readonly mode: string
  /** Who may come: Anonymous, UserName, Certificate. */
  readonly identities: readonly string[]
}

export interface ServerCertificate {
  readonly subject: string
  readonly validFrom: Date
  readonly validTo: Date
  /** SHA-1 of the certificate, hexadecimal: its thumbprint in OPC UA (OPC 10000-6, 6.2.2). */
  readonly thumbprint: string
  readonly certificate: X509Certificate
}

/**
 * The store of our own key and of the certificates we trust, `pki` in the adapter's folder. The key and a certificate
 * of ours are made where there are none, which takes a second.
 */
export async function openCertificates(opcua: Opcua, folder: string): Promise<OPCUACertificateManager> {
  const certificates = new opcua.OPCUACertificateManager({
    rootFolder: join(folder, 'pki'),
    automaticallyAcceptUnknownCertificate: false,
    disableFileWatchers: true,
  })
  await certificates.initialize()
  return certificates
}

/** Asks a server what it offers, which it tells everybody, and for its certificate. Throws what node-opcua throws. */
export async function askServer(
  endpoint: string,
  folder: string,
  timeoutMs: number,
): Promise<{ readonly offers: readonly Offer[]; readonly certificate: ServerCertificate | undefined }> {
  const opcua = await loadOpcua()
  const client = opcua.OPCUAClient.create({
    applicationName: 'Gemba',
    clientCertificateManager: await openCertificates(opcua, folder),
    endpointMustExist: false,
    connectionStrategy: { maxRetry: 0 },
    transportTimeout: timeoutMs,
    defaultTransactionTimeout: timeoutMs,
  })
  try {
    await client.connect(endpoint)
    const endpoints = await client.getEndpoints()
    const [raw] = endpoints.flatMap(({ serverCertificate }) =>
      serverCertificate !== null && serverCertificate.length > 0 ? [serverCertificate] : [],
    )
    const offers = endpoints.map(({ endpointUrl, securityPolicyUri, securityMode, userIdentityTokens }) => ({
      url: endpointUrl ?? endpoint,
      security: securityPolicyUri?.split('#').at(-1) ?? '',
      mode: opcua.MessageSecurityMode[securityMode],
      identities: [...new Set(userIdentityTokens?.map(({ tokenType }) => opcua.UserTokenType[tokenType]))],
    }))
    return { offers, certificate: raw && describe(raw) }
  } finally {
    await client.disconnect()
  }
}

/** From now on the server that shows this certificate is trusted. */
export async function trust(folder: string, { certificate }: ServerCertificate): Promise<void> {
  const certificates = await openCertificates(await loadOpcua(), folder)
  try {
    await certificates.trustCertificate(certificate.raw)
  } finally {
    await certificates.dispose()
  }
}

function describe(raw: Uint8Array): ServerCertificate {
  const certificate = new X509Certificate(raw)
  return {
    subject: certificate.subject.replaceAll('\n', ', '),
    validFrom: new Date(certificate.validFrom),
    validTo: new Date(certificate.validTo),
    thumbprint: certificate.fingerprint.replaceAll(':', ''),
    certificate,
  }
}
