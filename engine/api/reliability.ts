import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { categoryOf } from '../../schema/downtime-reasons.js'
import { kpiRulesOf } from '../../schema/kpi-rules.js'
import { elementsOf } from '../../workers/kpi/kpi.js'
import { reliabilityOf } from '../../workers/kpi/reliability.js'
import { rollUp } from '../../workers/kpi/roll-up.js'
import type { Floor } from '../floor/floor.js'
import type { KpiBook } from '../kpi/kpi-book.js'
import type { MachineStop } from '../kpi/stop-rows.js'
import { csvResponse, tableOf } from './csv.js'
import { jsonAnswer, problemAnswer, timeSchema } from './router.js'
import { scopeOf, scopeQuery } from './scope-query.js'
import { readSpan, timeQuery } from './time-span.js'

const weekMs = 7 * 24 * 3_600_000

const usual = {
  scope: scopeQuery,
  ...timeQuery('a week'),
  format: z.enum(['json', 'csv']).default('json'),
}
const range = { scope: z.string(), from: timeSchema, to: timeSchema }

const reliabilityQuery = z.object({
  ...usual,
  by: z
    .enum(['none', 'machine', 'type', 'reason'])
    .default('machine')
    .describe('By reason (failure mode) the time worked is that of the whole scope'),
  divisor: z
    .enum(['FE', 'FE+1'])
    .optional()
    .describe('What mean times divide by: failures, or failures and one; the plant’s own rule unless given'),
})

const hours = z.number().nullable().describe('Hours; null = nothing failed')
const figures = z.object({
  key: z.string(),
  failures: z
    .number()
    .int()
    .describe('Breakdowns; those for want of material, operator or quality do not count'),
  repairHours: z.number(),
  upHours: z.number().describe('Time in which it worked or was set up (AUPT)'),
  mtbf: hours,
  mttf: hours,
  mttr: hours,
  inherentAvailability: z.number().nullable(),
  operationalAvailability: z.number().nullable(),
})
const reliabilitySchema = z
  .object({ ...range, divisor: z.enum(['FE', 'FE+1']), items: z.array(figures) })
  .openapi('Reliability')

/** Whatever the reason, these are no failures of the machine. */
const notItsFault: ReadonlySet<string | undefined> = new Set(['material', 'operator', 'quality-hold'])
const isFailure = ({ kind, reason }: MachineStop): boolean =>
  kind === 'breakdown' && !notItsFault.has(categoryOf(reason))

/** `/api/v1/kpis/reliability`: how often machines fail, and for how long. */
export function addReliabilityRoutes(
  router: OpenAPIHono,
  floor: Floor,
  kpis: Pick<KpiBook, 'cells' | 'stops' | 'plans'>,
): void {
  const typeOf = (machine: string): string => floor.registry.machineById(machine)!.machine.type

  router.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/kpis/reliability',
      summary: 'Mean times between failures, to failure and to repair, by machine, type or failure mode',
      request: { query: reliabilityQuery },
      responses: {
        200: {
          ...jsonAnswer(reliabilitySchema, 'The figures'),
          content: { ...jsonAnswer(reliabilitySchema, '').content, 'text/csv': { schema: z.string() } },
        },
        422: problemAnswer('A part of the query cannot be used'),
      },
    }),
    async c => {
      const query = c.req.valid('query')
      const { from, to } = readSpan(query, floor.clock.now(), weekMs)
      const scope = scopeOf(floor.plant, query.scope)
      const divisor = query.divisor ?? kpiRulesOf(floor.plant).failureDivisor
      const [cells, stops] = await Promise.all([
        kpis.cells(scope.machines, from, to),
        kpis.stops(scope.machines, from, to),
      ])
      const timeKey = (machine: string): string =>
        query.by === 'machine' ? machine : query.by === 'type' ? typeOf(machine) : ''
      const times = rollUp(cells, ({ machine }) => timeKey(machine))
      // A failure counts where it began, however long it lasts.
      const failures = stops.filter(stop => isFailure(stop) && stop.from >= from)
      const keyOf = (stop: MachineStop): string =>
        query.by === 'reason' ? stop.reason || 'unqualified' : timeKey(stop.machine)
      const keys = query.by === 'reason' ? new Set(failures.map(keyOf)) : times.keys()
      const items = [...keys].sort().map(key => {
        const own = failures.filter(stop => keyOf(stop) === key)
        const tally = times.get(query.by === 'reason' ? '' : key)
        const { AUPT = 0, PBT = 0 } = tally === undefined ? {} : elementsOf(tally)
        const repairMs = own.reduce((sum, { busyMs }) => sum + busyMs, 0)
        return { key, ...reliabilityOf({ failures: own.length, repairMs, upMs: AUPT, busyMs: PBT }, divisor) }
      })
      const shown = items.map(item => ({
        key: item.key,
        failures: item.failures,
        repairHours: item.repairMs / hourMs,
        upHours: item.upMs / hourMs,
        mtbf: inHours(item.mtbfMs),
        mttf: inHours(item.mttfMs),
        mttr: inHours(item.mttrMs),
        inherentAvailability: item.inherentAvailability,
        operationalAvailability: item.operationalAvailability,
      }))
      if (query.format === 'csv') return csvResponse(tableOf(shown, Object.keys(figures.shape)))
      return c.json({ scope: scope.name, from: iso(from), to: iso(to), divisor, items: shown }, 200)
    },
  )
}

const hourMs = 3_600_000
const inHours = (ms: number | null): number | null => (ms === null ? null : ms / hourMs)
const iso = (time: number): string => new Date(time).toISOString()
