import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { categoryOf } from '../../schema/downtime-reasons.js'
import { busyWithin } from '../../workers/kpi/busy-within.js'
import { type CostRates, stopCost } from '../../workers/kpi/costs.js'
import { LedgerSetups } from '../../workers/kpi/machine-plan.js'
import { pareto } from '../../workers/kpi/pareto.js'
import type { Floor } from '../floor/floor.js'
import type { Scope } from '../kpi/scope.js'
import { scrapPieces } from '../kpi/scrap-pieces.js'
import type { Store } from '../store/store.js'
import { ApiError } from './api-error.js'
import type { KpiReader } from './context.js'
import { csvResponse } from './csv.js'
import { tellMoney } from './money.js'
import { jsonAnswer, problemAnswer, timeSchema } from './router.js'
import { scopeOf, scopeQuery } from './scope-query.js'
import { pastQuery, readPastSpan } from './time-span.js'
import { trustedTable, trustShape, watchTrust } from './trust.js'

const weekMs = 7 * 24 * 3_600_000

const keys = ['reason', 'category', 'machine', 'line', 'type', 'product', 'order', 'kind', 'word'] as const
const measures = ['time', 'quantity', 'cost'] as const

const paretoQuery = z.object({
  scope: scopeQuery,
  ...pastQuery('a week'),
  of: z.enum(['downtime', 'scrap']).default('downtime').describe('Stops, or rejected parts'),
  by: z
    .enum(keys)
    .default('reason')
    .describe(
      'What the bars are of; without a reason it is `unqualified`, or `no-signal` where nobody told what the machine did. Only stops have a kind and a word',
    ),
  measure: z
    .enum(measures)
    .optional()
    .describe(
      'What is added up: time (of scrap: what the parts should have taken), quantity (of downtime: stops), or cost. Of downtime it is time, of scrap quantity, unless given',
    ),
  kind: z
    .enum(['own', 'all'])
    .default('own')
    .describe('Of downtime: only stops of machines’ own, or waiting and setup as well'),
  format: z.enum(['json', 'csv']).default('json'),
})

const barSchema = z.object({
  key: z.string(),
  seconds: z.number().describe('What lies in the range; of rejected parts, what they should have taken'),
  count: z.number().int().describe('Stops that began in the range, or entries of rejected parts'),
  share: z.number(),
  cumulated: z.number().describe('Share together with all larger ones'),
  quantity: z.number().nullable().describe('Rejected parts; null of stops'),
  cost: z.number().nullable().describe('null = nothing of it has a price'),
})

const paretoSchema = z
  .object({
    scope: z.string(),
    from: timeSchema,
    to: timeSchema,
    of: z.enum(['downtime', 'scrap']),
    measure: z.enum(measures),
    ...trustShape,
    currency: z.string().nullable(),
    items: z.array(barSchema).describe('The largest first'),
  })
  .openapi('Pareto')

/** Something that was lost, ready to be put into a bar. */
interface Loss {
  readonly key: string
  readonly seconds: number
  readonly count: number
  /** Parts; null of stops. */
  readonly quantity: number | null
  readonly cost: number | undefined
}

const ownKinds: ReadonlySet<string> = new Set(['breakdown', 'minorStop', 'unknown'])
const unqualified = 'unqualified'
/** Nobody told what the machine did: there is no stop to give a reason for, only a link to mend. */
const unsaid = (kind: string): string => (kind === 'unknown' ? 'no-signal' : unqualified)

export interface ParetoParts {
  readonly floor: Floor
  readonly kpis: KpiReader
  /** Where entries of rejected parts are; without it there is no scrap. */
  readonly store: Pick<Store, 'query' | 'flush'> | undefined
  readonly rates: CostRates
}

/** `/api/v1/kpis/pareto`: where the time, the parts and the money go. */
export function addParetoRoute(router: OpenAPIHono, { floor, kpis, store, rates }: ParetoParts): void {
  type By = (typeof keys)[number]
  const setups = new LedgerSetups()
  const typeOf = (machine: string): string => floor.registry.machineById(machine)!.machine.type
  const placeOf = (machine: string, by: By): string =>
    by === 'machine' ? machine : by === 'line' ? kpis.plans.get(machine)!.line : typeOf(machine)

  const stopsBy = async (scope: Scope, from: number, to: number, by: By, kind: string): Promise<Loss[]> => {
    const stops = await kpis.stops(scope.machines, from, to)
    const counted = stops.filter(stop => kind === 'all' || ownKinds.has(stop.kind))
    return counted.map(stop => {
      const key = {
        reason: () => stop.reason || unsaid(stop.kind),
        category: () => categoryOf(stop.reason) ?? unsaid(stop.kind),
        product: () => stop.product,
        order: () => stop.order,
        kind: () => stop.kind as string,
        word: () => stop.sourceState,
        machine: () => placeOf(stop.machine, by),
        line: () => placeOf(stop.machine, by),
        type: () => placeOf(stop.machine, by),
      }[by]()
      const busyMs = busyWithin(stop, setups.calendarOf(kpis.plans.get(stop.machine)!), from, to)
      // Where it began it is one stop; so the stops of two ranges are those of both together.
      const count = stop.from >= from ? 1 : 0
      return {
        key,
        seconds: busyMs / 1_000,
        count,
        quantity: null,
        cost: stopCost({ ...stop, busyMs }, rates),
      }
    })
  }

  const scrapBy = async (scope: Scope, from: number, to: number, by: By): Promise<Loss[]> => {
    if (by === 'kind' || by === 'word') {
      throw new ApiError(422, `Rejected parts have no ${by}; ask by reason, category, product or place.`, {
        errors: [{ path: 'query.by', message: `only stops have a ${by}` }],
      })
    }
    if (store === undefined) return []
    const pieces = await scrapPieces(kpis, store, scope, from, to, rates)
    return pieces.map(({ machine, idealMs, reason, category, product, order, ...piece }) => {
      const key = {
        // A category alone is a reason of its own.
        reason: () => reason || category || unqualified,
        category: () => category || unqualified,
        product: () => product,
        order: () => order,
        machine: () => placeOf(machine, by),
        line: () => placeOf(machine, by),
        type: () => placeOf(machine, by),
      }[by]()
      return { key, seconds: idealMs / 1_000, ...piece }
    })
  }

  router.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/kpis/pareto',
      summary:
        'Where time, parts and money go: stops or rejected parts by reason, product or place, the largest first, with cumulated shares',
      request: { query: paretoQuery },
      responses: {
        200: {
          ...jsonAnswer(paretoSchema, 'The bars'),
          content: { ...jsonAnswer(paretoSchema, '').content, 'text/csv': { schema: z.string() } },
        },
        422: problemAnswer('A part of the query cannot be used'),
      },
    }),
    async c => {
      const query = c.req.valid('query')
      const { of, by, measure = of === 'scrap' ? 'quantity' : 'time' } = query
      const { from, to } = readPastSpan(query, floor.clock.now(), weekMs)
      const scope = scopeOf(floor.plant, query.scope)
      const trust = watchTrust(kpis, scope.machines, { from, to })
      const losses =
        of === 'scrap' ? await scrapBy(scope, from, to, by) : await stopsBy(scope, from, to, by, query.kind)
      const items = barsOf(losses, measure)
      if (query.format === 'csv')
        return csvResponse(trustedTable(items, Object.keys(barSchema.shape), trust()))
      const range = { scope: scope.name, from: iso(from), to: iso(to), ...trust() }
      const currency = floor.plant.costs?.currency ?? null
      return c.json({ ...range, of, measure, currency, items }, 200)
    },
  )
}

const iso = (time: number): string => new Date(time).toISOString()

function barsOf(losses: readonly Loss[], measure: (typeof measures)[number]): z.infer<typeof barSchema>[] {
  const sums = new Map<string, { seconds: number; quantity: number | null; cost: number | null }>()
  for (const { key, seconds, quantity, cost } of losses) {
    const sum = sums.get(key) ?? { seconds: 0, quantity: null, cost: null }
    sums.set(key, {
      seconds: sum.seconds + seconds,
      quantity: quantity === null ? sum.quantity : (sum.quantity ?? 0) + quantity,
      cost: cost === undefined ? sum.cost : tellMoney((sum.cost ?? 0) + cost),
    })
  }
  const measured = ({ seconds, count, quantity, cost }: Loss): number =>
    measure === 'time' ? seconds : measure === 'cost' ? (cost ?? 0) : (quantity ?? count)
  const bars = pareto(losses.map(loss => ({ key: loss.key, value: measured(loss), count: loss.count })))
  return bars.map(({ value: _, ...bar }) => ({ ...bar, ...sums.get(bar.key)! }))
}
