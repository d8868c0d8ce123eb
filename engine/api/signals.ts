import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Floor, RegisteredSignal } from '../floor/floor.js'
import { ApiError } from './api-error.js'
import type { ApiContext } from './context.js'
import { jsonAnswer, problemAnswer } from './router.js'
import { signalSchema, viewSignal } from './signal-view.js'

/** The signal a path names; throws ApiError 404. */
export function findSignal(floor: Floor, id: string): RegisteredSignal {
  const signal = floor.registry.signalById(id)
  if (signal !== undefined) return signal
  throw new ApiError(
    404,
    `No signal '${id}' is in the plant; a machine lists its own at /api/v1/machines/{id}.`,
  )
}

/** `/api/v1/signals/{id}`. */
export function addSignalRoutes(router: OpenAPIHono, { floor }: ApiContext): void {
  router.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/signals/{id}',
      summary: 'A signal with its latest value',
      request: { params: z.object({ id: z.string() }) },
      responses: {
        200: jsonAnswer(signalSchema.extend({ machine: z.string() }).openapi('SignalDetail'), 'The signal'),
        404: problemAnswer('No such signal'),
      },
    }),
    c => {
      const { id } = c.req.valid('param')
      const signal = findSignal(floor, id)
      const machine = floor.registry.machineByIndex(signal.machine)?.machine.id ?? ''
      return c.json({ ...viewSignal(floor, signal), machine }, 200)
    },
  )
}
