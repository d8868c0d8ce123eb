import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { kpiFlags } from '../../workers/kpi/kpi.js'
import type { Floor } from '../floor/floor.js'
import type { RunReport } from '../kpi/production.js'
import type { DeskProblem, ProductionDesk } from '../kpi/production-desk.js'
import { ApiError } from './api-error.js'
import type { KpiReader } from './context.js'
import { viewCosts } from './costs-schema.js'
import { csvResponse } from './csv.js'
import { groupsInOrder, sumOf } from './group-by.js'
import { tellMoney } from './money.js'
import { jsonAnswer, problemAnswer, timeSchema } from './router.js'
import { scopeOf, scopeQuery } from './scope-query.js'
import { pastQuery, readPastSpan } from './time-span.js'
import { trustedTable, trustShape, watchTrust } from './trust.js'

const dayMs = 24 * 3_600_000

const id = z.string().min(1).max(64)
const freeText = z.string().max(1_000).default('')
const when = z.iso.datetime({ offset: true }).optional()

const runSchema = z
  .object({
    line: z.string(),
    start: timeSchema,
    end: timeSchema.nullable().describe('null = it goes on'),
    product: z.string(),
    order: z.string(),
    target: z.number().nullable().describe('Parts to make; null = not said'),
    actual: z.number().describe('Parts that left the line, good and bad'),
    good: z.number(),
    scrap: z.number().describe('Rejected by all machines of the line'),
    rework: z.number().describe('To be worked on again, by all machines of the line'),
    firstPassYield: z
      .number()
      .nullable()
      .describe(
        'Of the parts that were begun (left the line, or were rejected before its end) those that no machine rejected',
      ),
    defectRatePpm: z
      .number()
      .nullable()
      .describe('Rejected and reworked, by all machines of the line, per million begun'),
    changeoverSeconds: z.number().describe('Setup of the constraint within the run'),
    oee: z.number().nullable().describe('Of the line by its output'),
    flags: z.array(z.enum(kpiFlags)).describe('What cannot be true, or is not counted'),
    scrapCost: z.number().nullable().describe('Of the rejected parts; null = no price is known'),
    downtimeCost: z.number().nullable().describe('Of own stops of all its machines; null = no rate is known'),
  })
  .openapi('ProductionRun')

const { line: _line, start: _start, end: _end, product: _product, order: _order, ...sums } = runSchema.shape
const groupSchema = z.object({
  key: z.string().describe('Line, product or order; empty: not said'),
  runs: z.number().int(),
  ...sums,
})

const runsSchema = z.object({
  ...trustShape,
  items: z.array(runSchema),
  groups: z
    .array(groupSchema)
    .describe('Runs of the same line, product or order, added up; empty unless asked for'),
})

const listQuery = z.object({
  scope: scopeQuery,
  ...pastQuery('a day'),
  by: z.enum(['none', 'line', 'product', 'order']).default('none').describe('What to add runs up by'),
  format: z.enum(['json', 'csv']).default('json'),
})

const startSchema = z
  .object({
    line: id,
    product: z.string().max(64).default(''),
    order: z.string().max(100).default(''),
    target: z.number().int().min(0).max(1e9).default(0).describe('Parts to make; 0 = not said'),
    who: z.string().trim().min(1).max(100),
    start: when.describe('Now unless given; after the begin of the run before'),
  })
  .openapi('RunStart')

const scrapSchema = z
  .object({
    machine: id,
    quantity: z.number().int().positive().max(1e9).describe('Parts'),
    kind: z.enum(['scrap', 'rework']).default('scrap'),
    time: when.describe('When they came out; now unless given'),
    category: z.string().max(100).default(''),
    reason: z.string().max(200).default(''),
    operator: z.string().trim().min(1).max(100),
    product: z.string().max(64).default(''),
    order: z.string().max(100).default(''),
    comment: freeText,
    counted: z
      .boolean()
      .optional()
      .describe(
        'Whether the machine’s own reject counter has counted them; then they say why and add nothing. Yes where it has such a counter, unless given',
      ),
  })
  .openapi('ScrapEntry')

const goalSchema = z
  .object({
    line: z.string(),
    shift: z.string(),
    from: timeSchema,
    to: timeSchema,
    target: z.number(),
    source: z
      .enum(['plan', 'run', 'ideal'])
      .describe('Where the target comes from; of a run it is what was left of it when the shift began'),
    goalNow: z.number().describe('Of the target, what is due by now: by planned busy time'),
    actual: z.number().describe('Good parts that left the line'),
    ahead: z.number().describe('actual − goalNow'),
    projection: z
      .object({ expected: z.number(), low: z.number(), high: z.number() })
      .nullable()
      .describe('Of the end of the shift, with bounds of 95 %; null = too early to say'),
    verdict: z.enum(['made', 'will-make', 'open', 'will-miss']),
  })
  .openapi('Goal')

const goalsSchema = z.object({ recomputing: trustShape.recomputing, items: z.array(goalSchema) })

const body = <Schema extends z.ZodType>(schema: Schema) => ({
  required: true,
  content: { 'application/json': { schema } },
})

/** `/api/v1/production`, `/scrap` and `/kpis/goals`: what is made, what was rejected, what is to be made. */
export function addProductionRoutes(
  router: OpenAPIHono,
  floor: Floor,
  kpis: KpiReader,
  desk: ProductionDesk,
): void {
  router.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/production',
      summary: 'Production runs, with what came of them in the range',
      request: { query: listQuery },
      responses: {
        200: {
          ...jsonAnswer(runsSchema, 'Runs, by line and begin'),
          content: {
            ...jsonAnswer(runsSchema, '').content,
            'text/csv': { schema: z.string() },
          },
        },
        422: problemAnswer('A part of the query cannot be used'),
      },
    }),
    async c => {
      const query = c.req.valid('query')
      const { from, to } = readPastSpan(query, floor.clock.now(), dayMs)
      const scope = scopeOf(floor.plant, query.scope)
      const trust = watchTrust(kpis, scope.machines, { from, to })
      const runs = await desk.runs(scope, from, to)
      const items = runs.map(run => ({
        line: run.line,
        start: iso(run.start),
        end: run.end === 0 ? null : iso(run.end),
        product: run.product,
        order: run.order,
        ...figuresOf([run]),
      }))
      const { by } = query
      const groups =
        by === 'none'
          ? []
          : groupsInOrder(runs, run => run[by]).map(([key, same]) => ({
              key,
              runs: same.length,
              ...figuresOf(same),
            }))
      if (query.format === 'json') return c.json({ ...trust(), items, groups }, 200)
      const table = (of: typeof items | typeof groups, columns: object): string =>
        trustedTable(
          of.map(each => ({ ...each, flags: each.flags.join(' ') })),
          Object.keys(columns),
          trust(),
        )
      return csvResponse(by === 'none' ? table(items, runSchema.shape) : table(groups, groupSchema.shape))
    },
  )

  router.openapi(
    createRoute({
      method: 'post',
      path: '/api/v1/production',
      summary: 'Begin a run on a line; the one before it ends',
      request: { body: body(startSchema) },
      responses: {
        201: jsonAnswer(z.object({ line: z.string(), start: timeSchema }), 'It has begun'),
        422: problemAnswer('A part of the request cannot be used'),
      },
    }),
    async c => {
      const { start, ...run } = c.req.valid('json')
      const outcome = await desk.start({ ...run, ...(start !== undefined && { start: Date.parse(start) }) })
      if ('part' in outcome) throw refused(outcome)
      return c.json({ line: outcome.line, start: iso(outcome.start) }, 201)
    },
  )

  router.openapi(
    createRoute({
      method: 'post',
      path: '/api/v1/scrap',
      summary: 'Enter parts that were rejected, or are to be worked on again',
      request: { body: body(scrapSchema) },
      responses: {
        201: jsonAnswer(
          z.object({
            id: z.string(),
            counted: z.boolean().describe('They add nothing to the machine’s own count'),
          }),
          'It is kept',
        ),
        422: problemAnswer('A part of the request cannot be used'),
      },
    }),
    async c => {
      const { time, counted, ...entry } = c.req.valid('json')
      const outcome = await desk.scrap({
        ...entry,
        ...(time !== undefined && { time: Date.parse(time) }),
        ...(counted !== undefined && { counted }),
      })
      if ('part' in outcome) throw refused(outcome)
      return c.json(outcome, 201)
    },
  )

  router.openapi(
    createRoute({
      method: 'delete',
      path: '/api/v1/scrap/{id}',
      summary: 'Take an entry of rejected parts back that was a mistake',
      description: 'It counts in no figure any more; the table keeps it, and beside it one of as many fewer.',
      request: {
        params: z.object({ id: z.string().max(100).describe('As the entry was answered') }),
        query: z.object({ operator: z.string().trim().min(1).max(100).describe('Who takes it back') }),
      },
      responses: {
        204: { description: 'It is taken back' },
        404: problemAnswer('No such entry'),
        409: problemAnswer('It is taken back already'),
        422: problemAnswer('A part of the request cannot be used'),
      },
    }),
    async c => {
      const { id } = c.req.valid('param')
      const problem = await desk.takeBack(id, c.req.valid('query').operator)
      if (problem === 'unknown')
        throw new ApiError(404, `There is no entry '${id}'; its id is in the answer to POST /api/v1/scrap.`)
      if (problem !== undefined) throw new ApiError(409, 'It is taken back already.')
      return c.body(null, 204)
    },
  )

  router.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/kpis/goals',
      summary: 'How lines stand in their present shift: parts against the goal by now, and how it will end',
      request: { query: z.object({ scope: scopeQuery }) },
      responses: {
        200: jsonAnswer(goalsSchema, 'Lines that have a shift now'),
        422: problemAnswer('A part of the query cannot be used'),
      },
    }),
    async c => {
      const scope = scopeOf(floor.plant, c.req.valid('query').scope)
      const now = floor.clock.now()
      const trust = watchTrust(kpis, scope.machines, { from: now, to: now })
      const goals = await desk.goals(scope)
      const items = goals.map(({ projection, ...goal }) => ({
        ...goal,
        from: iso(goal.from),
        to: iso(goal.to),
        ahead: goal.actual - goal.goalNow,
        projection: projection ?? null,
      }))
      return c.json({ recomputing: trust().recomputing, items }, 200)
    },
  )
}

/** What came of runs together: times and counts added up, and divided last. */
function figuresOf(runs: readonly RunReport[]) {
  const [actual, good] = [sumOf(runs, run => run.actual), sumOf(runs, run => run.good)]
  const [scrap, rework] = [sumOf(runs, run => run.scrap), sumOf(runs, run => run.rework)]
  const begun = sumOf(runs, run => run.begun)
  const busyMs = sumOf(runs, run => run.busyMs)
  const [only] = runs
  const costs = runs.map(run => run.costs && viewCosts(run.costs))
  const cost = (of: 'scrap' | 'downtime'): number | null =>
    costs.reduce((sum: number | null, each) => {
      const own = each?.[of] ?? null
      return sum === null || own === null ? null : tellMoney(sum + own)
    }, 0)
  return {
    target: runs.every(({ target }) => target > 0) ? sumOf(runs, ({ target }) => target) : null,
    actual,
    good,
    scrap,
    rework,
    firstPassYield: begun > 0 ? (begun - scrap - rework) / begun : null,
    defectRatePpm: begun > 0 ? ((scrap + rework) / begun) * 1e6 : null,
    changeoverSeconds: sumOf(runs, run => run.changeoverMs) / 1_000,
    oee: runs.length === 1 ? only!.oee : busyMs > 0 ? sumOf(runs, run => run.idealGoodMs) / busyMs : null,
    flags: [...new Set(runs.flatMap(({ flags }) => flags))],
    scrapCost: cost('scrap'),
    downtimeCost: cost('downtime'),
  }
}

const iso = (time: number): string => new Date(time).toISOString()

function refused({ part, message }: DeskProblem): ApiError {
  return new ApiError(422, `Nothing was kept: ${message}.`, { errors: [{ path: `json.${part}`, message }] })
}
