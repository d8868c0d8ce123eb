import { z } from '@hono/zod-openapi'
import { qualityNames } from '../../schema/quality.js'
import type { RegisteredSignal } from '../floor/floor.js'
import type { Meaning } from '../floor/registry.js'
import type { SignalHistory } from '../store/history.js'
import type { TextHistory } from '../store/text-history.js'
import { isoTime, timeSchema } from './router.js'
import type { TimeSpan } from './time-span.js'

export const bucketFunctions = ['last', 'mean', 'min', 'max'] as const
export type BucketFunction = (typeof bucketFunctions)[number]

const span = { id: z.string(), unit: z.string(), from: timeSchema, to: timeSchema }
const number = z.number().nullable()

/** Samples that are in no figure, since nothing turns them into what the signal measures now. */
export interface LeftOut {
  readonly meaning: Meaning
  readonly count: number
}
const leftOut = z
  .array(z.object({ quantity: z.string(), unit: z.string(), count: z.number().int() }))
  .optional()
  .describe(
    'There where the signal had another quantity or unit in the plant file which cannot be turned into that of now: samples of the span that are in none of its points',
  )

const numberHistory = z.object({
  type: z.literal('number'),
  ...span,
  width: z
    .number()
    .describe('Length of the stretch a point stands for, ms; the span may cut the first and the last'),
  table: z
    .enum(['telemetry', 'telemetry_1m'])
    .describe('Where the figures come from: samples, or minutes of them'),
  points: z
    .array(
      z.object({
        time: timeSchema.describe('Start of the stretch'),
        value: number.describe('What `fn` asks for; the last value of the stretch unless told otherwise'),
        last: number,
        min: number,
        max: number,
        mean: number,
        count: z.number().int().describe('Samples in the stretch'),
        badShare: z.number().describe('Share of samples of bad quality, 0 to 1; they count in nothing else'),
      }),
    )
    .describe('Oldest first; a stretch without samples is left out'),
  leftOut,
  gaps: z
    .array(z.object({ from: timeSchema, to: timeSchema }))
    .describe(
      'Where a signal that reports periodically missed three of its periods (by the minute: a whole one), also inside of a stretch; the longest, at most one more than `points`',
    ),
  shorterGaps: z
    .object({ count: z.number().int(), seconds: z.number() })
    .optional()
    .describe('There where that are not all: how many shorter ones there are, and how long these are in all'),
})

const textHistory = z.object({
  type: z.literal('text'),
  ...span,
  points: z
    .array(
      z.object({
        time: timeSchema.describe('From then on'),
        value: z.string().nullable(),
        quality: z.enum(['good', 'uncertain', 'bad']),
      }),
    )
    .describe('The changes of text or quality, oldest first; the first is what held at `from`'),
  leftOut,
  isCut: z.boolean().describe('There were more changes than `points`'),
})

export const historySchema = z.discriminatedUnion('type', [numberHistory, textHistory]).openapi('History')
export type HistoryView = z.infer<typeof historySchema>

export function viewNumbers(
  signal: RegisteredSignal,
  times: TimeSpan,
  history: SignalHistory,
  fn: BucketFunction,
  leftOut: readonly LeftOut[],
): HistoryView {
  const { shorter } = history
  return {
    type: 'number',
    ...spanOf(signal, times),
    ...viewLeftOut(leftOut),
    width: history.width,
    table: history.table,
    points: history.buckets.map(({ start, ...figures }) => ({
      time: timeText(start),
      value: figures[fn],
      ...figures,
    })),
    gaps: history.gaps.map(({ from, to }) => ({ from: timeText(from), to: timeText(to) })),
    ...(shorter.count > 0 && { shorterGaps: { count: shorter.count, seconds: shorter.ms / 1000 } }),
  }
}

export function viewTexts(
  signal: RegisteredSignal,
  times: TimeSpan,
  { changes, isCut }: TextHistory,
  leftOut: readonly LeftOut[],
): HistoryView {
  return {
    type: 'text',
    ...spanOf(signal, times),
    ...viewLeftOut(leftOut),
    points: changes.map(({ time, text, quality }) => ({
      time: timeText(time),
      value: text,
      quality: qualityNames[quality] ?? 'bad',
    })),
    isCut,
  }
}

const viewLeftOut = (left: readonly LeftOut[]) =>
  left.length > 0 && {
    leftOut: left.map(({ meaning: { quantity, unit }, count }) => ({ quantity, unit, count })),
  }

const spanOf = ({ signal }: RegisteredSignal, { from, to }: TimeSpan) => ({
  id: signal.id,
  unit: signal.unit,
  from: timeText(from),
  to: timeText(to),
})

const timeText = (time: number): string => isoTime(time) ?? new Date(Math.max(0, time)).toISOString()
