import { z } from 'zod'
import { quantities } from '../plant.js'
import { type LimitName, limitNames } from '../sensor-state.js'
import { vibrationGroups, vibrationSupports } from '../vibration-zones.js'
import { duration, expecting, idOf, notNegative, number, period, positive, text } from './entry-rules.js'
import { oneOf } from './problem.js'

const rangeRule = expecting('a range', 'write [lowest, highest] as two numbers')
const normalRule = expecting('a normal centre and spread', 'write [centre, spread] as two numbers')
const delays = { onDelay: duration.optional(), offDelay: duration.optional() }
const delaysEntry = z.strictObject(delays)
/** Zones of ISO 20816; roman classes are those of ISO 10816-1. */
const vibrationEntry = z.strictObject({
  group: z.union(
    [
      z.literal(1).transform(() => '1' as const),
      z.literal(2).transform(() => '2' as const),
      z.enum(vibrationGroups),
    ],
    expecting('a machine group', `write ${oneOf(vibrationGroups)}`),
  ),
  support: z.enum(vibrationSupports),
  baseline: notNegative.optional(),
})
const limitsEntry = z.strictObject({
  ...(Object.fromEntries(limitNames.map(name => [name, number.optional()])) as Record<
    LimitName,
    z.ZodOptional<typeof number>
  >),
  deadband: notNegative.optional(),
  ...delays,
  delays: z
    .strictObject(
      Object.fromEntries(limitNames.map(name => [name, delaysEntry.optional()])) as Record<
        LimitName,
        z.ZodOptional<typeof delaysEntry>
      >,
    )
    .optional(),
  iso20816: vibrationEntry.optional(),
})
export type LimitsEntry = z.infer<typeof limitsEntry>

/** A sensor or status signal; what it leaves out is inherited, or has a default. */
export const signalEntry = z.strictObject({
  quantity: z.enum(quantities).optional(),
  unit: z.string(expecting('a unit', 'write it as text, in quotes if need be, e.g. "%"')).optional(),
  type: z.enum(['number', 'text']).optional(),
  period: period.optional(),
  range: z.tuple([number, number], rangeRule).optional(),
  resolution: notNegative.optional(),
  limits: limitsEntry.optional(),
  maxRate: positive('a rate of change', 'units per second').optional(),
  normal: z.tuple([number, notNegative], normalRule).optional(),
  map: idOf('state map').optional(),
  tag: text.optional(),
  source: idOf('source').optional(),
})
export type SignalEntry = z.infer<typeof signalEntry>
