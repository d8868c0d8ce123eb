import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { faultPatternIds, repairKinds } from '../../schema/fault-catalogue.js'
import { type Maintenance, maintenanceKinds } from '../../schema/maintenance.js'
import { costOf } from '../../schema/tables/maintenance.js'
import type { MaintenanceDesk } from '../maintenance/desk.js'
import { MaintenanceError, type MaintenanceErrorCode } from '../maintenance/maintenance-error.js'
import { ApiError, type ApiErrorCode } from './api-error.js'
import { isoTime, jsonAnswer, problemAnswer, timeSchema } from './router.js'

/** Times people may mean. */
const earliest = Date.UTC(2000, 0)
const latest = Date.UTC(2200, 0)

/** A time in a request, with its zone, as Unix ms. */
export const toldTime = z.iso
  .datetime({ offset: true, abort: true, message: 'not an ISO 8601 time such as 2026-11-20T12:00:00Z' })
  .transform(text => Date.parse(text))
  .refine(time => time >= earliest && time < latest, 'not between the years 2000 and 2199')

export const person = z.string().trim().min(1).max(200)
export const note = z.string().max(4_000)

/** Above it the sum of many would be no number. */
const mostCost = 1e15
const cost = z.number().min(0).max(mostCost).describe('In the plant’s currency')

const partSchema = z.strictObject({
  part: z.string().trim().min(1).max(200),
  quantity: z.number().positive().max(1e9),
  cost: cost.describe('Of all its pieces together, in the plant’s currency'),
})

const told = z.strictObject({
  machine: z.string().min(1).max(200),
  kind: z
    .enum(maintenanceKinds)
    .describe('By plan, by condition, for a defect found, or because it broke down (EN 13306)'),
  start: toldTime.describe('At most ten years ago'),
  end: toldTime.describe('After `start`, by at most 90 days; both may lie in the future'),
  fault: z.enum(faultPatternIds).nullable().default(null).describe('The fault that it mends'),
  repair: z
    .enum(repairKinds)
    .default('perfect')
    .describe('perfect: as good as new; imperfect: keeps a share of the damage; minimal: as bad as before'),
  keeps: z
    .number()
    .gt(0)
    .lt(1)
    .nullable()
    .default(null)
    .describe('The share of the damage that an imperfect repair leaves'),
  parts: z.array(partSchema).max(200).default([]),
  labourHours: z.number().min(0).max(100_000).default(0),
  labourCost: cost.default(0),
  who: person,
  note: note.default(''),
})

const workSchema = z
  .object({
    id: z.string(),
    machine: z.string(),
    kind: z.enum(maintenanceKinds),
    start: timeSchema,
    end: timeSchema,
    fault: z.enum(faultPatternIds).nullable(),
    repair: z.enum(repairKinds),
    keeps: z.number().nullable(),
    parts: z.array(z.object({ part: z.string(), quantity: z.number(), cost: z.number() })),
    labourHours: z.number(),
    labourCost: z.number(),
    cost: z.number().describe('Parts and labour together'),
    who: z.string(),
    note: z.string(),
  })
  .openapi('Maintenance')

const takenSchema = workSchema
  .extend({
    moved: z
      .object({
        mode: z.boolean().describe('The machine is in Maintenance by it'),
        reason: z.string().describe('Why not; empty where it is'),
      })
      .describe('What it moves right now'),
  })
  .openapi('MaintenanceTaken')

/** Which part of a list. */
export const pageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(500).default(100).describe('Most items in the answer'),
  cursor: z.string().max(400).optional().describe('nextCursor of the answer before'),
})

/** `/api/v1/maintenance`: work on machines, told and listed. */
export function addMaintenanceRoutes(router: OpenAPIHono, maintenance: MaintenanceDesk): void {
  router.openapi(
    createRoute({
      method: 'post',
      path: '/api/v1/maintenance',
      summary: 'Tell of work on a machine, done or planned',
      description:
        'While the work lasts, a machine that stands when it begins is in Maintenance, and then in the mode of before; `moved` says whether it is. The fault that it mends is under repair, then repaired: for a fault that it carries a simulated machine is stopped, whatever it does, goes into Maintenance when it stands, and runs on when it is mended. A real machine that has a signal for its mode says itself which it is in.',
      request: { body: { required: true, content: { 'application/json': { schema: told } } } },
      responses: {
        201: jsonAnswer(takenSchema, 'Taken, and safe'),
        404: problemAnswer('No such machine'),
        422: problemAnswer('Something in it cannot be so, or the machine has other work then'),
        503: problemAnswer('It cannot be kept at present'),
      },
    }),
    c => {
      const work = asked(() => maintenance.maintain(c.req.valid('json')))
      return c.json({ ...viewWork(work), moved: maintenance.moved(work) }, 201)
    },
  )

  router.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/maintenance',
      summary: 'Work on machines, newest first',
      request: { query: pageQuery.extend({ machine: z.string().max(200).optional() }) },
      responses: {
        200: jsonAnswer(z.object({ items: z.array(workSchema), nextCursor: z.string().nullable() }), 'Work'),
        404: problemAnswer('No such machine'),
        422: problemAnswer('A part of the query cannot be used'),
      },
    }),
    c => {
      const { machine, ...page } = c.req.valid('query')
      const works = asked(() => maintenance.works(machine))
      const { items, nextCursor } = pageOf(works, ({ id }) => id, page)
      return c.json({ items: items.map(viewWork), nextCursor }, 200)
    },
  )

  router.openapi(
    createRoute({
      method: 'delete',
      path: '/api/v1/maintenance/{id}',
      summary: 'Withdraw work that was told by mistake',
      description:
        'It is no longer listed, and other work may take its time; the table keeps it, marked as withdrawn. Work that has begun ends now: the mode is that of before, and the fault as bad as before. What is mended already stays mended, and a simulation finishes a repair that it has begun.',
      request: {
        params: z.object({ id: z.string().max(400).describe('{machine}@{start}, as it is listed') }),
      },
      responses: {
        204: { description: 'It is withdrawn' },
        404: problemAnswer('No such work'),
        503: problemAnswer('It cannot be kept at present'),
      },
    }),
    c => {
      asked(() => maintenance.withdraw(c.req.valid('param').id))
      return c.body(null, 204)
    },
  )
}

/** A page of a list whose items have a name each; throws ApiError 422 for a cursor of another list. */
export function pageOf<T>(
  all: readonly T[],
  nameOf: (item: T) => string,
  { limit, cursor }: z.infer<typeof pageQuery>,
): { readonly items: readonly T[]; readonly nextCursor: string | null } {
  const last = cursor === undefined ? undefined : Buffer.from(cursor, 'base64url').toString()
  const after = last === undefined ? -1 : all.findIndex(item => nameOf(item) === last)
  if (last !== undefined && after === -1) {
    throw new ApiError(422, 'The cursor does not come from this list; start again without it.', {
      errors: [{ path: 'query.cursor', message: 'not known' }],
    })
  }
  const items = all.slice(after + 1, after + 1 + limit)
  const isEnd = after + 1 + limit >= all.length
  return { items, nextCursor: isEnd ? null : Buffer.from(nameOf(items.at(-1)!)).toString('base64url') }
}

const statusOf: Readonly<Record<MaintenanceErrorCode, ApiErrorCode>> = {
  'unknown-machine': 404,
  'unknown-signal': 404,
  'unknown-work': 404,
  impossible: 422,
  'not-now': 503,
}

/** Asks the maintenance desk; what it refuses becomes a problem. */
export function asked<T>(ask: () => T): T {
  try {
    return ask()
  } catch (cause) {
    if (!(cause instanceof MaintenanceError)) throw cause
    const { code, path, message } = cause
    const errors =
      code === 'impossible' ? [{ path: path === '' ? 'json' : `json.${path}`, message }] : undefined
    throw new ApiError(statusOf[code], message, { errors, cause })
  }
}

function viewWork(work: Maintenance): z.infer<typeof workSchema> {
  const { start, end, parts, ...rest } = work
  const times = { start: isoTime(start) ?? '', end: isoTime(end) ?? '' }
  return { ...rest, ...times, parts: [...parts], cost: costOf(work) }
}
