import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { eventOutcomes } from '../twin-system/event-ring.js'
import { twinHealths } from '../twin-system/supervision.js'
import { ApiError } from './api-error.js'
import type { ApiContext } from './context.js'
import { isoTime, jsonAnswer, problemAnswer, timeSchema } from './router.js'

const twinSchema = z
  .object({
    address: z
      .string()
      .describe(
        'Kind and id, such as machine:press-01, sensor:press-01.vibration or fault:press-01.hydraulic-leak',
      ),
    definition: z.string().describe('The statechart'),
    version: z.number().int().describe('Version of the statechart'),
    health: z
      .enum(twinHealths)
      .describe(
        'restarting: it threw and comes back by itself; quarantined: it threw three times in a minute',
      ),
    waiting: z.number().int().describe('Messages kept for after its restart'),
    state: z
      .unknown()
      .describe('State value: the name of a state, or an object of regions and nested states'),
    context: z.unknown().describe('What the statechart remembers'),
    accepts: z.array(z.string()).describe('Types of events that it would take now'),
    lastEvents: z
      .array(
        z.object({
          type: z.string(),
          time: timeSchema.nullable(),
          outcome: z
            .enum(eventOutcomes)
            .describe('ignored: no transition was taken; refused: malformed; crashed: the statechart threw'),
          said: z
            .string()
            .optional()
            .describe(
              'What it told, in a word: a state, a mode, a reason; missing where it told no such thing',
            ),
        }),
      )
      .describe('The last 100 events, oldest first'),
  })
  .openapi('Twin')

/** `/api/v1/twins/{address}`: a statechart of the floor as it stands now. */
export function addTwinRoutes(router: OpenAPIHono, { floor }: ApiContext): void {
  router.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/twins/{address}',
      summary: 'A twin: its state, context, last events, and what it would accept now',
      request: { params: z.object({ address: z.string() }) },
      responses: {
        200: jsonAnswer(twinSchema, 'The twin'),
        404: problemAnswer('No twin has this address'),
      },
    }),
    c => {
      const { address } = c.req.valid('param')
      const twin = floor.inspect?.(address)
      if (twin === undefined) {
        throw new ApiError(
          404,
          `No twin has the address '${address}'; addresses are machine:{id}, sensor:{id}, line:{id} and source:{id} with the ids of the plant, and fault:{machine}.{pattern} of faults that have shown.`,
        )
      }
      const lastEvents = twin.lastEvents.map(event => ({ ...event, time: isoTime(event.time) }))
      return c.json({ ...twin, accepts: [...twin.accepts], lastEvents }, 200)
    },
  )
}
