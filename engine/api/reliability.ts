import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { categoryOf } from '../../schema/downtime-reasons.js'
import { kpiRulesOf } from '../../schema/kpi-rules.js'
import { busyWithin } from '../../workers/kpi/busy-within.js'
import { type Failure, failuresOf, type Gap, gapsOf } from '../../workers/kpi/failures.js'
import { elementsOf } from '../../workers/kpi/kpi.js'
import { LedgerSetups } from '../../workers/kpi/machine-plan.js'
import { reliabilityOf } from '../../workers/kpi/reliability.js'
import { rollUp } from '../../workers/kpi/roll-up.js'
import type { Floor } from '../floor/floor.js'
import type { KpiBook } from '../kpi/kpi-book.js'
import type { MachineStop } from '../kpi/stop-rows.js'
import type { KpiReader } from './context.js'
import { csvResponse } from './csv.js'
import { groupBy } from './group-by.js'
import { jsonAnswer, problemAnswer, timeSchema } from './router.js'
import { scopeOf, scopeQuery } from './scope-query.js'
import { pastQuery, readPastSpan } from './time-span.js'
import { trustedTable, trustShape, watchTrust } from './trust.js'

const weekMs = 7 * 24 * 3_600_000
/** So far before and after what is asked for a failure is followed: longer than any weekend. */
const aroundMs = weekMs

const usual = {
  scope: scopeQuery,
  ...pastQuery('a week'),
  format: z.enum(['json', 'csv']).default('json'),
}
const range = { scope: z.string(), from: timeSchema, to: timeSchema, ...trustShape }

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
    .describe(
      'Breakdowns that began in the range, each one until the machine runs again; those for want of material, operator or quality do not count',
    ),
  repairHours: z.number().describe('Of all that failed, what lies in the range'),
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
const isFailure = ({ kind, reason }: Pick<MachineStop, 'kind' | 'reason'>): boolean =>
  kind === 'breakdown' && !notItsFault.has(categoryOf(reason))

/** `/api/v1/kpis/reliability`: how often machines fail, and for how long. */
export function addReliabilityRoutes(router: OpenAPIHono, floor: Floor, kpis: KpiReader): void {
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
      const { from, to } = readPastSpan(query, floor.clock.now(), weekMs)
      const scope = scopeOf(floor.plant, query.scope)
      const trust = watchTrust(kpis, scope.machines, { from, to })
      const divisor = query.divisor ?? kpiRulesOf(floor.plant).failureDivisor
      const [cells, failures] = await Promise.all([
        kpis.cells(scope.machines, from, to),
        readFailures(kpis, scope.machines, from, to),
      ])
      const timeKey = (machine: string): string =>
        query.by === 'machine' ? machine : query.by === 'type' ? typeOf(machine) : ''
      const times = rollUp(cells, ({ machine }) => timeKey(machine))
      const keyOf = ({ machine, reason }: Failure): string =>
        query.by === 'reason' ? reason || 'unqualified' : timeKey(machine)
      const keys = query.by === 'reason' ? new Set(failures.map(keyOf)) : times.keys()
      const items = [...keys].sort().map(key => {
        const own = failures.filter(failure => keyOf(failure) === key)
        const tally = times.get(query.by === 'reason' ? '' : key)
        const { AUPT = 0, PBT = 0 } = tally === undefined ? {} : elementsOf(tally)
        const repairMs = own.reduce((sum, failure) => sum + failure.repairMs, 0)
        const begun = own.filter(failure => failure.from >= from)
        return {
          key,
          ...reliabilityOf({ failures: begun.length, repairMs, upMs: AUPT, busyMs: PBT }, divisor),
        }
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
      if (query.format === 'csv') return csvResponse(trustedTable(shown, Object.keys(figures.shape), trust()))
      const asked = { scope: scope.name, from: iso(from), to: iso(to), ...trust() }
      return c.json({ ...asked, divisor, items: shown }, 200)
    },
  )
}

/** Failures of machines that touch a stretch of time, each with its repair in it. */
async function readFailures(
  kpis: Pick<KpiBook, 'cells' | 'stops' | 'plans'>,
  machines: readonly string[],
  from: number,
  to: number,
): Promise<Failure[]> {
  const stops = await kpis.stops(machines, from - aroundMs, to + aroundMs)
  const setups = new LedgerSetups()
  const byMachine = groupBy(stops, ({ machine }) => machine)
  const calendarOf = (machine: string) => setups.calendarOf(kpis.plans.get(machine)!)
  const gaps = [...byMachine].flatMap(([machine, own]) => gapsOf(own, calendarOf(machine)))
  const ran = await overtimeIn(kpis, gaps)
  return [...byMachine]
    .flatMap(([machine, own]) => {
      const calendar = calendarOf(machine)
      const hasRun = (gap: Gap): boolean => ran.has(textOf(gap))
      return failuresOf(own, calendar, isFailure, hasRun, stop => busyWithin(stop, calendar, from, to))
    })
    .filter(failure => failure.from < to && (failure.from >= from || failure.repairMs > 0))
}

/** Those of the gaps in which the machine produced. Machines of one calendar have the same gaps, read as one. */
async function overtimeIn(kpis: Pick<KpiBook, 'cells'>, gaps: readonly Gap[]): Promise<Set<string>> {
  const ran = new Set<string>()
  for (const same of groupBy(gaps, gap => `${gap.from} ${gap.to}`).values()) {
    const { from, to } = same[0]!
    const asked = same.map(({ machine }) => machine)
    for (const { machine, tally } of await kpis.cells(asked, from, to))
      if (tally.time.overtime > 0) ran.add(textOf({ machine, from, to }))
  }
  return ran
}

const textOf = ({ machine, from, to }: Gap): string => `${machine} ${from} ${to}`

const hourMs = 3_600_000
const inHours = (ms: number | null): number | null => (ms === null ? null : ms / hourMs)
const iso = (time: number): string => new Date(time).toISOString()
