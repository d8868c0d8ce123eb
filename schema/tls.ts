import { z } from 'zod'
import { secret } from './secret.js'

/**
 * How a source's TLS link is made, the same for every adapter; each takes it as its option `tls`. Certificates and
 * keys are PEM files. Without any of it: the certificate authorities that Node knows, and no certificate of our own.
 */
export const tlsOptions = z.strictObject({
  /** Certificate authorities to trust instead of those Node knows. */
  ca: z.string().min(1).optional(),
  /** Our own certificate and its key, where the source asks who we are. */
  cert: z.string().min(1).optional(),
  key: z.string().min(1).optional(),
  /** What the key is encrypted with. */
  passphrase: secret.optional(),
  /** The name in the source's certificate, where it is not the host that we connect to. */
  servername: z.string().min(1).optional(),
  /** false takes any certificate, and with it anybody's answer: for a first look only, and the engine warns. */
  rejectUnauthorized: z.boolean().default(true),
})
export type TlsOptions = z.infer<typeof tlsOptions>
