import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { qualityNames } from '../../schema/quality.js'
import type { RegisteredSignal } from '../floor/floor.js'
import type { ApiContext } from './context.js'
import { isoTime, jsonAnswer, problemAnswer, timeSchema } from './router.js'
import { findSignal } from './signals.js'
import { readSpan, timeQuery } from './time-span.js'

/** Most and usual number of points in one answer; what a chart can show, several times over. */
const mostPoints = 5_000
const usualPoints = 500
/** Without times the answer is about the last hour of the floor's clock. */
const usualSpanMs = 60 * 60 * 1_000
const historyQuery = z.object({
  ...timeQuery('an hour'),
  points: z.coerce
    .number()
    .int()
    .min(1)
    .max(mostPoints)
    .default(usualPoints)
    .describe('Most points in the answer'),
})

const span = { id: z.string(), unit: z.string(), from: timeSchema, to: timeSchema }
const number = z.number().nullable()

const numberHistory = z.object({
  type: z.literal('number'),
  ...span,
  width: z.number().describe('Length of the stretch a point stands for, ms'),
  points: z
    .array(
      z.object({
        time: timeSchema.describe('Start of the stretch'),
        value: number.describe('The last value of the stretch'),
        min: number,
        max: number,
        mean: number,
        count: z.number().int().describe('Samples in the stretch'),
        badShare: z.number().describe('Share of samples of bad quality, 0 to 1; they count in nothing else'),
      }),
    )
    .describe('Oldest first; a stretch without samples is left out'),
})

const textHistory = z.object({
  type: z.literal('text'),
  ...span,
  points: z
    .array(
      z.object({
        time: timeSchema.describe('From then on'),
        value: z.string().nullable(),
        quality: z.enum(['good', 'uncertain', 'bad']),
      }),
    )
    .describe('The changes, oldest first; the first is what held at `from`'),
  isCut: z.boolean().describe('There were more changes than `points`'),
})

const historySchema = z.discriminatedUnion('type', [numberHistory, textHistory]).openapi('History')
type History = z.infer<typeof historySchema>

/** `/api/v1/signals/{id}/history`: what a signal was. */
export function addHistoryRoute(router: OpenAPIHono, { floor, store }: ApiContext): void {
  router.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/signals/{id}/history',
      summary: 'What a signal was: values over time, thinned to what a chart can show; of texts the changes',
      request: { params: z.object({ id: z.string() }), query: historyQuery },
      responses: {
        200: jsonAnswer(historySchema, 'The history'),
        404: problemAnswer('No such signal'),
        422: problemAnswer('A part of the query cannot be used'),
      },
    }),
    async c => {
      const query = c.req.valid('query')
      const signal = findSignal(floor, c.req.valid('param').id)
      const { from, to } = readSpan(query, floor.clock.now(), usualSpanMs)
      const read = signal.signal.type === 'text' ? readTexts : readNumbers
      return c.json(await read(signal, from, to, query.points), 200)
    },
  )

  async function readNumbers(
    signal: RegisteredSignal,
    from: number,
    to: number,
    points: number,
  ): Promise<History> {
    const [history] = await store.history({ signals: [signal.index], from, to, points })
    return {
      type: 'number',
      ...spanOf(signal, from, to),
      width: history?.width ?? 0,
      points: (history?.buckets ?? []).map(({ start, last, min, max, mean, count, badShare }) => ({
        time: timeText(start),
        value: last,
        min,
        max,
        mean,
        count,
        badShare,
      })),
    }
  }

  async function readTexts(
    signal: RegisteredSignal,
    from: number,
    to: number,
    points: number,
  ): Promise<History> {
    const { changes, isCut } = await store.textHistory({ signal: signal.index, from, to, limit: points })
    return {
      type: 'text',
      ...spanOf(signal, from, to),
      points: changes.map(change => ({
        time: timeText(change.time),
        value: change.text,
        quality: qualityNames[change.quality] ?? 'bad',
      })),
      isCut,
    }
  }
}

function spanOf({ signal }: RegisteredSignal, from: number, to: number) {
  return { id: signal.id, unit: signal.unit, from: timeText(from), to: timeText(to) }
}

const timeText = (time: number): string => isoTime(time) ?? new Date(Math.max(0, time)).toISOString()
