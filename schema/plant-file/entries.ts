import { z } from 'zod'
import { type Distribution, distributionProblem, isNothing, meanOf } from '../distribution.js'
import { faultPatternIds } from '../fault-catalogue.js'
import { packmlStates, plantModes, suspendReasons, unitModes } from '../packml.js'
import { archetypes, quantities, timePolicies } from '../plant.js'
import { type LimitName, limitNames } from '../sensor-state.js'
import { vibrationGroups, vibrationSupports } from '../vibration-zones.js'
import { parseDuration, parsePatience, parsePeriod } from './period.js'
import { oneOf } from './problem.js'

/**
 * The entries of a plant file, one schema each. Containers (sites, signals, …) stay unknown here: their entries are
 * read one by one, so that a mistake in one does not hide those in the others.
 *
 * A field's error text has three lines: what the value should have been, what to do about it, and what to do where it
 * is missing.
 */
const expecting = (what: string, fix: string, whenMissing = fix): { error: string } => ({
  error: `${what}\n${fix}\n${whenMissing}`,
})

const idFix =
  'use letters, digits, - and _, beginning with a letter or digit, at most 64 characters; digits alone in quotes'
const idRule = expecting('an id', idFix, 'give it a short id of its own')
const idPattern = /^[A-Za-z0-9][\w-]{0,63}$/
export const id = z.string(idRule).regex(idPattern, idRule)
/** An id of something that is declared elsewhere. */
const idOf = (kind: string) => {
  const rule = expecting('an id', idFix, `add the id of a ${kind}`)
  return z.string(rule).regex(idPattern, rule)
}
const idsOf = (kind: string) =>
  z.array(idOf(kind), expecting('a list of ids', `write the ids of ${kind}s as [first, second]`))

const textRule = expecting(
  'text',
  'write a short text, in quotes where it looks like a number',
  'add a short text',
)
const text = z.string(textRule).trim().min(1, textRule).max(200, textRule)

const positiveRule = (what: string, unit: string) =>
  expecting(what, `write a number of ${unit} greater than 0`)
const positive = (what: string, unit: string) =>
  z.number(positiveRule(what, unit)).positive(positiveRule(what, unit))

/** The longest that one part may be at a machine or on its way, and a machine be worked on, s: 30 days. */
const longestWait = 30 * 86_400
/** Simulated time goes by whole milliseconds. */
const cycleTime = positive('a cycle time', 'seconds')
  .min(
    0.001,
    expecting('a cycle time from 0.001 s', 'write seconds, such as 52; simulated time goes by milliseconds'),
  )
  .max(longestWait, expecting('a cycle time of at most 30 days', 'write seconds, such as 52'))

const numberRule = expecting('a number', 'write a finite number without its unit')
const number = z.number(numberRule)
const notNegativeRule = expecting('a number from 0', 'write 0 or a positive number')
const notNegative = z.number(notNegativeRule).min(0, notNegativeRule)

const periodRule = expecting('a period', 'write 1s, 100ms, 1min or on-change')
const period = z
  .string(periodRule)
  .refine(value => parsePeriod(value) !== undefined, periodRule)
  .transform(value => parsePeriod(value) ?? 0)

const durationRule = expecting('a duration', 'write 10s, 500ms or 2min')
const duration = z
  .string(durationRule)
  .refine(value => parseDuration(value) !== undefined, durationRule)
  .transform(value => parseDuration(value) ?? 0)

const patienceRule = expecting('a time to wait', 'write 30s, 5min or never')
const patience = z
  .string(patienceRule)
  .refine(value => parsePatience(value) !== undefined, patienceRule)
  .transform(value => parsePatience(value) ?? 0)

const timeRule = expecting('a time of day', 'write hours and minutes such as 06:00')
const timeOfDay = z.string(timeRule).regex(/^([01]\d|2[0-3]):[0-5]\d$/, timeRule)

const dayRule = expecting('a weekday', 'write a number from 1 (Monday) to 7 (Sunday)')
const weekday = z.int(dayRule).min(1, dayRule).max(7, dayRule)

/** An IANA name; whether there is such a zone is asked where there is something to suggest. */
const zoneRule = expecting('a time zone', 'write an IANA name such as Europe/Berlin')
const timeZone = z.string(zoneRule)

const unknownList = z.unknown().optional()

export const plantEntry = z.strictObject({
  gemba: z.literal(1, expecting('the version of the file format', 'begin the file with "gemba: 1"')),
  name: text,
  enterprise: text,
  types: unknownList,
  stateMaps: unknownList,
  sources: unknownList,
  sites: unknownList,
  shifts: unknownList,
  products: unknownList,
  customers: unknownList,
  crews: unknownList,
  orders: unknownList,
  calendarExceptions: unknownList,
  plannedStops: unknownList,
  kpis: unknownList,
  targets: unknownList,
  downtimeReasons: unknownList,
  faultReasons: unknownList,
  workOrders: unknownList,
  costs: unknownList,
})

export const siteEntry = z.strictObject({ id, name: text.optional(), timeZone, areas: unknownList })
export const areaEntry = z.strictObject({ id, name: text.optional(), lines: unknownList })
export const lineEntry = z.strictObject({
  id,
  name: text.optional(),
  kind: text.optional(),
  machines: unknownList,
})

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

const flagRule = expecting('true or false', 'write true or false')
const state = z.enum(packmlStates)
const states = z.array(state, expecting('a list of states', 'write e.g. [Idle, Execute]'))
const modesRule = expecting(
  'a map of modes',
  'write each mode with the states it does without, such as "Manual: [Held]"',
)
/** How a machine uses PackML; what it leaves out is as TR88.00.02-2022 comes. */
const packmlEntry = z.strictObject({
  modes: z.record(z.string(), states, modesRule).optional(),
  modeChangeIn: states.optional(),
  holdFrom: states.optional(),
  executeCompletes: z.boolean(flagRule).optional(),
  counterWidth: number.optional(),
})
export type PackmlEntry = z.infer<typeof packmlEntry>

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
const flowEntry = z.strictObject({
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

export const machineTypeEntry = z.strictObject({
  extends: idOf('machine type').optional(),
  name: text.optional(),
  archetype: z.enum(archetypes).optional(),
  ratedPower: positive('a rated power', 'kW').optional(),
  idealCycleTime: cycleTime.optional(),
  period: period.optional(),
  tags: text.optional(),
  packml: packmlEntry.optional(),
  faults: z
    .array(z.enum(faultPatternIds), expecting('a list of faults', 'write e.g. [bearing-failure, tool-wear]'))
    .optional(),
  flow: flowEntry.optional(),
  signals: z.unknown().optional(),
  status: z.unknown().optional(),
})
export type MachineTypeEntry = z.infer<typeof machineTypeEntry>

const sourceRule = expecting('an id', idFix, 'add the id of a source')
/** A source, or `plc-{n}`: the one of the machine's own number. */
const sourceOfMachine = z
  .string(sourceRule)
  .refine(text => idPattern.test(text.replaceAll('{n}', '0')), sourceRule)

const placesRule = expecting('a number of parts', 'write a whole number from 0 to 65535')
const places = z.int(placesRule).min(0, placesRule).max(65_535, placesRule)

const transportTime = notNegative.max(
  longestWait,
  expecting('a way of at most 30 days', 'write the seconds that a part is on its way, such as 30'),
)

export const machineEntry = z.strictObject({
  id: z.string(idRule),
  name: text.optional(),
  type: idOf('machine type'),
  source: sourceOfMachine.optional(),
  feeds: z
    .union(
      [idsOf('machine'), idOf('machine').transform(only => [only])],
      expecting('the id of a machine or a list of ids', 'write feeds: press-02, or feeds: [] for none'),
    )
    .optional(),
  idealCycleTime: cycleTime.optional(),
  buffer: z.strictObject({ capacity: places, transport: transportTime.default(0) }).optional(),
  flow: flowEntry.optional(),
  position: z.strictObject({ x: number, y: number }).optional(),
  period: period.optional(),
  tags: text.optional(),
  packml: packmlEntry.optional(),
  sensors: idsOf('sensor').optional(),
  reports: idsOf('status signal').optional(),
  signals: z.unknown().optional(),
  status: z.unknown().optional(),
})
export type MachineEntry = z.infer<typeof machineEntry>

const adapterRule = expecting('the name of an adapter', 'write e.g. simulator or mtconnect')
const adapterName = z.string(adapterRule).regex(idPattern, adapterRule)

/** Keys that are not listed are options of the adapter, unless there is a map `options`. */
export const sourceEntry = z.looseObject({
  adapter: adapterName,
  clock: z.enum(['wall', 'source']).optional(),
  time: z.enum(timePolicies, expecting('a time policy', `write ${oneOf(timePolicies)}`)).optional(),
  silence: patience.optional(),
  enabled: z.boolean(flagRule).optional(),
  tags: text.optional(),
})

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

/** What a source's word means, written out; the short form is the name of a state or a mode. */
export const meaningEntry = z.strictObject({
  state: z.enum(packmlStates).optional(),
  mode: z.enum([...unitModes, ...plantModes]).optional(),
  reason: z.enum(suspendReasons).optional(),
})

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

export const targetEntry = z.strictObject({
  line: idOf('line'),
  shift: idOf('shift').optional(),
  product: idOf('product').optional(),
  parts: positive('a target', 'parts'),
})

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
