import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { qualityRules } from '../../schema/quality-rules.js'
import type { ApiContext } from './context.js'
import { isoTime, jsonAnswer, problemAnswer, timeSchema } from './router.js'
import { readSpan, timeQuery } from './time-span.js'

/** Without times the answer is about the last day of the floor's clock. */
const usualSpanMs = 24 * 60 * 60 * 1_000
const mostItems = 1_000

const overview = z
  .object({
    samples: z.number().int().describe('Samples taken in since the start'),
    rejected: z.number().int().describe('Rejects since the start, of all rules'),
    rules: z.array(
      z.object({
        rule: z.string(),
        meaning: z.string().nullable().describe('Null for a rule of an adapter; its rejects say why'),
        rejected: z.number().int().describe('Rejects since the start'),
      }),
    ),
  })
  .openapi('Quality')

const reject = z
  .object({
    source: z.string(),
    time: timeSchema.nullable().describe('When it came in, by the floor’s clock'),
    rule: z.string(),
    reason: z.string().describe('What is wrong and what to do, for a person'),
    raw: z.string().describe('The input as it came, cut at 4,096 characters'),
    signal: z.string().nullable().describe('Id of the signal, where it was a sample'),
    value: z.number().nullable(),
    sourceTime: timeSchema.nullable().describe('When the source says the value was true'),
  })
  .openapi('Reject')

const rejectQuery = z.object({
  ...timeQuery('a day'),
  rule: z.string().optional(),
  source: z.string().optional(),
  signal: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(mostItems).default(100),
  cursor: z
    .string()
    .regex(/^\d+$/, 'not a cursor of an answer')
    .optional()
    .describe('`nextCursor` of the page before'),
})

/** `/api/v1/quality`: what came in and could not be believed. */
export function addQualityRoutes(router: OpenAPIHono, { floor, store }: ApiContext): void {
  router.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/quality',
      summary: 'The rules that samples must pass, and how many broke each since the start',
      responses: { 200: jsonAnswer(overview, 'Counts by rule') },
    }),
    c => {
      const rejected = floor.rejected ?? new Map<string, number>()
      const meanings: Readonly<Record<string, string>> = qualityRules
      const names = [...new Set([...Object.keys(meanings), ...rejected.keys()])]
      const rules = names.map(rule => ({
        rule,
        meaning: meanings[rule] ?? null,
        rejected: rejected.get(rule) ?? 0,
      }))
      return c.json(
        {
          samples: floor.counts?.samples ?? 0,
          rejected: rules.reduce((sum, each) => sum + each.rejected, 0),
          rules,
        },
        200,
      )
    },
  )

  router.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/quality/rejects',
      summary: 'What was rejected, the newest first: value, rule, time and source',
      request: { query: rejectQuery },
      responses: {
        200: jsonAnswer(
          z.object({ items: z.array(reject), nextCursor: z.string().nullable() }),
          'A page of rejects',
        ),
        422: problemAnswer('A part of the query cannot be used'),
      },
    }),
    async c => {
      const { rule, source, signal, limit, cursor, ...times } = c.req.valid('query')
      const found = await store.rejects({
        ...readSpan(times, floor.clock.now(), usualSpanMs),
        ...(rule !== undefined && { rule }),
        ...(source !== undefined && { source }),
        ...(signal !== undefined && { signal }),
        ...(cursor !== undefined && { before: Number(cursor) }),
        limit: limit + 1,
      })
      const page = found.slice(0, limit)
      const items = page.map(({ seq, time, sourceTime, ...told }) => ({
        ...told,
        signal: told.signal === '' ? null : told.signal,
        time: isoTime(time),
        sourceTime: sourceTime === null ? null : isoTime(sourceTime),
      }))
      const nextCursor = found.length > limit ? String(page.at(-1)!.seq) : null
      return c.json({ items, nextCursor }, 200)
    },
  )
}
