import { z } from 'zod'
import { tlsOptions } from '../../schema/tls.js'

/** How the plant file describes an MTConnect source. */
export const mtconnectOptions = z.strictObject({
  /** What is spoken: SHDR, the line protocol of MTConnect adapters. */
  protocol: z.literal('shdr').default('shdr'),
  host: z.string().min(1),
  /** 7878 is the port adapters listen on unless told otherwise. */
  port: z.int().min(1).max(65_535).default(7878),
  tls: tlsOptions.optional(),
  /** The device whose items the signals' tags name, where the source carries several or prefixes its keys. */
  device: z.string().min(1).optional(),
  /** Distance of `* PING`s until the source asks for another, ms; 0 = the source answers none, send none. */
  heartbeatMs: z.int().min(0).max(600_000).default(10_000),
  connectTimeoutMs: z.int().min(100).max(600_000).default(5_000),
  /** Longest line taken, bytes. */
  maxLineLength: z
    .int()
    .min(256)
    .max(64 * 1024 * 1024)
    .default(1024 * 1024),
})

export type MtconnectOptions = z.infer<typeof mtconnectOptions>
