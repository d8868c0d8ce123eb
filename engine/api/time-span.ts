import { z } from '@hono/zod-openapi'
import { ApiError } from './api-error.js'

/** The store keeps times from 1900 on; sources that say 1970 have no clock, but may have history. */
const earliest = Date.UTC(1970, 0)
const latest = Date.UTC(2200, 0)

/** A time in a query: ISO 8601 with its zone. */
export const timeParameter = z.iso
  .datetime({ offset: true, abort: true, message: 'not an ISO 8601 time such as 2026-11-20T12:00:00Z' })
  .refine(
    text => Date.parse(text) >= earliest && Date.parse(text) < latest,
    'not between the years 1970 and 2200',
  )

/** `from` and `to` of a query for figures, which end now at the latest. */
export const pastQuery = (usual: string) => ({
  ...timeQuery(usual),
  to: timeParameter
    .optional()
    .describe(
      'Exclusive; now by the floor’s clock unless given, or where it lies ahead: the answer’s `to` says which',
    ),
})

/** `from` and `to` of a query; `usual` says in words how long the span is where `from` is not given. */
export const timeQuery = (usual: string) => ({
  from: timeParameter.optional().describe(`Inclusive; ${usual} before \`to\` unless given`),
  to: timeParameter.optional().describe('Exclusive; now by the floor’s clock unless given'),
})

export interface TimeSpan {
  /** Unix ms, inclusive and exclusive. */
  readonly from: number
  readonly to: number
}

/** Throws ApiError 422 for a span that would end before it begins. */
export function readSpan(
  query: { readonly from?: string | undefined; readonly to?: string | undefined },
  now: number,
  usualMs: number,
): TimeSpan {
  const to = query.to === undefined ? now : Date.parse(query.to)
  const from = query.from === undefined ? to - usualMs : Date.parse(query.from)
  if (from < to) return { from, to }
  const text = (time: number): string => new Date(Math.max(0, time)).toISOString()
  throw new ApiError(422, 'The span would end before it begins; `from` must lie before `to`.', {
    errors: [{ path: 'query.from', message: `${text(from)} is not before ${text(to)}` }],
  })
}

/** The same of figures, which nothing has yet from now on: it ends now at the latest. */
export function readPastSpan(
  query: { readonly from?: string | undefined; readonly to?: string | undefined },
  now: number,
  usualMs: number,
): TimeSpan {
  const isAhead = query.to !== undefined && Date.parse(query.to) > now
  const from = query.from === undefined ? undefined : Date.parse(query.from)
  if (from === undefined || from < now) return readSpan(isAhead ? { from: query.from } : query, now, usualMs)
  throw new ApiError(
    422,
    'There are no figures of the future; `from` must lie before now by the floor’s clock.',
    {
      errors: [
        {
          path: 'query.from',
          message: `${new Date(from).toISOString()} is not before ${new Date(now).toISOString()}`,
        },
      ],
    },
  )
}
