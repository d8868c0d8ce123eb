import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { RegisteredSignal } from '../floor/floor.js'
import type { Meaning } from '../floor/registry.js'
import { silenceOf } from '../floor/signal-silence.js'
import type { TableFormat } from '../store/history.js'
import { type OtherUnit, otherUnit } from '../store/other-units.js'
import { ApiError } from './api-error.js'
import type { ApiContext } from './context.js'
import {
  type BucketFunction,
  bucketFunctions,
  type HistoryView,
  historySchema,
  type LeftOut,
  viewNumbers,
  viewTexts,
} from './history-schema.js'
import { problemAnswer } from './router.js'
import { findSignal } from './signals.js'
import { readSpan, type TimeSpan, timeQuery } from './time-span.js'

/** Most and usual number of points of a signal in one answer; what a chart can show, several times over. */
const mostPoints = 5_000
const usualPoints = 500
/** Most signals, and most points of all of them, in one answer. */
const mostSignals = 100
const mostPointsTogether = 100_000
/** Without times the answer is about the last hour of the floor's clock. */
const usualSpanMs = 60 * 60 * 1_000

const historyQuery = z.object({
  ...timeQuery('an hour'),
  points: z.coerce
    .number()
    .int()
    .min(1)
    .max(mostPoints)
    .default(usualPoints)
    .describe('Most points of a signal in the answer'),
  fn: z.enum(bucketFunctions).default('last').describe('Which figure of a stretch is its `value`'),
  format: z
    .enum(['json', 'csv', 'arrow'])
    .optional()
    .describe(
      'Goes before the header Accept; json unless one of them says otherwise. csv and arrow are for numbers',
    ),
})
type HistoryParameters = z.infer<typeof historyQuery>

const severalQuery = historyQuery.extend({
  signals: z
    .string()
    .transform(text => [...new Set(text.split(',').map(id => id.trim()))].filter(id => id !== ''))
    .refine(ids => ids.length > 0, 'names no signal')
    .refine(ids => ids.length <= mostSignals, `more than ${mostSignals} signals; ask several times`)
    .describe('Ids of signals, with commas between them'),
})

const mediaTypes = {
  csv: 'text/csv',
  arrow: 'application/vnd.apache.arrow.stream',
} as const satisfies Record<TableFormat, string>
const file = { schema: z.string().openapi({ format: 'binary' }) }
const tableContent = { [mediaTypes.csv]: file, [mediaTypes.arrow]: file }

const problems = {
  404: problemAnswer('No such signal'),
  422: problemAnswer('A part of the query cannot be used'),
}

/** `/api/v1/signals/{id}/history` and `/api/v1/history`: what signals were. */
export function addHistoryRoutes(router: OpenAPIHono, { floor, store, plants }: ApiContext): void {
  /** One that left the plant has its history all the same. */
  const everSignal = async (id: string): Promise<RegisteredSignal> =>
    floor.registry.signalById(id) ?? (await plants?.signal(id)) ?? findSignal(floor, id)

  /** What signals were in other units: as far as it can be turned into those of now, and the rest. */
  const inOtherUnits = (signals: readonly RegisteredSignal[]) => {
    const others: OtherUnit[] = []
    const rest: { readonly of: RegisteredSignal; readonly meaning: Meaning }[] = []
    for (const of of signals) {
      for (const meaning of plants?.others(of) ?? []) {
        const other = otherUnit(meaning, of.index, of.signal)
        if (other === undefined) rest.push({ of, meaning })
        else others.push(other)
      }
    }
    return { others, rest }
  }

  router.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/signals/{id}/history',
      summary: 'What a signal was: values over time, thinned to what a chart can show; of texts the changes',
      request: { params: z.object({ id: z.string() }), query: historyQuery },
      responses: {
        200: {
          description: 'The history',
          content: { 'application/json': { schema: historySchema }, ...tableContent },
        },
        ...problems,
      },
    }),
    async c => {
      const query = c.req.valid('query')
      const signal = await everSignal(c.req.valid('param').id)
      const times = readSpan(query, floor.clock.now(), usualSpanMs)
      const format = formatOf(query, c.req.header('accept'))
      if (format !== undefined) return table([signal], times, query, format)
      const [history] = await read([signal], times, query)
      return c.json(history!, 200)
    },
  )

  router.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/history',
      summary: 'What several signals were, over the same time',
      request: { query: severalQuery },
      responses: {
        200: {
          description: 'The histories, in the order of asking; as a table a row for each signal and stretch',
          content: {
            'application/json': { schema: z.object({ items: z.array(historySchema) }) },
            ...tableContent,
          },
        },
        ...problems,
      },
    }),
    async c => {
      const query = c.req.valid('query')
      if (query.signals.length * query.points > mostPointsTogether) {
        const message = `${query.signals.length} signals of ${query.points} points are more than ${mostPointsTogether} in one answer`
        throw new ApiError(422, `${message}; ask for fewer points.`, {
          errors: [{ path: 'query.points', message }],
        })
      }
      const signals = await Promise.all(query.signals.map(everSignal))
      const times = readSpan(query, floor.clock.now(), usualSpanMs)
      const format = formatOf(query, c.req.header('accept'))
      if (format !== undefined) return table(signals, times, query, format)
      return c.json({ items: await read(signals, times, query) }, 200)
    },
  )

  async function read(
    signals: readonly RegisteredSignal[],
    times: TimeSpan,
    { points, fn }: { readonly points: number; readonly fn: BucketFunction },
  ): Promise<HistoryView[]> {
    const numbers = signals.filter(({ signal }) => signal.type === 'number')
    const { others, rest } = inOtherUnits(signals)
    const histories =
      numbers.length === 0
        ? []
        : await store.history({
            signals: numbers.map(({ index }) => index),
            ...times,
            points,
            silences: numbers.map(({ signal }) => (signal.period > 0 ? silenceOf(signal) : 0)),
            until: floor.clock.now(),
            others,
          })
    const leftOut = await countOf(rest, times)
    return Promise.all(
      signals.map(async signal => {
        const history = histories.find(each => each.signal === signal.index)
        if (history !== undefined) return viewNumbers(signal, times, history, fn, leftOut(signal))
        return viewTexts(
          signal,
          times,
          await store.textHistory({ signal: signal.index, ...times, limit: points }),
          leftOut(signal),
        )
      }),
    )
  }

  async function countOf(
    rest: ReturnType<typeof inOtherUnits>['rest'],
    times: TimeSpan,
  ): Promise<(signal: RegisteredSignal) => LeftOut[]> {
    if (rest.length === 0) return () => []
    const found = await store.history({
      signals: rest.map(({ meaning }) => meaning.index),
      ...times,
      points: 1,
    })
    const counted = rest.map(each => {
      const buckets = found.find(({ signal }) => signal === each.meaning.index)?.buckets ?? []
      return { ...each, count: buckets.reduce((sum, { count }) => sum + count, 0) }
    })
    return signal => counted.filter(({ of, count }) => of === signal && count > 0)
  }

  async function table(
    signals: readonly RegisteredSignal[],
    times: TimeSpan,
    { points }: HistoryParameters,
    format: TableFormat,
  ): Promise<Response> {
    const text = signals.find(({ signal }) => signal.type === 'text')
    if (text !== undefined) {
      const message = `${text.signal.id} is a text: its changes are there as JSON`
      throw new ApiError(422, `${message}, a table is for numbers.`, {
        errors: [{ path: 'query.format', message }],
      })
    }
    const { others, rest } = inOtherUnits(signals)
    // What cannot be turned has rows of its own, with its unit.
    const kept = rest.filter(({ meaning }) => meaning.type === 'number').map(({ meaning }) => meaning.index)
    const indexes = [...signals.map(({ index }) => index), ...kept]
    const bytes = await store.exportHistory({ signals: indexes, ...times, points, others }, format)
    return new Response(Buffer.from(bytes), { headers: { 'content-type': mediaTypes[format] } })
  }
}

/** Undefined for JSON. */
function formatOf({ format }: HistoryParameters, accept = ''): TableFormat | undefined {
  if (format !== undefined) return format === 'json' ? undefined : format
  const first = accept.split(/[,;]/)[0]?.trim()
  return (Object.keys(mediaTypes) as TableFormat[]).find(each => mediaTypes[each] === first)
}
