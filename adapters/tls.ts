import { readFileSync } from 'node:fs'
import type { TlsOptions } from '../schema/tls.js'
import { type AdapterContext, AdapterError } from './contract.js'

/** What `tls.connect`, and every client library built on it, takes of a source's TLS options. */
export interface TlsLink {
  readonly ca?: Buffer
  readonly cert?: Buffer
  readonly key?: Buffer
  readonly passphrase?: string
  readonly servername?: string
  readonly rejectUnauthorized: boolean
}

/** Reads the files that the options name, anew at each connection: a certificate is renewed while we run. */
export function tlsLink(options: TlsOptions, context: Pick<AdapterContext, 'readSecret'>): TlsLink {
  const { ca, cert, key, passphrase, servername, rejectUnauthorized } = options
  return {
    ...(ca !== undefined && { ca: read('ca', ca) }),
    ...(cert !== undefined && { cert: read('cert', cert) }),
    ...(key !== undefined && { key: read('key', key) }),
    ...(passphrase !== undefined && { passphrase: context.readSecret(passphrase) }),
    ...(servername !== undefined && { servername }),
    rejectUnauthorized,
  }
}

function read(option: string, path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? String(cause)
    throw new AdapterError('not-connected', `The file of tls.${option}, ${path}, cannot be read (${why}).`, {
      cause,
    })
  }
}
