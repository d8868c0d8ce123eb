import { z } from 'zod'
import { expecting, idsOf, notNegative, positive, text } from './entry-rules.js'

/** How figures are counted; see kpi-rules. */
export const kpiRulesEntry = z.strictObject({
  breakdownFrom: positive('a length of time', 'seconds').optional(),
  warmUp: notNegative.optional(),
  unknownTime: z.enum(['excluded', 'loss']).optional(),
  reasonFrom: positive('a length of time', 'seconds').optional(),
  reasonWithin: positive('a length of time', 'seconds').optional(),
  failureDivisor: z.enum(['FE', 'FE+1']).optional(),
})
export const reasonCodesEntry = idsOf('reason')
export const reasonWordsEntry = z.record(
  z.string(),
  text,
  expecting(
    'a map of words',
    "write each of the source's words with its reason, such as E101: mechanical/bearing",
  ),
)

const moneyRule = expecting('an amount of money', 'write a number from 0, without its currency')
const money = z.number(moneyRule).min(0, moneyRule)
const moneyById = z.record(
  z.string(),
  money,
  expecting('a map of amounts', 'write each id with its amount, such as "line-1: 900"'),
)
const hourRule = expecting('a full hour', 'write it as HH:00, such as "06:00"')
const fullHour = z.string(hourRule).regex(/^([01]\d|2[0-3]):00$/, hourRule)
/** The hours of the day from one to another, over midnight as well; the same twice is all of the day. */
const hoursOf = ({ start, end }: { start: string; end: string }): number[] => {
  const first = Number.parseInt(start, 10)
  const count = (Number.parseInt(end, 10) - first + 24) % 24 || 24
  return Array.from({ length: count }, (_, place) => (first + place) % 24)
}
const timedTariff = z
  .strictObject({
    price: money,
    times: z.array(z.strictObject({ start: fullHour, end: fullHour, price: money })).min(1),
  })
  .refine(
    ({ times }) => {
      const hours = times.flatMap(hoursOf)
      return new Set(hours).size === hours.length
    },
    expecting('a tariff with one price for each hour', 'let no two of its times overlap'),
  )
const tariff = z.union([money, timedTariff])
const currencyRule = expecting('a currency', 'write its three letters, such as EUR')
export const costsEntry = z.strictObject({
  currency: z
    .string(currencyRule)
    .regex(/^[A-Z]{3}$/, currencyRule)
    .optional(),
  labourRate: money.optional(),
  material: moneyById.optional(),
  downtime: moneyById.optional(),
  energy: z.union([tariff, z.record(z.string(), tariff)], moneyRule).optional(),
})
