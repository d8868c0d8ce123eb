import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { addEnergy, noEnergy, totalEnergy } from '../../workers/kpi/energy.js'
import { timeClasses } from '../../workers/kpi/time-class.js'
import type { Floor, RegisteredSignal } from '../floor/floor.js'
import { tariffOf } from '../kpi/cost-rates.js'
import { countOf, type EnergyParts, energyTableFor, readEnergy } from '../kpi/energy.js'
import { groupings, keyIn, readKpis } from '../kpi/kpi-query.js'
import { MeterChoice, type MeteredMachine, metersOf } from '../kpi/meters.js'
import type { OtherUnit } from '../store/other-units.js'
import { ApiError } from './api-error.js'
import type { KpiReader } from './context.js'
import { csvResponse } from './csv.js'
import { tellMoney } from './money.js'
import { jsonAnswer, problemAnswer, timeSchema } from './router.js'
import { scopeOf, scopeQuery } from './scope-query.js'
import { pastQuery, readPastSpan } from './time-span.js'
import { type Trust, trustedCsv, trustShape, watchTrust } from './trust.js'

const hourMs = 3_600_000
/** More readings than this take longer than anybody waits. */
const mostReadings = 12_000_000

const energyQuery = z.object({
  scope: scopeQuery,
  ...pastQuery('eight hours'),
  by: z.enum(groupings).default('none').describe('What to group by'),
  format: z.enum(['json', 'csv']).default('json'),
})

const kWh = z.number().describe('kWh')
const itemSchema = z.object({
  key: z.string().describe('Hour or day in ISO 8601, shift, product, order or id; empty for the whole'),
  kWh: z.number().describe('All energy that was measured'),
  classes: z
    .object(
      Object.fromEntries(timeClasses.map(name => [name, kWh])) as Record<
        (typeof timeClasses)[number],
        typeof kWh
      >,
    )
    .describe('By what the time counts as, as in /kpis/oee'),
  states: z.record(z.string(), z.number()).describe('By state (PackML); empty name: before it was told'),
  unattributed: z.number().describe('Used while nobody read the counter and the machine did several things'),
  idleShare: z.number().nullable().describe('Of the energy, what was used while nothing was produced'),
  goodParts: z.number().describe('By machine what it made, else what left the lines'),
  kWhPerGoodPart: z.number().nullable().describe('null = no good part, or nothing was measured'),
  cost: z.number().nullable().describe('null = the plant file says no price'),
  measuredShare: z
    .number()
    .nullable()
    .describe(
      'Of the time of metered machines, that in which they were measured; what was not is not made up',
    ),
})

const energySchema = z
  .object({
    scope: z.string(),
    from: timeSchema,
    to: timeSchema,
    by: z.enum(groupings),
    ...trustShape,
    currency: z.string().nullable(),
    table: z
      .enum(['telemetry', 'telemetry_1m'])
      .describe('Where readings come from: samples, or minutes of them for much or long'),
    meters: z
      .array(z.object({ machine: z.string(), signal: z.string(), kind: z.enum(['power', 'counter']) }))
      .describe('A counter in kWh goes before a signal in kW, unless it has never told a value'),
    unmetered: z.array(z.string()).describe('Machines that have no meter'),
    items: z.array(itemSchema),
  })
  .openapi('Energy')

/** `/api/v1/kpis/energy`: what machines use, and what for. */
export function addEnergyRoute(
  router: OpenAPIHono,
  floor: Floor,
  kpis: KpiReader,
  parts: EnergyParts,
  inOtherUnits: (of: RegisteredSignal) => readonly OtherUnit[],
): void {
  const { plant, registry } = floor
  const metered = new Map(
    registry.machines.map(({ machine, signals }): [string, MeteredMachine[]] => {
      const plan = kpis.plans.get(machine.id)
      const meters = metersOf(plant, machine).flatMap(meter => {
        const found = signals.find(({ signal }) => signal === meter.signal)
        if (plan === undefined || found === undefined) return []
        return [{ plan, meter, signal: found.index, others: inOtherUnits(found) }]
      })
      return [machine.id, meters]
    }),
  )
  const choice = new MeterChoice(parts.store)

  router.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/kpis/energy',
      summary: 'Energy by what machines did with it, per good part, and what it cost',
      request: { query: energyQuery },
      responses: {
        200: {
          ...jsonAnswer(energySchema, 'The energy'),
          content: { ...jsonAnswer(energySchema, '').content, 'text/csv': { schema: z.string() } },
        },
        422: problemAnswer('A part of the query cannot be used'),
      },
    }),
    async c => {
      const query = c.req.valid('query')
      const { from, to } = readPastSpan(query, floor.clock.now(), 8 * hourMs)
      const scope = scopeOf(plant, query.scope)
      const trust = watchTrust(kpis, scope.machines, { from, to })
      const asked = await choice.of(scope.machines.map(machine => metered.get(machine) ?? []))
      const table = energyTableFor(asked, from, to)
      if (countOf(asked, to - from, table === 'telemetry_1m') > mostReadings) {
        throw new ApiError(
          422,
          'That is too much to be added up at once; ask for fewer machines or less time.',
          {
            errors: [{ path: 'query.from', message: `more than about ${mostReadings} readings` }],
          },
        )
      }
      const [energy, groups] = await Promise.all([
        readEnergy(parts, asked, from, to, floor.clock.now()),
        readKpis(plant, kpis, {
          scope,
          from,
          to,
          by: query.by,
          lines: query.by === 'machine' ? 'sum' : 'output',
        }),
      ])
      const good = new Map(groups.map(({ key, elements }) => [key, elements.GQ]))
      const keyOf = keyIn(kpis, query.by)
      const sums = new Map<string, ReturnType<typeof noEnergy> & { cost: number; isPriced: boolean }>()
      const tariffs = new Map<string, ReturnType<typeof tariffOf>>()
      for (const { machine, cells } of energy) {
        const { site, calendar } = kpis.plans.get(machine)!
        const tariff = tariffs.get(site) ?? tariffOf(plant, site, calendar.timeZone)
        tariffs.set(site, tariff)
        for (const cell of cells) {
          const key = keyOf({ ...cell, machine })
          const sum = sums.get(key) ?? { ...noEnergy(), cost: 0, isPriced: true }
          sums.set(key, sum)
          addEnergy(sum, cell)
          const price = tariff(cell.hour)
          sum.isPriced &&= price !== undefined
          sum.cost += (price ?? 0) * totalEnergy(cell)
        }
      }
      const items = [...sums]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, sum]): z.infer<typeof itemSchema> => {
          const total = totalEnergy(sum)
          const known = total - sum.unattributed
          const goodParts = good.get(key) ?? 0
          return {
            key,
            kWh: total,
            classes: sum.byClass,
            states: sum.byState,
            unattributed: sum.unattributed,
            idleShare: known > 0 ? 1 - (sum.byClass.production + sum.byClass.overtime) / known : null,
            goodParts,
            kWhPerGoodPart: goodParts > 0 && sum.measuredMs > 0 ? total / goodParts : null,
            cost: sum.isPriced ? tellMoney(sum.cost) : null,
            measuredShare: sum.totalMs > 0 ? sum.measuredMs / sum.totalMs : null,
          }
        })
      if (query.format === 'csv') return csvResponse(energyCsv(items, trust()))
      const meters = asked.map(({ plan, meter: { kind, signal } }) => ({
        machine: plan.machine,
        signal: signal.id,
        kind,
      }))
      const unmetered = scope.machines.filter(machine => !metered.get(machine)?.length)
      const range = { scope: scope.name, from: iso(from), to: iso(to), by: query.by }
      const currency = plant.costs?.currency ?? null
      return c.json({ ...range, ...trust(), currency, table, meters, unmetered, items }, 200)
    },
  )
}

const iso = (time: number): string => new Date(time).toISOString()

function energyCsv(items: readonly z.infer<typeof itemSchema>[], trust: Trust): string {
  const figures = [
    'kWh',
    'unattributed',
    'idleShare',
    'goodParts',
    'kWhPerGoodPart',
    'cost',
    'measuredShare',
  ] as const
  const rows = items.map(item => [
    item.key,
    ...figures.map(name => item[name]),
    ...timeClasses.map(name => item.classes[name]),
  ])
  return trustedCsv(['key', ...figures, ...timeClasses], rows, trust)
}
