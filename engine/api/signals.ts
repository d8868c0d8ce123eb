import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { RegisteredSignal } from '../floor/floor.js'
import { ApiError } from './api-error.js'
import type { ApiContext } from './context.js'
import { isoTime, jsonAnswer, problemAnswer, timeSchema } from './router.js'
import { signalSchema, viewSignal } from './signal-view.js'

/** Most and usual number of points in one answer; what a chart can show, several times over. */
const mostPoints = 5_000
const usualPoints = 500
/** Without times the answer is about the last hour of the floor's clock. */
const usualSpanMs = 60 * 60 * 1_000

const time = z.iso.datetime({ offset: true, message: 'not an ISO 8601 time such as 2026-11-20T12:00:00Z' })
const historyQuery = z.object({
  from: time.optional().describe('Inclusive; an hour before `to` unless given'),
  to: time.optional().describe('Exclusive; now by the floor’s clock unless given'),
  points: z.coerce
    .number()
    .int()
    .min(1)
    .max(mostPoints)
    .default(usualPoints)
    .describe('Most points in the answer'),
})

const number = z.number().nullable()
const historySchema = z
  .object({
    id: z.string(),
    unit: z.string(),
    from: timeSchema,
    to: timeSchema,
    points: z
      .array(
        z.object({
          time: timeSchema.describe('Start of the stretch the point stands for'),
          value: z.union([z.number(), z.string(), z.null()]).describe('The last value of the stretch'),
          min: number,
          max: number,
          mean: number,
          count: z.number().int().describe('Samples in the stretch'),
          badShare: z.number().describe('Share of samples of bad quality, 0 to 1'),
        }),
      )
      .describe('Oldest first; a stretch without samples is left out'),
  })
  .openapi('History')

const idParam = z.object({ id: z.string() })

/** `/api/v1/signals/{id}` and its history. */
export function addSignalRoutes(router: OpenAPIHono, { floor, store }: ApiContext): void {
  const find = (id: string): RegisteredSignal => {
    const signal = floor.registry.signalById(id)
    if (signal !== undefined) return signal
    throw new ApiError(
      404,
      `No signal '${id}' is in the plant; a machine lists its own at /api/v1/machines/{id}.`,
    )
  }

  router.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/signals/{id}',
      summary: 'A signal with its latest value',
      request: { params: idParam },
      responses: {
        200: jsonAnswer(signalSchema.extend({ machine: z.string() }).openapi('SignalDetail'), 'The signal'),
        404: problemAnswer('No such signal'),
      },
    }),
    c => {
      const { id } = c.req.valid('param')
      const signal = find(id)
      const machine = floor.registry.machineByIndex(signal.machine)?.machine.id ?? ''
      return c.json({ ...viewSignal(floor, signal), machine }, 200)
    },
  )

  router.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/signals/{id}/history',
      summary: 'What a signal was: values over time, thinned to what a chart can show',
      request: { params: idParam, query: historyQuery },
      responses: {
        200: jsonAnswer(historySchema, 'The history'),
        404: problemAnswer('No such signal'),
        422: problemAnswer('A part of the query cannot be used'),
      },
    }),
    async c => {
      const { id } = c.req.valid('param')
      const query = c.req.valid('query')
      const signal = find(id)
      const to = query.to === undefined ? floor.clock.now() : Date.parse(query.to)
      const from = query.from === undefined ? to - usualSpanMs : Date.parse(query.from)
      if (!(from < to)) {
        throw new ApiError(422, 'The history would end before it begins; `from` must lie before `to`.', {
          errors: [
            {
              path: 'query.from',
              message: `${new Date(from).toISOString()} is not before ${new Date(to).toISOString()}`,
            },
          ],
        })
      }
      const points = await store.history(signal.index, from, to, query.points)
      return c.json(
        {
          id,
          unit: signal.signal.unit,
          from: new Date(from).toISOString(),
          to: new Date(to).toISOString(),
          points: points.map(point => ({
            time: isoTime(point.time) ?? new Date(0).toISOString(),
            value: point.text ?? finite(point.value),
            min: finite(point.min),
            max: finite(point.max),
            mean: finite(point.mean),
            count: point.count,
            badShare: point.badShare,
          })),
        },
        200,
      )
    },
  )
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null)
