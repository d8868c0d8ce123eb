import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { timePolicies } from '../../schema/plant.js'
import { sourceStates } from '../../schema/source-state.js'
import type { SourceHealth } from '../pipeline/source-health.js'
import { ApiError } from './api-error.js'
import type { ApiContext } from './context.js'
import { isoTime, jsonAnswer, problemAnswer, timeSchema } from './router.js'

const count = z.number().int()

const sourceSchema = z
  .object({
    id: z.string(),
    adapter: z.string().describe('Kind of source; see gemba adapters'),
    state: z
      .enum(sourceStates)
      .describe(
        'degraded: connected, but silent for too long; waiting: lost, tried again at retryAt; stopped: by the plant file',
      ),
    since: timeSchema.nullable().describe('In this state since, by the floor’s clock'),
    reason: z.string().describe('Why it is not connected, or silent; empty where nothing is wrong'),
    retryAt: timeSchema.nullable(),
    signals: count.describe('Signals of the plant that it reports'),
    losses: count.describe('Links that stood and were lost'),
    heardAt: timeSchema.nullable().describe('When anything came last, by the wall’s clock'),
    received: count.describe('Samples'),
    accepted: count.describe('Samples that are safe: the spool has them'),
    rejected: count.describe('Inputs that could not be taken, kept with their reason'),
    late: count.describe('Samples older than the newest of their signal: kept in the history'),
    duplicates: count.describe('Samples that repeat the newest of their signal'),
    bytes: count,
    missedPolls: count.describe('Polls that were due and could not begin'),
    unknownValues: count.describe('Values of tags that no signal has'),
    lagMs: z.number().nullable().describe('From the time the newest sample bore to its receipt'),
    clockOffsetMs: z
      .number()
      .nullable()
      .describe(
        'How much its clock is ahead of ours, less the quickest delay; null before several moments agree',
      ),
    time: z.enum(timePolicies).describe('Which time its samples bear'),
    lastError: z.string().nullable().describe('What went wrong last, though it may be mended since'),
    warnings: z
      .array(z.string())
      .describe('What a person should know: what does not work now, how it is configured, and how it speaks'),
  })
  .openapi('Source')

const sourceDetailSchema = sourceSchema
  .extend({
    rejectedByRule: z.record(z.string(), count),
    unknownTags: z
      .array(z.object({ tag: z.string(), values: count }))
      .describe('Tags that no signal has, at most 1,000, most values first'),
  })
  .openapi('SourceDetail')

const listQuery = z.object({
  limit: z.coerce.number().int().min(1).max(500).default(100).describe('Most sources in the answer'),
  cursor: z.string().max(400).optional().describe('nextCursor of the answer before'),
})

/** `/api/v1/sources`: how each source does. */
export function addSourceRoutes(router: OpenAPIHono, { sources }: ApiContext): void {
  router.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/sources',
      summary: 'Sources with the state of their links and their figures, in the order of the plant',
      request: { query: listQuery },
      responses: {
        200: jsonAnswer(
          z.object({
            items: z.array(sourceSchema),
            nextCursor: z.string().nullable().describe('null = the end'),
          }),
          'Sources',
        ),
        422: problemAnswer('A part of the query cannot be used'),
      },
    }),
    c => {
      const { limit, cursor } = c.req.valid('query')
      const ids = [...sources.keys()]
      const after = cursor === undefined ? -1 : ids.indexOf(Buffer.from(cursor, 'base64url').toString())
      if (cursor !== undefined && after === -1) {
        throw new ApiError(422, 'The cursor does not come from this list; start again without it.', {
          errors: [{ path: 'query.cursor', message: 'not known' }],
        })
      }
      const shown = ids.slice(after + 1, after + 1 + limit)
      const isEnd = after + 1 + limit >= ids.length
      const nextCursor = isEnd ? null : Buffer.from(shown.at(-1) ?? '').toString('base64url')
      return c.json({ items: shown.map(id => viewSource(sources.get(id)!)), nextCursor }, 200)
    },
  )

  router.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/sources/{id}',
      summary: 'A source with what was rejected of it, and the tags it tells that no signal has',
      request: { params: z.object({ id: z.string() }) },
      responses: {
        200: jsonAnswer(sourceDetailSchema, 'The source'),
        404: problemAnswer('No such source'),
      },
    }),
    c => {
      const { id } = c.req.valid('param')
      const health = sources.get(id)
      if (health === undefined) {
        throw new ApiError(404, `No source '${id}' is in the plant; see /api/v1/sources.`)
      }
      const unknownTags = health.unknownTags.list().map(([tag, values]) => ({ tag, values }))
      const rejectedByRule = Object.fromEntries(health.rejectsByRule)
      return c.json({ ...viewSource(health), rejectedByRule, unknownTags }, 200)
    },
  )
}

function viewSource(health: SourceHealth): z.infer<typeof sourceSchema> {
  const { spec, link } = health
  return {
    id: spec.id,
    adapter: spec.adapter,
    state: health.state,
    since: isoTime(link?.since ?? 0),
    reason: link?.reason ?? '',
    retryAt: isoTime(link?.retryAt ?? 0),
    signals: health.signals,
    losses: health.losses,
    heardAt: isoTime(health.heardAt),
    received: health.samples,
    accepted: health.accepted,
    rejected: health.rejects,
    late: health.late,
    duplicates: health.duplicates,
    bytes: health.bytes,
    missedPolls: health.missedPolls,
    unknownValues: health.unknownTags.values,
    lagMs: health.lag ?? null,
    clockOffsetMs: health.clockOffset ?? null,
    time: spec.time ?? 'source',
    lastError: health.lastError ?? null,
    warnings: [...health.warnings],
  }
}
