import { z } from 'zod'
import { tlsOptions } from '../../schema/tls.js'

/** How the plant file describes an MTConnect agent. */
export const agentOptions = z.strictObject({
  /** Of the agent, or of one of its devices. */
  url: z.url({
    protocol: /^https?$/,
    error: 'not an address: write http://host:5000 or http://host:5000/Device',
  }),
  /** The device whose items the signals' tags name, where the agent has several. Else its first. */
  device: z.string().min(1).optional(),
  /** Shortest distance of the agent's messages, ms. */
  intervalMs: z.int().min(0).max(600_000).default(100),
  /** How often the agent says that it lives when nothing changes, ms. */
  heartbeatMs: z.int().min(10).max(600_000).default(1_000),
  /** Most observations in one message. */
  count: z.int().min(1).max(100_000).default(1_000),
  /** How long to wait for an answer, ms. */
  timeoutMs: z.int().min(100).max(600_000).default(5_000),
  /** How long a cut link may be down and still go on where it stopped, ms. */
  resumeMs: z.int().min(0).max(3_600_000).default(60_000),
  /** Longest message taken, bytes. */
  maxLength: z
    .int()
    .min(1024)
    .max(256 * 1024 * 1024)
    .default(16 * 1024 * 1024),
  tls: tlsOptions.optional(),
})

export type AgentOptions = z.infer<typeof agentOptions>
