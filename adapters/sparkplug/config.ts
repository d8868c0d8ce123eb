import { z } from 'zod'
import { secret } from '../../schema/secret.js'
import { tlsOptions } from '../../schema/tls.js'
import { brokerUrl } from '../mqtt/config.js'

const idRule = { error: 'an id without /, + and #' }
const sparkplugId = z
  .string()
  .min(1, idRule)
  .regex(/^[^/+#]+$/, idRule)

/** How the plant file describes Sparkplug B: the brokers where edge nodes speak, and who we are there. */
export const sparkplugOptions = z
  .strictObject({
    /** Every broker that edge nodes may use. */
    brokers: z.array(brokerUrl).min(1, { error: 'add at least one broker' }),
    /** The host application's id: edge nodes name it as their primary host. */
    hostId: sparkplugId.default('gemba'),
    /** Groups to listen to; all where none is named. */
    groups: z.array(sparkplugId).default([]),
    protocol: z.enum(['3.1.1', '5']).default('3.1.1'),
    clientId: z.string().min(1).max(128).optional(),
    user: z.string().min(1).optional(),
    password: secret.optional(),
    tls: tlsOptions.optional(),
    /** How long a gap in a node's sequence may last before it is asked to tell everything anew, ms. */
    reorderTimeoutMs: z.int().min(1).max(600_000).default(5_000),
    /** Whether a node may be asked to: the one thing, besides its own STATE, that is ever published. */
    requestRebirth: z.boolean().default(true),
    /** Least distance of two such requests to one node, ms. */
    rebirthIntervalMs: z.int().min(1_000).max(86_400_000).default(10_000),
    keepAlive: z.int().min(1).max(65_535).default(30),
    connectTimeoutMs: z.int().min(100).max(600_000).default(10_000),
  })
  .superRefine((options, context) => {
    if (options.password !== undefined && options.user === undefined) {
      context.addIssue({ code: 'custom', path: ['user'], message: 'a password needs a user' })
    }
  })

export type SparkplugOptions = z.infer<typeof sparkplugOptions>
