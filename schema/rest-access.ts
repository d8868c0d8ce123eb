import { z } from 'zod'
import { secret } from './secret.js'
import { tlsOptions } from './tls.js'

/** Where a REST service is and how it is asked; nothing secret stands here, only where it is kept. */
export const restAccess = {
  url: z.url({
    protocol: /^https?$/,
    error: 'write http://host:port or https://host, and the path if there is one',
  }),
  timeoutMs: z.int().min(10).max(600_000).default(5_000),
  /** Sent with each request; what is secret goes into `bearer`, `user` or `secretHeaders`. */
  headers: z.record(z.string().min(1), z.string()).default({}),
  bearer: secret.optional(),
  user: z.strictObject({ name: z.string().min(1), password: secret }).optional(),
  secretHeaders: z.record(z.string().min(1), secret).default({}),
  tls: tlsOptions.optional(),
  /** Longest answer taken, bytes. */
  maxLength: z
    .int()
    .min(1_024)
    .max(256 * 1024 * 1024)
    .default(4 * 1024 * 1024),
}

export type RestAccess = z.infer<z.ZodObject<typeof restAccess>>

/** To be used with `refine` on what has `restAccess` in it. */
export const oneLogin = ({ bearer, user }: Pick<RestAccess, 'bearer' | 'user'>): boolean =>
  bearer === undefined || user === undefined
export const oneLoginRule = { error: 'a bearer token and a user exclude each other', path: ['bearer'] }
