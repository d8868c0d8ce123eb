import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { linkFaultKinds, linkFaultMeaning } from '../../schema/link-fault.js'
import type { LinkControl, LinkDisturbance } from '../simulation/link-control.js'
import { attempt } from './attempt.js'
import { byWhom } from './by-whom.js'
import type { ApiContext } from './context.js'
import { durationSchema, shiftSchema } from './duration.js'
import { isoTime, jsonAnswer, jsonBody, problemAnswer, timeSchema } from './router.js'

const kind = z.enum(linkFaultKinds).describe(
  Object.entries(linkFaultMeaning)
    .map(([name, meaning]) => `${name}: ${meaning}`)
    .join('; '),
)

const wishSchema = z
  .strictObject({
    kind,
    share: z
      .number()
      .gt(0)
      .max(1)
      .optional()
      .describe('Share of the samples that it meets; all where missing, of single values one in a hundred'),
    start: z.iso
      .datetime({ offset: true })
      .optional()
      .describe('By the floor’s clock; now where missing, at most a year ahead'),
    clearAfter: durationSchema
      .optional()
      .describe('Until it is over by itself; until it is cleared where missing, a restart half a minute'),
    signals: z.array(z.string()).min(1).max(1000).optional().describe('Ids; all of the source where missing'),
    shift: shiftSchema
      .optional()
      .describe('late: by how much; clock-jump: how far it is ahead, below 0 behind: ms, or 20s, -10min'),
    ...byWhom,
  })
  .refine(({ kind: of, shift }) => shift === undefined || of === 'late' || of === 'clock-jump', {
    path: ['shift'],
    message: 'only late samples and clocks that jump have one',
  })
  .refine(({ kind: of, shift }) => of !== 'late' || shift === undefined || shift > 0, {
    path: ['shift'],
    message: 'samples are late by more than 0 ms',
  })
  .refine(({ kind: of, shift }) => of !== 'clock-jump' || shift !== 0, {
    path: ['shift'],
    message: 'a clock that is off by 0 ms is right',
  })
  .refine(({ kind: of, signals }) => of !== 'server-restart' || signals === undefined, {
    path: ['signals'],
    message: 'a server restarts with all of its signals; leave them out, or choose dropout',
  })
  .refine(({ kind: of, share }) => of !== 'server-restart' || share === undefined || share === 1, {
    path: ['share'],
    message: 'a server restarts as a whole; leave the share out, or choose dropout',
  })

const itemSchema = z
  .object({
    id: z.string(),
    source: z.string(),
    kind,
    share: z.number(),
    start: timeSchema.nullable(),
    clearAfter: z.number().nullable().describe('Ms; null = never'),
    signals: z.array(z.string()).describe('Empty = all'),
    shift: z.number().describe('Ms'),
    who: z.string(),
    reason: z.string(),
  })
  .openapi('LinkFault')

const sourceParam = z.object({ source: z.string() })
const byQuery = z.object({ ...byWhom, reason: byWhom.reason.default('cleared') })
const problems = {
  404: problemAnswer('No such source, or its link has no such fault'),
  409: problemAnswer('The source is real, or does not run'),
  422: problemAnswer('A part of the request cannot be used'),
  503: problemAnswer('It could not be recorded now'),
} as const

/** `/api/v1/links/{source}/faults`: disturbs the links to simulated sources. */
export function addLinkRoutes(router: OpenAPIHono, { simulation }: Pick<ApiContext, 'simulation'>): void {
  if (simulation === undefined) return
  const { links } = simulation
  addReading(router, links)
  addClearing(router, links)
}

function addReading(router: OpenAPIHono, links: LinkControl): void {
  router.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/links/{source}/faults',
      summary: 'What disturbs the link to a source now, or will',
      request: { params: sourceParam },
      responses: {
        200: jsonAnswer(z.object({ items: z.array(itemSchema), nextCursor: z.null() }), 'Faults'),
        404: problems[404],
      },
    }),
    c => {
      const { source } = c.req.valid('param')
      const items = attempt(() => links.disturbances(source)).map(viewDisturbance)
      return c.json({ items, nextCursor: null }, 200)
    },
  )
  router.openapi(
    createRoute({
      method: 'post',
      path: '/api/v1/links/{source}/faults',
      summary: 'Disturbs the link to a simulated source',
      request: { params: sourceParam, body: jsonBody(wishSchema) },
      responses: { 201: jsonAnswer(itemSchema, 'The fault'), ...problems },
    }),
    c => {
      const { source } = c.req.valid('param')
      const { start, ...wish } = c.req.valid('json')
      const disturbance = attempt(() =>
        links.disturb(source, { ...wish, ...(start !== undefined && { start: Date.parse(start) }) }),
      )
      const location = `/api/v1/links/${encodeURIComponent(source)}/faults`
      return c.json(viewDisturbance(disturbance), 201, { location })
    },
  )
}

function addClearing(router: OpenAPIHono, links: LinkControl): void {
  router.openapi(
    createRoute({
      method: 'delete',
      path: '/api/v1/links/{source}/faults/{id}',
      summary: 'Ends a disturbance of a link',
      request: { params: sourceParam.extend({ id: z.string() }), query: byQuery },
      responses: { 204: { description: 'It is over' }, ...problems },
    }),
    c => {
      const { source, id } = c.req.valid('param')
      attempt(() => links.restore(source, id, c.req.valid('query')))
      return c.body(null, 204)
    },
  )
  router.openapi(
    createRoute({
      method: 'delete',
      path: '/api/v1/links/{source}/faults',
      summary: 'Ends all disturbances of a link',
      request: { params: sourceParam, query: byQuery },
      responses: {
        200: jsonAnswer(z.object({ cleared: z.number().int() }), 'How many are over'),
        ...problems,
      },
    }),
    c => {
      const { source } = c.req.valid('param')
      return c.json({ cleared: attempt(() => links.restore(source, undefined, c.req.valid('query'))) }, 200)
    },
  )
}

function viewDisturbance({ source, fault, who, reason }: LinkDisturbance): z.infer<typeof itemSchema> {
  const { start, signals, ...rest } = fault
  return { source, ...rest, start: isoTime(start), signals: [...signals], who, reason }
}
