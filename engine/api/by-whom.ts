import { z } from '@hono/zod-openapi'

/** Nobody does anything to a simulation without a reason. */
export const byWhom = {
  who: z.string().trim().min(1).max(200).default('anonymous').describe('Who wants it'),
  reason: z.string().trim().min(1).max(1000).describe('Why'),
}
