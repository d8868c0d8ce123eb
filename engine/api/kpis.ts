import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { CostRates } from '../../workers/kpi/costs.js'
import { kpiFlags, ratioNames } from '../../workers/kpi/kpi.js'
import { timeClasses } from '../../workers/kpi/time-class.js'
import type { Floor } from '../floor/floor.js'
import { groupings, type KpiGroup, lineViews, readKpis } from '../kpi/kpi-query.js'
import { ApiError } from './api-error.js'
import type { KpiReader } from './context.js'
import { costsSchema, viewCosts } from './costs-schema.js'
import { csvResponse } from './csv.js'
import { jsonAnswer, problemAnswer, timeSchema } from './router.js'
import { scopeOf, scopeQuery } from './scope-query.js'
import { pastQuery, readPastSpan } from './time-span.js'
import { type Trust, trustedCsv, trustShape, watchTrust } from './trust.js'

const hourMs = 3_600_000
/** Most days of one answer by hour. */
const longestByHourMs = 400 * 24 * hourMs

const kpiQuery = z.object({
  scope: scopeQuery,
  ...pastQuery('eight hours'),
  by: z.enum(groupings).default('none').describe('What to group by'),
  lines: z
    .enum(lineViews)
    .default('sum')
    .describe(
      'How machines make the figures of a line: all added up (sum), the machine with the longest ideal cycle (constraint), or its time with the parts that leave the line (output)',
    ),
  format: z.enum(['json', 'csv']).default('json'),
})

const seconds = z.number().describe('Seconds')
const ratio = z.number().nullable()
const elementNames = ['calendar', 'PBT', 'AUBT', 'AUPT', 'APT', 'AUST', 'ADET', 'ADOT', 'PDOT'] as const
const quantityNames = ['PQ', 'GQ', 'SQ', 'RQ'] as const

const record = <Name extends string, Schema extends z.ZodType>(names: readonly Name[], schema: Schema) =>
  z.object(Object.fromEntries(names.map(name => [name, schema])) as Record<Name, Schema>)

const flagsSchema = z.array(z.enum(kpiFlags)).describe('What cannot be true, or is not counted')

const groupSchema = z.object({
  key: z.string().describe('Hour or day in ISO 8601, shift, product, order or id; empty for the whole'),
  ratios: record(ratioNames, ratio).describe(
    'ISO 22400-2:2014, clause 8, as fractions of 1; throughputRate in parts per hour. Null: see reasons',
  ),
  reasons: z.record(z.string(), z.string()).describe('Why a ratio is null'),
  flags: flagsSchema,
  times: record(elementNames, seconds).describe('Times of ISO 22400-2, 5.2, in seconds'),
  quantities: record(quantityNames, z.number()).describe('Produced, good, scrap and rework quantity, parts'),
  classes: record(timeClasses, seconds).describe('Every second of the range, in one class each'),
})

const range = { scope: z.string(), from: timeSchema, to: timeSchema, by: z.enum(groupings), ...trustShape }
const oeeSchema = z.object({ ...range, items: z.array(groupSchema) }).openapi('Oee')

const costNames = ['scrap', 'downtime', 'setup'] as const
const lossNames = [
  'breakdowns',
  'setup',
  'minorStops',
  'reducedSpeed',
  'processDefects',
  'startUpRejects',
] as const
const waterfallNames = [
  'calendar',
  'unscheduled',
  'planned',
  'unknown',
  'overtime',
  'plannedBusy',
  'running',
  'netRunning',
  'fullyProductive',
] as const
const lossesSchema = z
  .object({
    ...range,
    currency: z.string().nullable(),
    items: z.array(
      z.object({
        key: z.string(),
        flags: flagsSchema,
        losses: record(lossNames, seconds).describe(
          'The six big losses; reduced speed is negative where the ideal cycle is too long',
        ),
        waterfall: record(waterfallNames, seconds).describe(
          'From calendar time down to fully productive time; levels and what stands between them add up',
        ),
        costs: costsSchema,
      }),
    ),
  })
  .openapi('Losses')

const csvAnswer = { 'text/csv': { schema: z.string().describe('The same as a table (format=csv)') } }

/** `/api/v1/kpis/…`: figures of any part of the plant over any stretch of time. */
export function addKpiRoutes(router: OpenAPIHono, floor: Floor, kpis: KpiReader, rates: CostRates): void {
  const read = async (query: z.infer<typeof kpiQuery>) => {
    const now = floor.clock.now()
    const { from, to } = readPastSpan(query, now, 8 * hourMs)
    if (query.by === 'hour' && to - from > longestByHourMs) {
      throw new ApiError(422, 'An answer by hour spans at most 400 days; ask by day, or for less.', {
        errors: [{ path: 'query.by', message: 'too fine for so long a time' }],
      })
    }
    const scope = scopeOf(floor.plant, query.scope)
    const trust = watchTrust(kpis, scope.machines, { from, to })
    const items = await readKpis(floor.plant, kpis, {
      scope,
      from,
      to,
      by: query.by,
      lines: query.lines,
      rates,
    })
    const asked = { scope: scope.name, from: iso(from), to: iso(to), by: query.by, ...trust() }
    return { asked, items }
  }

  router.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/kpis/oee',
      summary:
        'OEE and the other indicators of ISO 22400-2, with all times and counts that they are made from',
      request: { query: kpiQuery },
      responses: {
        200: {
          ...jsonAnswer(oeeSchema, 'The figures'),
          content: { ...jsonAnswer(oeeSchema, '').content, ...csvAnswer },
        },
        422: problemAnswer('A part of the query cannot be used'),
      },
    }),
    async c => {
      const query = c.req.valid('query')
      const { asked, items } = await read(query)
      if (query.format === 'json') return c.json({ ...asked, items: items.map(viewGroup) }, 200)
      return csvResponse(oeeCsv(items, asked))
    },
  )

  router.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/kpis/losses',
      summary: 'The six big losses, and the waterfall from calendar time to fully productive time',
      request: { query: kpiQuery },
      responses: {
        200: {
          ...jsonAnswer(lossesSchema, 'The losses'),
          content: { ...jsonAnswer(lossesSchema, '').content, ...csvAnswer },
        },
        422: problemAnswer('A part of the query cannot be used'),
      },
    }),
    async c => {
      const query = c.req.valid('query')
      const { asked, items } = await read(query)
      if (query.format === 'json') {
        const currency = floor.plant.costs?.currency ?? null
        return c.json({ ...asked, currency, items: items.map(viewLosses) }, 200)
      }
      return csvResponse(lossesCsv(items, asked))
    },
  )
}

const iso = (time: number): string => new Date(time).toISOString()

const inSeconds = <Name extends string>(
  names: readonly Name[],
  ms: Readonly<Record<Name, number>>,
): Record<Name, number> =>
  Object.fromEntries(names.map(name => [name, ms[name] / 1_000])) as Record<Name, number>

function viewGroup({ key, time, elements, kpis }: KpiGroup): z.infer<typeof groupSchema> {
  const { PQ, GQ, SQ, RQ } = elements
  return {
    key,
    ratios: { ...kpis.ratios },
    reasons: Object.fromEntries(Object.entries(kpis.reasons)),
    flags: [...kpis.flags],
    times: inSeconds(elementNames, elements),
    quantities: { PQ, GQ, SQ, RQ },
    classes: inSeconds(timeClasses, time),
  }
}

const viewLosses = ({ key, kpis, waterfall, costs }: KpiGroup) => ({
  key,
  flags: [...kpis.flags],
  losses: inSeconds(lossNames, waterfall.losses),
  waterfall: inSeconds(waterfallNames, waterfall),
  costs: viewCosts(costs),
})

function oeeCsv(items: readonly KpiGroup[], trust: Trust): string {
  const columns = ['key', ...ratioNames, 'flags', ...elementNames, ...quantityNames, ...timeClasses]
  const rows = items
    .map(viewGroup)
    .map(({ key, ratios, flags, times, quantities, classes }) => [
      key,
      ...ratioNames.map(name => ratios[name]),
      flags.join(' '),
      ...elementNames.map(name => times[name]),
      ...quantityNames.map(name => quantities[name]),
      ...timeClasses.map(name => classes[name]),
    ])
  return trustedCsv(columns, rows, trust)
}

function lossesCsv(items: readonly KpiGroup[], trust: Trust): string {
  const rows = items
    .map(viewLosses)
    .map(({ key, flags, losses, waterfall, costs }) => [
      key,
      flags.join(' '),
      ...waterfallNames.map(name => waterfall[name]),
      ...lossNames.map(name => losses[name]),
      ...costNames.map(name => costs[name]),
    ])
  const costColumns = ['scrapCost', 'downtimeCost', 'setupCost']
  return trustedCsv(['key', 'flags', ...waterfallNames, ...lossNames, ...costColumns], rows, trust)
}
