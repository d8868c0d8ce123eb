import { z } from 'zod'
import { oneLogin, oneLoginRule, restAccess } from '../../schema/rest-access.js'
import { arithmetic, jsonPath, valueEntry } from '../mqtt/config.js'

const places = {
  time: jsonPath.optional(),
  quality: jsonPath.optional(),
  /** Where the answer says the unit, where it does. */
  unitAt: jsonPath.optional(),
}

/** What an answer holds: values at known places, or a list of values that name their tags themselves. */
const requestEntry = z
  .strictObject({
    /** Behind the source's url. */
    path: z
      .string()
      .regex(/^$|^[/?]\S*$/, { error: 'a path begins with / or ?, and has no blanks' })
      .default(''),
    /** How often this is asked, ms; as often as the source says unless given. */
    pollMs: z.int().min(10).max(86_400_000).optional(),
    /** By tag. */
    values: z.record(z.string().min(1), valueEntry).optional(),
    /** Where the list is; each of its entries has a name (the tag) and a value. */
    list: jsonPath.optional(),
    name: jsonPath.optional(),
    value: jsonPath.optional(),
    ...places,
    ...arithmetic,
    timeUnit: z.enum(['s', 'ms', 'us', 'ns']).default('ms'),
    /** Whether the end of a tag's name may be its unit (`oven-01/oil_F`). */
    unitInName: z.boolean().default(false),
  })
  .refine(({ values, list }) => (values === undefined) !== (list === undefined), {
    error: 'say either values (where each tag’s value is) or list (where entries with name and value are)',
  })

/** How the plant file describes a REST service. */
export const httpOptions = z
  .strictObject({
    ...restAccess,
    requests: z.array(requestEntry).min(1, { error: 'add at least one request' }),
    pollMs: z.int().min(10).max(86_400_000).default(1_000),
    /** After so many requests in a row without an answer the service counts as lost. */
    timeouts: z.int().min(1).max(100).default(3),
  })
  .refine(oneLogin, oneLoginRule)

export type HttpOptions = z.infer<typeof httpOptions>
export type RequestEntry = z.infer<typeof requestEntry>
