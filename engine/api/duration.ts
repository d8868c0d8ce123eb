import { z } from '@hono/zod-openapi'
import { parsePeriod } from '../../schema/plant-file/period.js'

const longest = 10 * 366 * 86_400_000
const iso = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/
const isoUnits = [7 * 86_400_000, 86_400_000, 3_600_000, 60_000, 1000]

/** Milliseconds of a duration as people write it: `90s`, `4h`, or ISO 8601 (`PT90S`, `P7D`); undefined where it is none. */
function parseDuration(text: string): number | undefined {
  const match = iso.exec(text)
  if (match !== null) {
    return isoUnits.reduce((sum, unit, i) => sum + unit * Number(match[i + 1] ?? 0), 0)
  }
  const ms = parsePeriod(text)
  return ms === 0 ? undefined : ms
}

/** Most that a sample may be late, or a clock be off, ms. */
const furthest = 366 * 86_400_000

/** How far a time is off, either way: ms as a number, or a text such as `20s` and `-10min`; at most a year. */
export const shiftSchema = z
  .union([z.number(), z.string().max(100)])
  .transform((value, context) => {
    const isBehind = typeof value === 'string' && value.startsWith('-')
    const ms =
      typeof value === 'number'
        ? value
        : (parseDuration(isBehind ? value.slice(1) : value) ?? Number.NaN) * (isBehind ? -1 : 1)
    if (Math.abs(ms) <= furthest) return ms
    const message = Number.isNaN(ms)
      ? `"${value}" is no shift; write milliseconds as a number, or 20s, -10min, PT20S`
      : `a shift of ${value} cannot be; it is at most a year`
    context.addIssue({ code: 'custom', message })
    return z.NEVER
  })
  .openapi({
    type: 'string',
    description: 'Milliseconds as a number, or a text: 20s, -10min, or ISO 8601 (PT20S)',
    examples: ['20s', '-10min', 20_000],
  })

/** A length of time in a request: ms as a number, or a text; more than nothing, and less than ten years. */
export const durationSchema = z
  .union([z.number(), z.string().max(100)])
  .transform((value, context) => {
    const ms = typeof value === 'number' ? value : (parseDuration(value) ?? Number.NaN)
    if (ms > 0 && ms <= longest) return ms
    const message = Number.isNaN(ms)
      ? `"${value}" is no duration; write milliseconds as a number, or 90s, 4h, PT90S, P7D`
      : `a duration of ${value} cannot be; it is more than 0 and at most ten years`
    context.addIssue({ code: 'custom', message })
    return z.NEVER
  })
  .openapi({
    type: 'string',
    description: 'Milliseconds as a number, or a text: 90s, 4h, or ISO 8601 (PT90S, P7D); more than 0',
    examples: ['4h', 'PT30M', 90_000],
  })
