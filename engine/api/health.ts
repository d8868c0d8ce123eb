import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { ApiError } from './api-error.js'
import type { ApiContext } from './context.js'
import { jsonAnswer, problemAnswer } from './router.js'

/** `/healthz`, `/readyz`, `/metrics`: for the things that watch the engine. */
export function addHealthRoutes(router: OpenAPIHono, context: ApiContext): void {
  const statusSchema = z.object({ status: z.string() })
  const aliveSchema = statusSchema.extend({
    warnings: z.array(z.string()).optional().describe('What does not work and does not hold up the floor'),
  })
  router.openapi(
    createRoute({
      method: 'get',
      path: '/healthz',
      summary: 'Is the engine alive',
      responses: { 200: jsonAnswer(aliveSchema, 'It is') },
    }),
    c => {
      const warnings = [...(context.warnings?.() ?? [])]
      return c.json({ status: 'alive', ...(warnings.length > 0 && { warnings }) }, 200)
    },
  )

  router.openapi(
    createRoute({
      method: 'get',
      path: '/readyz',
      summary: 'Is the engine ready: restored, store reachable, sources started',
      responses: {
        200: jsonAnswer(statusSchema, 'It is'),
        503: problemAnswer('Not yet; the detail names what is missing'),
      },
    }),
    c => {
      const missing = context.missing()
      if (missing.length === 0) return c.json({ status: 'ready' }, 200)
      throw new ApiError(503, `Not ready yet; waiting for: ${missing.join(', ')}.`, {
        headers: { 'retry-after': '1' },
      })
    },
  )

  router.openapi(
    createRoute({
      method: 'get',
      path: '/metrics',
      summary: 'The engine’s figures in Prometheus’ text format',
      responses: { 200: { description: 'Figures', content: { 'text/plain': { schema: z.string() } } } },
    }),
    async c => c.text(await context.metrics.metrics(), 200, { 'content-type': context.metrics.contentType }),
  )
}
