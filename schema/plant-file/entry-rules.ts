import { z } from 'zod'
import { parseDuration, parsePatience, parsePeriod } from './period.js'

/**
 * What fields of several entries of a plant file have in common. A field's error text has three lines: what the value
 * should have been, what to do about it, and what to do where it is missing.
 */
export const expecting = (what: string, fix: string, whenMissing = fix): { error: string } => ({
  error: `${what}\n${fix}\n${whenMissing}`,
})

export const idFix =
  'use letters, digits, - and _, beginning with a letter or digit, at most 64 characters; digits alone in quotes'
export const idRule = expecting('an id', idFix, 'give it a short id of its own')
export const idPattern = /^[A-Za-z0-9][\w-]{0,63}$/
export const id = z.string(idRule).regex(idPattern, idRule)
/** An id of something that is declared elsewhere. */
export const idOf = (kind: string) => {
  const rule = expecting('an id', idFix, `add the id of a ${kind}`)
  return z.string(rule).regex(idPattern, rule)
}
export const idsOf = (kind: string) =>
  z.array(idOf(kind), expecting('a list of ids', `write the ids of ${kind}s as [first, second]`))

const textRule = expecting(
  'text',
  'write a short text, in quotes where it looks like a number',
  'add a short text',
)
export const text = z.string(textRule).trim().min(1, textRule).max(200, textRule)

const positiveRule = (what: string, unit: string) =>
  expecting(what, `write a number of ${unit} greater than 0`)
export const positive = (what: string, unit: string) =>
  z.number(positiveRule(what, unit)).positive(positiveRule(what, unit))

/** The longest that one part may be at a machine or on its way, and a machine be worked on, s: 30 days. */
export const longestWait = 30 * 86_400
/** Simulated time goes by whole milliseconds. */
export const cycleTime = positive('a cycle time', 'seconds')
  .min(
    0.001,
    expecting('a cycle time from 0.001 s', 'write seconds, such as 52; simulated time goes by milliseconds'),
  )
  .max(longestWait, expecting('a cycle time of at most 30 days', 'write seconds, such as 52'))

const numberRule = expecting('a number', 'write a finite number without its unit')
export const number = z.number(numberRule)
const notNegativeRule = expecting('a number from 0', 'write 0 or a positive number')
export const notNegative = z.number(notNegativeRule).min(0, notNegativeRule)

const periodRule = expecting('a period', 'write 1s, 100ms, 1min or on-change')
export const period = z
  .string(periodRule)
  .refine(value => parsePeriod(value) !== undefined, periodRule)
  .transform(value => parsePeriod(value) ?? 0)

const durationRule = expecting('a duration', 'write 10s, 500ms or 2min')
export const duration = z
  .string(durationRule)
  .refine(value => parseDuration(value) !== undefined, durationRule)
  .transform(value => parseDuration(value) ?? 0)

const patienceRule = expecting('a time to wait', 'write 30s, 5min or never')
export const patience = z
  .string(patienceRule)
  .refine(value => parsePatience(value) !== undefined, patienceRule)
  .transform(value => parsePatience(value) ?? 0)

const timeRule = expecting('a time of day', 'write hours and minutes such as 06:00')
export const timeOfDay = z.string(timeRule).regex(/^([01]\d|2[0-3]):[0-5]\d$/, timeRule)

export const dayRule = expecting('a weekday', 'write a number from 1 (Monday) to 7 (Sunday)')
export const weekday = z.int(dayRule).min(1, dayRule).max(7, dayRule)

/** An IANA name; whether there is such a zone is asked where there is something to suggest. */
const zoneRule = expecting('a time zone', 'write an IANA name such as Europe/Berlin')
export const timeZone = z.string(zoneRule)

export const unknownList = z.unknown().optional()

export const flagRule = expecting('true or false', 'write true or false')
