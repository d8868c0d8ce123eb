import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import {
  type ChartPoint,
  capability,
  individuals,
  largestSubgroup,
  pChart,
  runRules,
  subgroups,
  xbarR,
} from '../../workers/kpi/control-chart.js'
import type { Floor, RegisteredSignal } from '../floor/floor.js'
import {
  cycleTimes,
  mostValues,
  rejectsByHour,
  signalValues,
  type TimedValue,
} from '../kpi/process-values.js'
import type { OtherUnit } from '../store/other-units.js'
import type { Store } from '../store/store.js'
import { ApiError } from './api-error.js'
import type { KpiReader } from './context.js'
import { jsonAnswer, problemAnswer, timeSchema } from './router.js'
import { pastQuery, readPastSpan } from './time-span.js'
import { trustShape, watchTrust } from './trust.js'

const shiftMs = 8 * 3_600_000

const chartQuery = z.object({
  machine: z.string().max(64),
  of: z
    .enum(['cycle-time', 'scrap-rate', 'signal'])
    .describe('Seconds a part takes; share of rejects by hour; the values of a signal'),
  signal: z.string().max(200).optional().describe('Id of the signal, where the chart is of one'),
  ...pastQuery('eight hours'),
  size: z.coerce
    .number()
    .int()
    .min(1)
    .max(largestSubgroup)
    .default(1)
    .describe('Values of a subgroup; 1 = individuals. A share has none'),
  lower: z.coerce.number().optional().describe('Lower specification limit, for Cp and Cpk'),
  upper: z.coerce.number().optional().describe('Upper specification limit'),
})

const pointSchema = z.object({
  time: timeSchema.describe(
    'Of the value; of a subgroup, of its last value; of a share, the begin of its hour',
  ),
  value: z.number(),
  centre: z.number(),
  low: z.number(),
  high: z.number(),
  breaks: z
    .array(z.enum(runRules))
    .describe('Rules that show at this point that the process is not in control'),
})
const number = z.number().nullable()
const chartSchema = z
  .object({
    machine: z.string(),
    of: z.string(),
    from: timeSchema,
    to: timeSchema,
    ...trustShape,
    chart: z.enum(['individuals', 'xbar', 'p']),
    points: z.array(pointSchema).describe(`In order of time; of at most ${mostValues} values, the newest`),
    ranges: z.array(pointSchema).describe('Of subgroups; else empty'),
    capability: z
      .object({ cp: number, cpk: number, cm: number, cmk: number })
      .nullable()
      .describe('null = no specification limits were given'),
    flags: z
      .array(z.enum(['rejectsExceedProduced']))
      .describe(
        'Of a share: hours with more rejects than parts, those without any part, which have no point, among them',
      ),
  })
  .openapi('ControlChart')

/** `/api/v1/kpis/control-chart`: whether a process is in control, and capable. */
export function addControlChartRoute(
  router: OpenAPIHono,
  floor: Floor,
  kpis: KpiReader,
  store: Pick<Store, 'query' | 'flush'>,
  inOtherUnits: (of: RegisteredSignal) => readonly OtherUnit[],
): void {
  router.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/kpis/control-chart',
      summary: 'A control chart with run rules, Cp and Cpk: of cycle times, of rejects, or of any signal',
      request: { query: chartQuery },
      responses: {
        200: jsonAnswer(chartSchema, 'The chart'),
        422: problemAnswer('A part of the query cannot be used'),
      },
    }),
    async c => {
      const query = c.req.valid('query')
      const range = readPastSpan(query, floor.clock.now(), shiftMs)
      const machine = floor.registry.machineById(query.machine)
      if (machine === undefined) throw unusable('machine', `there is no machine '${query.machine}'`)
      const limits = limitsOf(query)
      const trust = watchTrust(kpis, [query.machine], range)
      const asked = {
        machine: query.machine,
        of: query.of === 'signal' ? (query.signal ?? '') : query.of,
        from: new Date(range.from).toISOString(),
        to: new Date(range.to).toISOString(),
      }
      if (query.of === 'scrap-rate') {
        const hours = await rejectsByHour(kpis, query.machine, range)
        const samples = hours.filter(({ size }) => size > 0)
        const isOdd = hours.some(({ size, defective }) => defective > size)
        const flags = isOdd ? (['rejectsExceedProduced'] as const).slice() : []
        const points = timed(pChart(samples), samples)
        return c.json(
          { ...asked, ...trust(), chart: 'p' as const, points, ranges: [], capability: null, flags },
          200,
        )
      }
      let read: readonly TimedValue[]
      if (query.of === 'cycle-time') read = await cycleTimes(store, kpis, query.machine, range)
      else {
        const signal = machine.signals.find(each => each.signal.id === query.signal)
        if (signal === undefined || signal.signal.type !== 'number')
          throw unusable('signal', `the machine has no signal '${query.signal ?? ''}' with numbers`)
        read = await signalValues(store, signal.index, range, inOtherUnits(signal))
      }
      const values = read.map(({ value }) => value)
      const able =
        limits === undefined || values.length < 2 ? null : capability(values, ...limits, query.size)
      if (query.size === 1) {
        const points = timed(individuals(values), read)
        return c.json(
          {
            ...asked,
            ...trust(),
            chart: 'individuals' as const,
            points,
            ranges: [],
            capability: able,
            flags: [],
          },
          200,
        )
      }
      const { means, ranges } = xbarR(values, query.size)
      const lasts = subgroups(read, query.size).map(group => group.at(-1)!)
      const groups = { points: timed(means, lasts), ranges: timed(ranges, lasts) }
      return c.json(
        { ...asked, ...trust(), chart: 'xbar' as const, ...groups, capability: able, flags: [] },
        200,
      )
    },
  )
}

/** Points with their times, one for one. */
const timed = (points: readonly ChartPoint[], of: readonly { readonly time: number }[]) =>
  points.map((point, place) => ({
    time: new Date(of[place]!.time).toISOString(),
    ...point,
    breaks: [...point.breaks],
  }))

function limitsOf(query: z.infer<typeof chartQuery>): readonly [number, number] | undefined {
  const { lower, upper } = query
  if (lower === undefined && upper === undefined) return undefined
  if (lower === undefined || upper === undefined || !(lower < upper))
    throw unusable('upper', 'give both limits, the lower one below the upper one')
  return [lower, upper]
}

const unusable = (part: string, message: string): ApiError =>
  new ApiError(422, `The chart cannot be drawn: ${message}.`, {
    errors: [{ path: `query.${part}`, message }],
  })
