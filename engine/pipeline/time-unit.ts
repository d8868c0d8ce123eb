/** Units that times are told in where they are not read so, in ms. */
const units = { s: 1e3, us: 1e-3, ns: 1e-6 } as const
/** A time that comes as near as this to now in another unit, as a part of now (half a year), was told in that. */
const near = 0.01

/** What to do about a time (read as Unix ms) that is of about now in another unit; undefined where it is not. */
export function timeUnitAdvice(time: number, now: number): string | undefined {
  for (const [unit, ms] of Object.entries(units)) {
    if (Math.abs(time * ms - now) <= near * now)
      return `it is of now if it counts in ${unit}, and was read in ms: set timeUnit: ${unit}, which HTTP and MQTT sources have, or have the source tell milliseconds`
  }
  return undefined
}
