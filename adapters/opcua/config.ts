import { z } from 'zod'
import { secret } from '../../schema/secret.js'

/** Security policies (OPC 10000-7, 6.6) that are taken, from none to the strongest. */
const securityPolicies = ['None', 'Basic256Sha256', 'Aes128_Sha256_RsaOaep', 'Aes256_Sha256_RsaPss'] as const

const retired: ReadonlySet<unknown> = new Set(['Basic128Rsa15', 'Basic256'])

const security = z.enum(securityPolicies, {
  error: ({ input }) =>
    retired.has(input)
      ? `${input} is no longer secure (it rests on SHA-1; withdrawn by the OPC Foundation); use Basic256Sha256`
      : `use one of ${securityPolicies.join(', ')}`,
})

const endpoint = z
  .string()
  .regex(/^opc\.tcp:\/\/[^\s/:]+(:\d{1,5})?(\/\S*)?$|^opc\.tcp:\/\/\[[0-9a-f:]+\]/i, {
    error: 'not an address: write opc.tcp://host:4840, with the path the server asks for',
  })

/** Least change that is worth telling (OPC 10000-4, 7.22.2): in the signal's unit, or in percent of the EURange. */
const deadband = z.union(
  [
    z.strictObject({ absolute: z.number().positive() }),
    z.strictObject({ percent: z.number().gt(0).max(100) }),
  ],
  { error: 'write { absolute: 0.5 } in the unit of the signal, or { percent: 1 } of its range' },
)
export type Deadband = z.infer<typeof deadband>

/** How signals are asked for. */
const pace = {
  /** Distance of the server's messages, ms. */
  publishingMs: z.int().min(10).max(60_000),
  /** Distance at which the server looks at the value, ms; 0 = as fast as it can. Else the signal's period. */
  samplingMs: z.int().min(0).max(3_600_000).optional(),
  /** Values the server keeps for one signal until it can send them. Else those of half a minute, 10 to 1,000. */
  queueSize: z.int().min(1).max(100_000).optional(),
  deadband: deadband.optional(),
}

/** How the plant file describes an OPC UA source. */
export const opcuaOptions = z
  .strictObject({
    endpoint,
    security: security.default('None'),
    /** Else SignAndEncrypt, where there is a security policy. */
    mode: z.enum(['Sign', 'SignAndEncrypt']).optional(),
    /** Nobody in particular (anonymous) where neither this nor a certificate is given. */
    user: z
      .strictObject({
        name: z.string().min(1),
        password: secret,
        /** Whether the password may go over the network unencrypted, where the server asks for no better. */
        clearText: z.boolean().default(false),
      })
      .optional(),
    /** A user's certificate, PEM or DER, and its private key, PEM. */
    userCertificate: z
      .strictObject({ file: z.string().min(1), key: secret, passphrase: secret.optional() })
      .optional(),
    ...pace,
    publishingMs: pace.publishingMs.default(250),
    /** Other paces for some signals: the first group counts whose patterns fit (`*.vibration`, `press-*.*`). */
    groups: z
      .array(
        z.strictObject({
          signals: z.array(z.string().min(1)).min(1),
          ...pace,
          publishingMs: pace.publishingMs.optional(),
        }),
      )
      .default([]),
    /** How long to wait for an answer, ms. */
    timeoutMs: z.int().min(500).max(600_000).default(5_000),
    /** How long a cut link may be down and still go on where it stopped, with what the server kept, ms. */
    resumeMs: z.int().min(0).max(3_600_000).default(60_000),
    /** How far back is read from the server's history what a lost link has missed, ms; 0 = nothing is. */
    historyMs: z
      .int()
      .min(0)
      .max(30 * 86_400_000)
      .default(86_400_000),
  })
  .superRefine((options, context) => {
    const fault = (key: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [key], message })
    if (options.security === 'None' && options.mode !== undefined) {
      fault('mode', `${options.mode} needs a security policy; add security: Basic256Sha256`)
    }
    if (options.user !== undefined && options.userCertificate !== undefined) {
      fault('userCertificate', 'a session has one identity; give user or userCertificate')
    }
  })

export type OpcuaOptions = z.infer<typeof opcuaOptions>
