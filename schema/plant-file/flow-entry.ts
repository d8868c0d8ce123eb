import { z } from 'zod'
import { type Distribution, distributionProblem, isNothing, meanOf } from '../distribution.js'
import { expecting, flagRule, idOf, longestWait, number } from './entry-rules.js'

const lengthRule = expecting(
  'a length of time',
  'write seconds, or how they are drawn, such as { kind: lognormal, mean: 90, deviation: 80 }',
)
const drawn = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('constant'), value: number }),
  z.strictObject({ kind: z.literal('uniform'), low: number, high: number }),
  z.strictObject({ kind: z.literal('exponential'), mean: number }),
  z.strictObject({ kind: z.literal('weibull'), scale: number, shape: number }),
  z.strictObject({ kind: z.literal('lognormal'), mean: number, deviation: number }),
  z.strictObject({ kind: z.literal('normal'), mean: number, deviation: number }),
  z.strictObject({ kind: z.literal('geometric'), step: number, mean: number }),
  z.strictObject({ kind: z.literal('empirical'), values: z.array(number) }),
])
/** A number of seconds, or a distribution of them. */
const length = z
  .union([number.transform((value): Distribution => ({ kind: 'constant', value })), drawn], lengthRule)
  .superRefine((given, context) => {
    const problem = distributionProblem(given)
    if (problem === undefined) return
    context.addIssue({ code: 'custom', message: `${lengthRule.error.replace('\n', `: ${problem}\n`)}` })
  })
/** One that may not be nothing: what comes again after it would never let time go on. */
const lengthAboveNothing = length.refine(given => !isNothing(given), {
  error: expecting(
    'a length of time from 0.001 s',
    'write seconds, such as 9.2; simulated time goes by milliseconds',
  ).error,
})
const endsInTime = (given: Distribution): boolean => !(meanOf(given) > longestWait)
const endsInTimeRule = {
  error: expecting('a length of time of at most 30 days on average', 'write seconds, such as 900').error,
}
const shareRule = expecting('a share', 'write a number from 0 to 1, such as 0.02')
const share = z.number(shareRule).min(0, shareRule).max(1, shareRule)
/** How a machine works where it is simulated; see MachineFlow. */
export const flowEntry = z.strictObject({
  cycle: lengthAboveNothing.refine(endsInTime, endsInTimeRule).optional(),
  blocking: z.enum(['after-service', 'before-service']).optional(),
  scrap: share.optional(),
  rework: z.strictObject({ share, to: idOf('machine') }).optional(),
  failures: z
    .array(
      z.strictObject({
        every: lengthAboveNothing,
        repair: length.refine(endsInTime, endsInTimeRule),
        clock: z.enum(['operating', 'calendar']).default('operating'),
        state: z.enum(['Held', 'Aborted']).default('Aborted'),
        scrapsPart: z.boolean(flagRule).default(false),
        crew: idOf('crew').optional(),
      }),
      expecting('a list of failures', 'write e.g. [{ every: 28800, repair: 900 }], or [] for none'),
    )
    .optional(),
  changeovers: z
    .array(
      z.strictObject({
        from: idOf('product').optional(),
        to: idOf('product').optional(),
        time: length.refine(endsInTime, endsInTimeRule),
      }),
      expecting('a list of changeovers', 'write e.g. [{ from: bolt, to: nut, time: 600 }, { time: 1200 }]'),
    )
    .optional(),
  operator: idOf('crew').optional(),
  worksThroughBreaks: z.boolean(flagRule).optional(),
  patience: length.optional(),
})
