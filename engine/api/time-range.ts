import { z } from '@hono/zod-openapi'
import { ApiError } from './api-error.js'

/** The store keeps times from 1900 on; sources that say 1970 have no clock, but may have history. */
const earliest = Date.UTC(1970, 0)
const latest = Date.UTC(2200, 0)

const time = z.iso
  .datetime({ offset: true, abort: true, message: 'not an ISO 8601 time such as 2026-11-20T12:00:00Z' })
  .refine(
    text => Date.parse(text) >= earliest && Date.parse(text) < latest,
    'not between the years 1970 and 2200',
  )

/** The part of a query that says which stretch of time it is about; `usual`: what `from` is where it is left out. */
export const rangeQuery = (usual: string) => ({
  from: time.optional().describe(`Inclusive; ${usual} unless given`),
  to: time.optional().describe('Exclusive; now by the floor’s clock unless given'),
})

/** From and to, Unix ms. Throws ApiError 422 where the range would end before it begins. */
export function readRange(
  query: { readonly from?: string | undefined; readonly to?: string | undefined },
  now: number,
  usualFrom: (to: number) => number,
): { readonly from: number; readonly to: number } {
  const to = query.to === undefined ? now : Date.parse(query.to)
  const from = query.from === undefined ? usualFrom(to) : Date.parse(query.from)
  if (from < to) return { from, to }
  const [begin, end] = [from, to].map(each => new Date(Math.max(0, each)).toISOString())
  throw new ApiError(422, 'The range would end before it begins; `from` must lie before `to`.', {
    errors: [{ path: 'query.from', message: `${begin} is not before ${end}` }],
  })
}
