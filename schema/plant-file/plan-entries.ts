import { z } from 'zod'
import {
  cycleTime,
  dayRule,
  expecting,
  id,
  idOf,
  idsOf,
  positive,
  text,
  timeOfDay,
  weekday,
} from './entry-rules.js'

const timeSpan = z.strictObject({ start: timeOfDay, end: timeOfDay })

export const shiftEntry = z.strictObject({
  id,
  name: text.optional(),
  site: idOf('site'),
  start: timeOfDay,
  end: timeOfDay,
  days: z.array(weekday, expecting('a list of weekdays', 'write [1, 2, 3, 4, 5]')).min(1, dayRule),
  crew: idOf('crew').optional(),
  breaks: z
    .array(timeSpan, expecting('a list of breaks', 'write [{ start: "09:00", end: "09:15" }]'))
    .optional(),
})
const dateRule = expecting('a date', 'write year, month and day in quotes such as "2026-12-24"')
/** Whether a date, with its time or without, is one of the calendar: there is no 31 February. */
const isDate = (value: string): boolean => {
  const time = Date.parse(value.length === 10 ? `${value}T00:00Z` : `${value}Z`)
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(value)
}
const momentRule = expecting(
  'a date and time',
  'write it in quotes such as "2026-12-24T06:00", in the time of the site',
)
const moment = z
  .string(momentRule)
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d$/, momentRule)
  .refine(isDate, momentRule)
export const calendarExceptionEntry = z.strictObject({
  site: idOf('site'),
  date: z
    .string(dateRule)
    .regex(/^\d{4}-\d\d-\d\d$/, dateRule)
    .refine(isDate, dateRule),
  name: text,
  shifts: idsOf('shift'),
})
export const plannedStopEntry = z.strictObject({ for: id, from: moment, to: moment, name: text })
const peopleRule = expecting('a number of people', 'write a whole number from 1 to 65535')
export const crewEntry = z.strictObject({
  id,
  name: text.optional(),
  site: idOf('site'),
  size: z.int(peopleRule).min(1, peopleRule).max(65_535, peopleRule),
})
export const productEntry = z.strictObject({
  id,
  name: text.optional(),
  category: text.optional(),
  lines: idsOf('line'),
  cycleTimes: z
    .record(
      z.string(),
      cycleTime,
      expecting('a map of cycle times', 'write the id of a line or machine and the seconds per part'),
    )
    .optional(),
})
const partsRule = expecting('a number of parts', 'write a whole number from 1')
export const orderEntry = z.strictObject({
  id,
  line: idOf('line'),
  product: idOf('product'),
  quantity: z.int(partsRule).min(1, partsRule),
  release: moment.optional(),
  due: moment.optional(),
  customer: idOf('customer').optional(),
})
export const customerEntry = z.strictObject({ id, name: text.optional(), products: idsOf('product') })

export const targetEntry = z.strictObject({
  line: idOf('line'),
  shift: idOf('shift').optional(),
  product: idOf('product').optional(),
  parts: positive('a target', 'parts'),
})
