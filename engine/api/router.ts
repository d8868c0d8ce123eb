import { OpenAPIHono, type RouteConfig, z } from '@hono/zod-openapi'
import { HTTPException } from 'hono/http-exception'
import type { Logger } from 'pino'
import { problemSchema } from '../../schema/problem.js'
import { ApiError } from './api-error.js'
import { problemResponse } from './problem.js'
import { strictSchema } from './strict-schema.js'

/** A router whose every error is a problem document and never shows a stack. */
export function createRouter(logger: Logger): OpenAPIHono {
  const router = new OpenAPIHono({
    defaultHook: (result, c) => {
      if (result.success) return
      const errors = result.error.issues.flatMap(issue => {
        const path = [result.target, ...issue.path].map(String).join('.')
        if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }]
        const message = `no such ${result.target === 'query' ? 'parameter' : 'field'}`
        return issue.keys.map(key => ({ path: `${path}.${key.slice(0, 100)}`, message }))
      })
      const detail = `${errors.length === 1 ? 'One part' : `${errors.length} parts`} of the request cannot be used; see errors.`
      return problemResponse(422, detail, { instance: c.req.path, errors })
    },
  })
  const { openapi } = router
  router.openapi = ((route: RouteConfig, handler: never, hook?: never) =>
    openapi.call(router, strictly(route), handler, hook)) as typeof openapi
  router.notFound(c => problemResponse(404, `Nothing is at ${c.req.path}.`, { instance: c.req.path }))
  router.onError((error, c) => {
    if (error instanceof ApiError) {
      const { code, message, errors, headers } = error
      return problemResponse(code, message, { instance: c.req.path, errors, headers })
    }
    if (error instanceof HTTPException) {
      return problemResponse(error.status, error.message || 'The request cannot be answered.', {
        instance: c.req.path,
      })
    }
    logger.error({ err: error, path: c.req.path }, 'request failed')
    return problemResponse(500, 'The engine could not answer; its log says why.', { instance: c.req.path })
  })
  return router
}

/** Takes nothing that the route does not name. */
function strictly(route: RouteConfig): RouteConfig {
  const { query, body } = route.request ?? {}
  const json = body?.content['application/json']
  const request = { ...route.request }
  if (query instanceof z.ZodObject) request.query = strictSchema(query)
  if (json !== undefined && 'schema' in json && json.schema instanceof z.ZodType) {
    const content = { ...body!.content, 'application/json': { ...json, schema: strictSchema(json.schema) } }
    request.body = { ...body!, content }
  }
  return { ...route, request }
}

/** Routes know their methods: anything else on the same path is 405. Call it when all routes are in; wildcards stay. */
export function refuseOtherMethods(router: OpenAPIHono): void {
  const methods = new Map<string, Set<string>>()
  for (const { path, method } of router.routes) {
    if (method === 'ALL' || path.includes('*')) continue
    const known = methods.get(path) ?? new Set()
    methods.set(path, known.add(method))
    if (method === 'GET') known.add('HEAD')
  }
  for (const [path, known] of methods) {
    const allow = [...known].sort().join(', ')
    router.all(path, c =>
      problemResponse(405, `${c.req.method} is not possible here; use ${allow}.`, {
        instance: c.req.path,
        headers: { allow },
      }),
    )
  }
}

/** A JSON answer in the OpenAPI document. */
export const jsonAnswer = <T extends z.ZodType>(schema: T, description: string) => ({
  description,
  content: { 'application/json': { schema } },
})

/** A JSON body of a request in the OpenAPI document. */
export const jsonBody = <T extends z.ZodType>(schema: T) => ({
  required: true,
  content: { 'application/json': { schema } },
})

/** A problem in the OpenAPI document. */
export const problemAnswer = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: problemSchema } },
})

/** A time in answers: ISO 8601 UTC. */
export const timeSchema = z.iso.datetime().describe('ISO 8601, UTC')

/** Unix ms as ISO 8601 UTC; null where it never happened. */
export const isoTime = (time: number): string | null =>
  time > 0 && time <= 8.64e15 ? new Date(time).toISOString() : null
