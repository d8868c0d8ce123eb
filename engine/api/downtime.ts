import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { categoryOf, downtimeCategories, downtimeReasonsOf } from '../../schema/downtime-reasons.js'
import { busyWithin } from '../../workers/kpi/busy-within.js'
import { LedgerSetups } from '../../workers/kpi/machine-plan.js'
import { stopKinds } from '../../workers/kpi/stops.js'
import type { Floor } from '../floor/floor.js'
import type { DowntimeRegister, RegisteredStop } from '../kpi/downtime-register.js'
import { ApiError } from './api-error.js'
import type { KpiReader } from './context.js'
import { csvResponse } from './csv.js'
import { groupsInOrder, sumOf } from './group-by.js'
import { jsonAnswer, problemAnswer, timeSchema } from './router.js'
import { scopeOf, scopeQuery } from './scope-query.js'
import { pastQuery, readPastSpan } from './time-span.js'
import { trustedTable, trustShape, watchTrust } from './trust.js'

const dayMs = 24 * 3_600_000

const stopSchema = z
  .object({
    id: z.string(),
    machine: z.string(),
    start: timeSchema,
    end: timeSchema.nullable().describe('null = it goes on'),
    seconds: z.number().describe('Planned busy time of it, s: pauses do not count'),
    kind: z.enum(stopKinds).describe('What it counts as'),
    isMicro: z.boolean().describe('Too short to want a reason'),
    reason: z.string().nullable().describe('category/code; null = unqualified'),
    category: z.enum(downtimeCategories).nullable(),
    reasonBy: z
      .enum(['operator', 'map'])
      .nullable()
      .describe('map: from the source’s own word, by the plant file'),
    reasonDue: timeSchema.nullable().describe('When a reason is due; null = it has one, or wants none'),
    root: z.string().nullable().describe('The machine whose own stop made this one wait'),
    rootReason: z.string().nullable().describe('Why that one stood; null = unqualified, or no root'),
    state: z.string().describe('PackML state in which it began'),
    word: z.string().describe('The source’s own word for it'),
    shift: z.string(),
    product: z.string(),
    order: z.string(),
  })
  .openapi('Stop')

const listQuery = z.object({
  scope: scopeQuery,
  ...pastQuery('a day'),
  kind: z.enum(stopKinds).optional().describe('Only stops of this kind'),
  reason: z
    .enum(['given', 'missing', 'due'])
    .optional()
    .describe('Only stops with a reason, without one, or whose reason is overdue'),
  micro: z
    .enum(['true', 'false'])
    .default('false')
    .describe('Micro-stops one by one, too; else only their sum'),
  limit: z.coerce.number().int().min(1).max(5_000).default(500),
  cursor: z.string().max(300).optional().describe('nextCursor of the answer before'),
  by: z
    .enum(['none', 'kind', 'category', 'reason', 'machine', 'line'])
    .default('none')
    .describe('What to add stops up by; with shares and costs: /api/v1/kpis/pareto'),
  format: z.enum(['json', 'csv']).default('json'),
})

const groupSchema = z.object({
  key: z.string().describe('Empty: unqualified'),
  count: z.number().int().describe('Those that began in the range'),
  seconds: z.number().describe('What lies in the range'),
})

const listSchema = z
  .object({
    scope: z.string(),
    from: timeSchema,
    to: timeSchema,
    ...trustShape,
    items: z.array(stopSchema).describe('Newest first'),
    nextCursor: z.string().nullable(),
    groups: z.array(groupSchema).describe('All stops that are asked for, added up; empty unless asked for'),
    microStops: z.object({
      count: z.number().int().describe('Those that began in the range'),
      seconds: z.number().describe('What lies in the range'),
    }),
    compliance: z
      .object({
        wanted: z.number().int().describe('Stops that wanted a reason'),
        inTime: z.number().int().describe('Of them, those that had it in time'),
        ratio: z.number().nullable().describe('null = none wanted one'),
      })
      .describe('How well reasons are given, of stops that began in the range'),
  })
  .openapi('Downtime')

const who = z.string().trim().min(1).max(100).describe('Who says so')
const reasonText = z.string().max(140).describe('category/code or category; empty takes it back')
const changeSchema = z
  .object({
    who,
    comment: z.string().max(1_000).default(''),
    reason: reasonText.optional().describe('Of the whole stop, or of its first part where it is split'),
    split: z
      .array(z.object({ at: z.iso.datetime({ offset: true }), reason: reasonText }))
      .max(20)
      .default([])
      .describe('From each of these times on it was for another reason'),
  })
  .refine(({ reason, split }) => reason !== undefined || split.length > 0, 'write a reason, a split, or both')
  .openapi('DowntimeChange')

/** `/api/v1/downtime`: why machines stood. */
export function addDowntimeRoutes(
  router: OpenAPIHono,
  floor: Floor,
  kpis: KpiReader,
  register: DowntimeRegister,
): void {
  const setups = new LedgerSetups()

  router.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/downtime',
      summary: 'Stops of machines, newest first, with their reasons and who made them wait',
      request: { query: listQuery },
      responses: {
        200: {
          ...jsonAnswer(listSchema, 'The stops'),
          content: { ...jsonAnswer(listSchema, '').content, 'text/csv': { schema: z.string() } },
        },
        422: problemAnswer('A part of the query cannot be used'),
      },
    }),
    async c => {
      const query = c.req.valid('query')
      const now = floor.clock.now()
      const { from, to } = readPastSpan(query, now, dayMs)
      const scope = scopeOf(floor.plant, query.scope)
      const trust = watchTrust(kpis, scope.machines, { from, to })
      const all = await register.list(scope, from, to)
      const micro = all.filter(stop => register.isMicro(stop))
      const shown = all
        .filter(stop => query.micro === 'true' || !register.isMicro(stop))
        .filter(stop => query.kind === undefined || stop.kind === query.kind)
        .filter(stop => isAsked(stop, query.reason, now))
        .reverse()
      // A stop over the border is listed whole; what is added up counts it in the range in which it began.
      const isBegun = (stop: RegisteredStop): boolean => stop.from >= from
      const withinMs = (stop: RegisteredStop): number =>
        busyWithin(stop, setups.calendarOf(kpis.plans.get(stop.machine)!), from, to)
      const { by } = query
      const groups = (by === 'none' ? [] : groupsInOrder(shown, stop => keyOf(stop, by))).map(
        ([key, stops]) => ({
          key,
          count: stops.filter(isBegun).length,
          seconds: sumOf(stops, withinMs) / 1_000,
        }),
      )
      if (query.format === 'csv') {
        const [rows, shape] =
          by === 'none' ? [shown.map(view), stopSchema.shape] : [groups, groupSchema.shape]
        return csvResponse(trustedTable(rows, Object.keys(shape), trust()))
      }
      const start = query.cursor === undefined ? 0 : shown.findIndex(({ id }) => id === query.cursor) + 1
      if (query.cursor !== undefined && start === 0) {
        throw new ApiError(422, 'The cursor does not come from this list; start again without it.', {
          errors: [{ path: 'query.cursor', message: 'not known' }],
        })
      }
      const items = shown.slice(start, start + query.limit)
      const { wanted, inTime } = await register.compliance(all.filter(isBegun))
      return c.json(
        {
          scope: scope.name,
          from: iso(from),
          to: iso(to),
          ...trust(),
          items: items.map(view),
          groups,
          nextCursor: start + query.limit < shown.length ? items.at(-1)!.id : null,
          microStops: {
            count: micro.filter(isBegun).length,
            seconds: sumOf(micro, withinMs) / 1_000,
          },
          compliance: { wanted, inTime, ratio: wanted === 0 ? null : inTime / wanted },
        },
        200,
      )
    },
  )

  router.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/downtime/reasons',
      summary: 'The reasons that the plant knows, in two levels',
      responses: {
        200: jsonAnswer(z.record(z.enum(downtimeCategories), z.array(z.string())), 'Codes by category'),
      },
    }),
    c =>
      c.json(
        Object.fromEntries(
          Object.entries(downtimeReasonsOf(floor.plant)).map(([category, codes]) => [category, [...codes]]),
        ) as Record<(typeof downtimeCategories)[number], string[]>,
        200,
      ),
  )

  router.openapi(
    createRoute({
      method: 'patch',
      path: '/api/v1/downtime/{id}',
      summary: 'Give a stop its reason, correct it, or split it; every change is kept with who made it',
      request: {
        params: z.object({ id: z.string().max(200) }),
        body: { required: true, content: { 'application/json': { schema: changeSchema } } },
      },
      responses: {
        200: jsonAnswer(z.object({ items: z.array(stopSchema) }), 'The stops that it is now'),
        404: problemAnswer('No such stop'),
        422: problemAnswer('A part of the request cannot be used'),
      },
    }),
    async c => {
      const { id } = c.req.valid('param')
      const { who: by, comment, reason, split } = c.req.valid('json')
      const said = { who: by, comment }
      const changes = [
        ...(reason === undefined ? [] : [{ ...said, reason }]),
        ...split.map(part => ({ ...said, reason: part.reason, at: Date.parse(part.at) })),
      ]
      const outcome = await register.change(id, changes)
      if ('part' in outcome) {
        if (outcome.part === 'id') throw new ApiError(404, `${capitalised(outcome.message)}.`)
        const path = outcome.part === 'at' ? 'json.split.at' : 'json.reason'
        throw new ApiError(422, `The stop was left as it is: ${outcome.message}.`, {
          errors: [{ path, message: outcome.message }],
        })
      }
      return c.json({ items: outcome.map(view) }, 200)
    },
  )

  function keyOf(stop: RegisteredStop, by: 'kind' | 'category' | 'reason' | 'machine' | 'line'): string {
    if (by === 'category') return categoryOf(stop.reason) ?? ''
    return by === 'line' ? kpis.plans.get(stop.machine)!.line : stop[by]
  }

  function view(stop: RegisteredStop): z.infer<typeof stopSchema> {
    return {
      id: stop.id,
      machine: stop.machine,
      start: iso(stop.from),
      end: stop.isOpen ? null : iso(stop.to),
      seconds: stop.busyMs / 1_000,
      kind: stop.kind,
      isMicro: register.isMicro(stop),
      reason: stop.reason || null,
      category: categoryOf(stop.reason) ?? null,
      reasonBy: stop.reasonBy || null,
      reasonDue: stop.reasonDue === undefined ? null : iso(stop.reasonDue),
      root: stop.root?.machine ?? null,
      rootReason: stop.root?.reason || null,
      state: stop.state,
      word: stop.sourceState,
      shift: stop.shift,
      product: stop.product,
      order: stop.order,
    }
  }
}

const iso = (time: number): string => new Date(time).toISOString()
const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

function isAsked(
  stop: RegisteredStop,
  reason: 'given' | 'missing' | 'due' | undefined,
  now: number,
): boolean {
  switch (reason) {
    case undefined:
      return true
    case 'given':
      return stop.reason !== ''
    case 'missing':
      return stop.reason === ''
    case 'due':
      return stop.reasonDue !== undefined && stop.reasonDue <= now
  }
}
