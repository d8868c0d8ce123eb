import { z } from 'zod'

const either = 'write { env: NAME } or { file: path }; a plant file holds no password'

/** Where a password or token is kept: a variable of the environment, or a file. A plant file never holds it itself. */
export const secret = z.union(
  [z.strictObject({ env: z.string().min(1) }), z.strictObject({ file: z.string().min(1) })],
  { error: `not a secret's place: ${either}` },
)
export type Secret = z.infer<typeof secret>

/** What is kept at a secret's place; throws where it is not there. */
export type ReadSecret = (place: Secret) => string
