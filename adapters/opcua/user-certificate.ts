import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { ReadSecret } from '../../schema/secret.js'
import { AdapterError } from '../contract.js'
import type { OpcuaOptions } from './config.js'

/** A user's certificate (DER) and its private key (PEM, PKCS #8), as a session wants them. */
interface UserCertificate {
  readonly certificateData: Buffer
  readonly privateKey: string
}

/**
 * Reads the certificate by which a server knows its user (OPC 10000-4, 7.40.5). Throws an AdapterError that names what is
 * wrong with it: a server only says that it does not like it.
 */
export function readUserCertificate(
  { file, key, passphrase }: NonNullable<OpcuaOptions['userCertificate']>,
  readSecret: ReadSecret,
): UserCertificate {
  const certificate = readCertificate(file)
  const { pem, place } = { pem: readSecret(key), place: 'env' in key ? `the variable ${key.env}` : key.file }
  const privateKey = readKey(pem, passphrase && readSecret(passphrase), place)
  if (!certificate.checkPrivateKey(privateKey))
    throw fault(
      `The key in ${place} is not that of the user certificate ${file}. Give the two that belong together.`,
    )
  const exported = privateKey.export({ type: 'pkcs8', format: 'pem' })
  return { certificateData: certificate.raw, privateKey: String(exported) }
}

/** The certificate for people, who may have forgotten to renew it. */
export function describeUser(certificate: Buffer): string {
  const { subject, validFrom, validTo } = new X509Certificate(certificate)
  const [from, to] = [validFrom, validTo].map(time => new Date(time).toISOString())
  return `${subject.replaceAll('\n', ', ')}, valid from ${from} to ${to}`
}

function readCertificate(file: string): X509Certificate {
  let content: Buffer
  try {
    content = readFileSync(file)
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause)
    throw fault(
      `The user certificate ${file} cannot be read (${code}). Check the path and who may read it.`,
      cause,
    )
  }
  try {
    return new X509Certificate(content)
  } catch (cause) {
    throw fault(`${file} is no certificate. A user certificate is a file in PEM or DER.`, cause)
  }
}

function readKey(pem: string, passphrase: string | undefined, place: string): KeyObject {
  try {
    return createPrivateKey({ key: pem, ...(passphrase !== undefined && { passphrase }) })
  } catch (cause) {
    const isEncrypted = /ENCRYPTED/.test(pem)
    if (!isEncrypted)
      throw fault(`There is no private key in ${place}. That of a user certificate is in PEM.`, cause)
    const why =
      passphrase === undefined
        ? 'no passphrase is given. Say beside it where that is: passphrase.'
        : 'the passphrase does not open it. Check it.'
    throw fault(`The key in ${place} is encrypted, and ${why}`, cause)
  }
}

const fault = (message: string, cause?: unknown): AdapterError =>
  new AdapterError('not-connected', message, { cause })
