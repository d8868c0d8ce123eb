import { z } from 'zod'

/** How the plant file describes a source whose values others post to `/api/v1/ingest`; it needs no saying. */
export const pushOptions = z.strictObject({})
export type PushOptions = z.infer<typeof pushOptions>
