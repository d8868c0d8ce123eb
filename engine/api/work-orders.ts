import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { CostRates } from '../../workers/kpi/costs.js'
import { kpiFlags } from '../../workers/kpi/kpi.js'
import type { Floor } from '../floor/floor.js'
import { orderProduction } from '../kpi/order-production.js'
import { flagsOf } from '../kpi/production.js'
import type { KnownOrder, OrderBook } from '../orders/order-book.js'
import type { Store } from '../store/store.js'
import { ApiError } from './api-error.js'
import type { KpiReader } from './context.js'
import { costsSchema, viewCosts } from './costs-schema.js'
import { csv, csvResponse } from './csv.js'
import { groupsInOrder, sumOf } from './group-by.js'
import { isoTime, jsonAnswer, problemAnswer, timeSchema } from './router.js'
import { trustShape } from './trust.js'

const orderSchema = z
  .object({
    number: z.string(),
    part: z.string(),
    description: z.string(),
    ordered: z.number().describe('Parts to make'),
    completed: z.number().describe('Parts that the planning system has as made; see production for ours'),
    scrapped: z.number(),
    materialCost: z.number().nullable().describe('Per part; null = not said'),
    labourRate: z.number().nullable().describe('Per hour; null = not said'),
    customer: z.string(),
    due: timeSchema.nullable(),
    status: z.string().describe('In the words of the planning system'),
    source: z.enum(['folder', 'rest']),
    lastSynced: timeSchema.describe('When the planning system last said it'),
    isStale: z.boolean().describe('The service did not say it when it last should have'),
    flags: z
      .array(z.enum(['scrappedExceedsOrdered']))
      .describe('What the planning system says of it that cannot be true, or wants a look'),
  })
  .openapi('WorkOrder')

const sourceSchema = z.object({
  kind: z.enum(['folder', 'rest']),
  place: z.string(),
  lastSync: timeSchema.nullable().describe('null = nothing ever came'),
  everySeconds: z.number().nullable().describe('null = whenever a file is dropped'),
  isStale: z.boolean(),
  lastError: z.string().nullable(),
  unknownFields: z
    .array(z.string())
    .describe('Columns of the file that came last that are no field of an order: what they say is left out'),
})

const listQuery = z.object({
  status: z.string().max(200).optional(),
  part: z.string().max(200).optional(),
  customer: z.string().max(200).optional(),
  from: z.iso.datetime({ offset: true }).optional().describe('Only orders that are due from then on'),
  to: z.iso.datetime({ offset: true }).optional().describe('Only orders that are due before'),
  by: z.enum(['none', 'status', 'part', 'customer']).default('none').describe('What to add orders up by'),
  limit: z.coerce.number().int().min(1).max(5_000).default(500),
  cursor: z.string().max(100).optional().describe('nextCursor of the answer before'),
  format: z.enum(['json', 'csv']).default('json'),
})

const groupSchema = z.object({
  key: z.string(),
  orders: z.number().int(),
  ordered: z.number(),
  completed: z.number(),
  scrapped: z.number(),
})

const listSchema = z
  .object({
    items: z.array(orderSchema).describe('By number'),
    groups: z.array(groupSchema).describe('All orders that are asked for, added up; empty unless asked for'),
    nextCursor: z.string().nullable(),
    sources: z.array(sourceSchema).describe('Where orders come from, and how old what they said is'),
  })
  .openapi('WorkOrders')

const productionSchema = z
  .object({
    from: timeSchema,
    to: timeSchema,
    runs: z.array(
      z.object({
        line: z.string(),
        start: timeSchema,
        end: timeSchema.nullable(),
        product: z.string(),
        target: z.number().nullable(),
      }),
    ),
    produced: z.number().describe('Parts that left its lines, good and bad (PQ)'),
    good: z.number(),
    scrap: z.number().describe('Rejected by all machines of its lines'),
    rework: z.number(),
    oee: z.number().nullable().describe('Of the lines by their output'),
    recomputing: trustShape.recomputing,
    flags: z.array(z.enum(kpiFlags)).describe('What cannot be true, or is not counted'),
    busySeconds: z.number().describe('Planned busy time of the constraints of its lines (PBT)'),
    costs: costsSchema,
    currency: z.string().nullable(),
  })
  .openapi('OrderProduction')

/** `/api/v1/work-orders`: what the planning system wants made, and what was made of it. */
export function addWorkOrderRoutes(
  router: OpenAPIHono,
  floor: Floor,
  orders: OrderBook,
  kpis: KpiReader,
  store: Pick<Store, 'query' | 'flush'>,
  rates: CostRates,
): void {
  const view = (order: KnownOrder): z.infer<typeof orderSchema> => {
    const { due, synced, ...rest } = order
    return {
      ...rest,
      due: due === null ? null : new Date(due).toISOString(),
      lastSynced: new Date(synced).toISOString(),
      isStale: orders.isStaleOrder(order),
      flags: order.scrapped > order.ordered ? ['scrappedExceedsOrdered'] : [],
    }
  }

  router.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/work-orders',
      summary: 'Work orders of the planning system, with when it last said them',
      request: { query: listQuery },
      responses: {
        200: {
          ...jsonAnswer(listSchema, 'The orders'),
          content: { ...jsonAnswer(listSchema, '').content, 'text/csv': { schema: z.string() } },
        },
        422: problemAnswer('A part of the query cannot be used'),
      },
    }),
    c => {
      const { status, part, customer, by, limit, cursor = '', format, ...due } = c.req.valid('query')
      const [from, to] = [
        Date.parse(due.from ?? '') || Number.NEGATIVE_INFINITY,
        Date.parse(due.to ?? '') || Number.POSITIVE_INFINITY,
      ]
      const isAsked = due.from !== undefined || due.to !== undefined
      const found = orders
        .list()
        .filter(order => status === undefined || order.status === status)
        .filter(order => part === undefined || order.part === part)
        .filter(order => customer === undefined || order.customer === customer)
        .filter(order => !isAsked || (order.due !== null && order.due >= from && order.due < to))
      const groups = (by === 'none' ? [] : groupsInOrder(found, order => order[by])).map(([key, same]) => ({
        key,
        orders: same.length,
        ordered: sumOf(same, ({ ordered }) => ordered),
        completed: sumOf(same, ({ completed }) => completed),
        scrapped: sumOf(same, ({ scrapped }) => scrapped),
      }))
      if (format === 'csv' && by !== 'none')
        return csvResponse(csv(Object.keys(groupSchema.shape), groups.map(Object.values<string | number>)))
      if (format === 'csv') return csvResponse(ordersCsv(found.map(view)))
      // By number and not by place: orders that come in meanwhile neither hide one nor show one twice.
      const rest = found.filter(({ number }) => number > cursor)
      const items = rest.slice(0, limit)
      return c.json(
        {
          items: items.map(view),
          groups,
          nextCursor: rest.length > limit ? items.at(-1)!.number : null,
          sources: orders.sources.map(
            ({ everyMs, lastSync, lastError = null, unknownFields, ...source }) => ({
              ...source,
              lastSync: isoTime(lastSync ?? 0),
              everySeconds: everyMs === undefined ? null : everyMs / 1_000,
              isStale: orders.isStale({ everyMs, lastSync }),
              lastError,
              unknownFields: [...unknownFields],
            }),
          ),
        },
        200,
      )
    },
  )

  router.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/work-orders/{number}',
      summary: 'A work order, with what the floor made for it',
      request: { params: z.object({ number: z.string().max(100) }) },
      responses: {
        200: jsonAnswer(
          orderSchema.extend({
            production: productionSchema.nullable().describe('null = no run has named it yet'),
          }),
          'The order',
        ),
        404: problemAnswer('No such order'),
      },
    }),
    async c => {
      const { number } = c.req.valid('param')
      const order = orders.get(number)
      if (order === undefined)
        throw new ApiError(404, `There is no work order '${number}'; see /api/v1/work-orders.`)
      const { plant, clock } = floor
      // Which lines it was made on is known only afterwards.
      const lateLines = (): string[] =>
        [...kpis.plans].flatMap(([machine, { line }]) =>
          kpis.isRecomputing([machine], clock.now()) ? [line] : [],
        )
      const before = lateLines()
      const made = await orderProduction(plant, kpis, store, number, clock.now(), rates)
      if (made === undefined) return c.json({ ...view(order), production: null }, 200)
      const { runs, from, to, all, output } = made
      const late = new Set([...before, ...lateLines()])
      const production = {
        from: new Date(from).toISOString(),
        to: new Date(to).toISOString(),
        runs: runs.map(run => ({
          line: run.line,
          start: new Date(run.start).toISOString(),
          end: isoTime(run.end),
          product: run.product,
          target: run.target || null,
        })),
        produced: output?.elements.PQ ?? 0,
        good: output?.elements.GQ ?? 0,
        scrap: all?.elements.SQ ?? 0,
        rework: all?.elements.RQ ?? 0,
        oee: output?.kpis.ratios.oee ?? null,
        recomputing: runs.some(({ line }) => late.has(line)),
        flags: flagsOf(all, output),
        busySeconds: (output?.elements.PBT ?? 0) / 1_000,
        costs: viewCosts(all?.costs),
        currency: plant.costs?.currency ?? null,
      }
      return c.json({ ...view(order), production }, 200)
    },
  )
}

function ordersCsv(orders: readonly z.infer<typeof orderSchema>[]): string {
  const columns = Object.keys(orderSchema.shape) as (keyof z.infer<typeof orderSchema>)[]
  return csv(
    columns,
    orders.map(order => columns.map(column => (column === 'flags' ? order.flags.join(' ') : order[column]))),
  )
}
